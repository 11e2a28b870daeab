/** What must agree inside a plan: every name that is used exists, times run forward, somebody can be reached. */
import { didYouMean, type Path, type Problem, type Reading } from '../config-file/index.js';
import type { Plan, Target } from './plan.js';
import { instantOfText } from './schedule.js';
import { Temporal } from './time.js';

type Say = Pick<Reading<Plan>, 'error' | 'warning'>;

export function checkPlan(plan: Plan, say: Say): Problem[] {
  const problems: Problem[] = [];
  const known = (kind: string, names: readonly string[], path: Path, found: string | undefined) => {
    if (found === undefined || names.includes(found)) return;
    const listed = names.length > 0 ? `one of ${names.join(', ')}` : 'one, and the plan has none';
    problems.push(say.error(path, `found the ${kind} "${found}", wanted ${listed}${didYouMean(found, names)}`));
  };
  const responders = Object.keys(plan.responders);
  const policies = [...Object.keys(plan.escalation_policies), 'none'];

  if (responders.length === 0) problems.push(say.error(['responders'], 'found nobody, wanted one responder at least'));
  known('responder', responders, ['fallback'], plan.fallback);
  known('responder', responders, ['synthetic', 'responder'], plan.synthetic?.responder);

  for (const [severity, demand] of Object.entries(plan.severities)) {
    if (!demand) continue;
    known('escalation policy', policies, ['severities', severity, 'policy'], demand.policy);
    demand.stakeholders.forEach((one, index) =>
      known('stakeholder', Object.keys(plan.stakeholders), ['severities', severity, 'stakeholders', index], one),
    );
    demand.tasks.forEach((task, index) =>
      known('role', demand.roles, ['severities', severity, 'tasks', index, 'role'], task.role),
    );
  }
  plan.routes.forEach((route, index) =>
    known('escalation policy', policies, ['routes', index, 'policy'], route.policy),
  );
  for (const severity of ['SEV1', 'SEV2'] as const) {
    if (!plan.severities[severity]?.policy && plan.routes.every(({ match }) => Object.keys(match).length > 0)) {
      problems.push(
        say.warning(
          ['severities', severity],
          `${severity} has no escalation policy: what no route matches pages nobody`,
        ),
      );
    }
  }

  for (const [name, policy] of Object.entries(plan.escalation_policies)) {
    policy.steps.forEach((step, index) => {
      step.tell.forEach((target, place) => {
        const path = ['escalation_policies', name, 'steps', index, 'tell', place];
        const { kind, found } = named(target);
        known(kind, kind === 'responder' ? responders : Object.keys(plan.schedules), [...path, kind], found);
      });
      if (step.wait !== undefined && step.wait < 10_000) {
        problems.push(
          say.error(['escalation_policies', name, 'steps', index, 'wait'], 'found less than 10s, wanted at least 10s'),
        );
      }
    });
  }

  for (const [name, responder] of Object.entries(plan.responders)) {
    const contacts = responder.contacts.map((contact) => contact.name);
    contacts.forEach((contact, index) => {
      if (contacts.indexOf(contact) < index) {
        problems.push(
          say.error(
            ['responders', name, 'contacts', index, 'name'],
            `found the contact "${contact}" a second time, wanted it once`,
          ),
        );
      }
    });
    responder.rules.forEach((rule, index) =>
      rule.tell.forEach((one, place) =>
        known('contact', contacts, ['responders', name, 'rules', index, 'tell', place], one.contact),
      ),
    );
    if (!responder.contacts.some(({ verified }) => verified)) {
      problems.push(say.warning(['responders', name], `${name} has no verified contact method`));
    }
  }

  for (const [name, schedule] of Object.entries(plan.schedules)) {
    schedule.layers.forEach((layer, index) => {
      const path: Path = ['schedules', name, 'layers', index];
      layer.responders.forEach((one, place) => known('responder', responders, [...path, 'responders', place], one));
      for (const field of ['starts', 'ends'] as const) {
        const text = layer[field];
        if (text !== undefined && !isDate(text))
          problems.push(say.error([...path, field], `found "${text}", wanted a day of the calendar`));
      }
    });
    schedule.overrides.forEach((override, index) => {
      const path: Path = ['schedules', name, 'overrides', index];
      known('responder', responders, [...path, 'responder'], override.responder);
      problems.push(...forward(say, path, override.from, override.to, schedule.zone));
    });
  }
  plan.silences.forEach((silence, index) => {
    if (silence.from !== undefined)
      problems.push(...forward(say, ['silences', index], silence.from, silence.to, plan.zone));
    if (Object.keys(silence.match).length === 0) {
      problems.push(
        say.error(
          ['silences', index, 'match'],
          'found nothing to match, wanted one field at least: it would silence everything',
        ),
      );
    }
  });
  plan.maintenance.forEach((window, index) => {
    const path: Path = ['maintenance', index];
    if (
      window.weekly
        ? window.from !== undefined || window.to !== undefined
        : window.from === undefined || window.to === undefined
    ) {
      problems.push(say.error(path, 'wanted either weekly, or both from and to'));
    } else if (window.from !== undefined && window.to !== undefined) {
      problems.push(...forward(say, path, window.from, window.to, window.zone ?? plan.zone));
    }
  });
  return problems;
}

function named(target: Target): { kind: 'responder' | 'schedule'; found: string } {
  return 'responder' in target
    ? { kind: 'responder', found: target.responder }
    : { kind: 'schedule', found: target.schedule };
}

function isDate(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() === text;
  } catch {
    return false;
  }
}

function forward(say: Say, path: Path, from: string, to: string, timeZone: string): Problem[] {
  const times = [from, to].map((text) => {
    try {
      return instantOfText(text, timeZone);
    } catch {
      return undefined;
    }
  });
  const [start, end] = times;
  if (start === undefined) return [say.error([...path, 'from'], `found "${from}", wanted a time of the calendar`)];
  if (end === undefined) return [say.error([...path, 'to'], `found "${to}", wanted a time of the calendar`)];
  return start < end ? [] : [say.error([...path, 'to'], `found "${to}", wanted a time after ${from}`)];
}
