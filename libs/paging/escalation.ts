/**
 * Who is told next, and when? An escalation is an incident's way through the steps of its policy, one round at a time;
 * its due time is a row, and what happens then is decided here from that row and the plan stamped on it alone.
 */
import type { PagedIncident } from './match.js';
import { matches } from './match.js';
import type { ChannelName, Contact, EscalationPolicy, Plan, Severity, Target } from './plan.js';
import { allowed, onCall } from './schedule.js';
import type { Hold } from './silence.js';

export const escalationStates = [
  'paging',
  'held',
  'acknowledged',
  'snoozed',
  'told',
  'exhausted',
  'resolved',
  'merged',
] as const;
/** told: its policy asks nobody to acknowledge; exhausted: every step was told and nobody answered. */
export type EscalationState = (typeof escalationStates)[number];

export interface Escalation {
  readonly incident: PagedIncident;
  /** Name of the escalation policy, in the plan stamped at birth. */
  readonly policy: string;
  /** From 1; a new one voids the acknowledge links of the last. */
  readonly round: number;
  /** Steps told in this round, repeats counted on. */
  readonly step: number;
  readonly state: EscalationState;
  readonly dueAt?: number;
  /** Responders it was reassigned to: they stand before the policy's own steps. */
  readonly assigned: readonly string[];
  /** Told once and not again: the news is old. */
  readonly once: boolean;
}

/** One person to be told by one contact method at a time. */
export interface Notice {
  readonly responder: string;
  readonly contact: string;
  readonly channel: ChannelName;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Step {
  readonly kind: 'tell' | 'hold' | 'exhausted';
  readonly round: number;
  readonly step: number;
  readonly state: EscalationState;
  readonly dueAt?: number;
  readonly notices: readonly Notice[];
  /** For the timeline: what is done and why. */
  readonly what: string;
  readonly why?: string;
}

const defaultWait = 300_000;
/** Older news pages once and says how late it is. */
export const oldNews = 3_600_000;

/** The escalation policy of an incident, or undefined where it is only listed. */
export function policyOf(incident: PagedIncident, plan: Plan): string | undefined {
  if ((incident.purpose ?? 'production') !== 'production' && plan.non_production === 'list') return undefined;
  const name =
    plan.routes.find(({ match }) => matches(match, incident))?.policy ?? plan.severities[incident.severity]?.policy;
  return name === undefined || name === 'none' || !plan.escalation_policies[name] ? undefined : name;
}

/** The severity of a finding's level, by the plan's rubric. */
export function severityOf(level: 'low' | 'medium' | 'high' | 'critical', plan: Plan): Severity {
  return plan.rubric[level];
}

/** How a new incident's escalation begins; undefined where the plan tells nobody. Its first step is due at once. */
export function beginEscalation(incident: PagedIncident, plan: Plan, now: number, round = 1): Escalation | undefined {
  const policy = policyOf(incident, plan);
  if (policy === undefined) return undefined;
  const once = incident.eventAt !== undefined && incident.openedAt - incident.eventAt > oldNews;
  return { incident, policy, round, step: 0, state: 'paging', dueAt: now, assigned: [], once };
}

/**
 * What is due at `now`, or undefined where nothing is. `hold` is what holds a first page back (silence.ts); a step that
 * finds nobody is passed over at once.
 */
export function nextStep(escalation: Escalation, plan: Plan, now: number, hold?: Hold): Step | undefined {
  if (escalation.dueAt === undefined || escalation.dueAt > now) return undefined;
  switch (escalation.state) {
    case 'paging':
    case 'held':
      return climb(escalation, plan, now, hold);
    case 'acknowledged': {
      const why = 'acknowledged, and no update since';
      return climb({ ...escalation, round: escalation.round + 1, step: 0 }, plan, now, undefined, why);
    }
    case 'snoozed':
      return climb({ ...escalation, round: escalation.round + 1, step: 0 }, plan, now, hold, 'the snooze is over');
    case 'told':
    case 'exhausted':
    case 'resolved':
    case 'merged':
      return undefined;
  }
}

function climb(escalation: Escalation, plan: Plan, now: number, hold: Hold | undefined, why?: string): Step {
  const { round, incident } = escalation;
  if (hold && escalation.step === 0) {
    return {
      kind: 'hold',
      round,
      step: 0,
      state: 'held',
      dueAt: Math.max(hold.until, now + 1_000),
      notices: [],
      what: 'page held back',
      why: hold.why,
    };
  }
  const policy = plan.escalation_policies[escalation.policy];
  const ladder = policy ? rungs(policy, escalation) : [];
  const passed: string[] = [];
  for (let step = escalation.step; step < ladder.length; step++) {
    const rung = ladder[step];
    if (!rung) break;
    const { notices, missing } = tell(rung.tell, plan, incident.severity, now, policy?.only_channels);
    passed.push(...missing);
    if (notices.length === 0) continue;
    const last = step === ladder.length - 1;
    const asks = policy?.acknowledge !== false && !escalation.once;
    const wait = rung.wait ?? plan.severities[incident.severity]?.acknowledge_within ?? defaultWait;
    return {
      kind: 'tell',
      round,
      step: step + 1,
      state: last && !asks ? 'told' : 'paging',
      ...(!(last && !asks) && { dueAt: now + wait }),
      notices,
      what: `round ${round}, step ${step + 1}: tells ${listOf(notices)}`,
      ...reason([why, ...passed]),
    };
  }
  const fallback =
    plan.fallback === undefined ? [] : tell([{ responder: plan.fallback }], plan, incident.severity, now).notices;
  const told = fallback.length > 0 ? `; tells the fallback, ${listOf(fallback)}` : '';
  return {
    kind: 'exhausted',
    round,
    step: ladder.length + 1,
    state: 'exhausted',
    notices: fallback,
    what: `round ${round}: every step is exhausted and nobody acknowledged${told}`,
    ...reason([why, ...passed]),
  };
}

interface Rung {
  readonly tell: readonly Target[];
  readonly wait?: number;
}

function rungs(policy: EscalationPolicy, { assigned, once }: Escalation): readonly Rung[] {
  const first: Rung[] = assigned.length > 0 ? [{ tell: assigned.map((responder) => ({ responder })) }] : [];
  if (once) return [...first, ...policy.steps].slice(0, 1);
  const repeats = policy.acknowledge ? policy.repeat : 0;
  return [...first, ...Array.from({ length: repeats + 1 }, () => policy.steps).flat()];
}

/** The notices of a step, each contact once, and who of it could not be found. */
export function tell(
  targets: readonly Target[],
  plan: Plan,
  severity: Severity,
  now: number,
  onlyChannels?: readonly ChannelName[],
): { notices: Notice[]; missing: string[] } {
  const missing: string[] = [];
  const names = new Set<string>();
  for (const target of targets) {
    if ('responder' in target) names.add(target.responder);
    else {
      const schedule = plan.schedules[target.schedule];
      const found = schedule && onCall(schedule, now).responder;
      if (found === undefined) missing.push(`nobody is on call in ${target.schedule}`);
      else names.add(found);
    }
  }
  const notices = [...names].flatMap((name) => {
    const told = noticesOf(name, plan, severity, now, onlyChannels);
    if (told.length === 0) missing.push(`${name} has no contact method for this`);
    return told;
  });
  return { notices, missing };
}

/** By which contacts one responder is told, by the first personal rule that fits; verified methods before others. */
function noticesOf(name: string, plan: Plan, severity: Severity, now: number, only?: readonly ChannelName[]): Notice[] {
  const responder = plan.responders[name];
  if (!responder) return [];
  const usable = contactsOf(responder.contacts, only);
  const rule = responder.rules.find(
    ({ severities, hours }) =>
      (severities?.includes(severity) ?? true) && allowed(hours ?? [], now, responder.zone ?? plan.zone),
  );
  const first = usable[0];
  const wanted = rule?.tell ?? (first ? [{ contact: first.name, after: 0 }] : []);
  const told = wanted.flatMap(({ contact, after }) => {
    const found = usable.find((one) => one.name === contact);
    return found ? [{ responder: name, contact, channel: found.channel, at: now + after }] : [];
  });
  // A rule that says "tell nothing" is obeyed; one whose contacts cannot be used falls back on what can.
  if (told.length > 0 || !first || (rule && rule.tell.length === 0)) return told;
  return [{ responder: name, contact: first.name, channel: first.channel, at: now }];
}

function contactsOf(contacts: readonly Contact[], only?: readonly ChannelName[]): readonly Contact[] {
  const fit = contacts.filter(({ channel }) => only?.includes(channel) ?? true);
  const verified = fit.filter((contact) => contact.verified);
  return verified.length > 0 ? verified : fit;
}

/** The contact that stands in for those of `used` that failed; undefined where none is left. */
export function failover(plan: Plan, responder: string, used: readonly string[], policy?: string): Contact | undefined {
  const only = policy === undefined ? undefined : plan.escalation_policies[policy]?.only_channels;
  return contactsOf(plan.responders[responder]?.contacts ?? [], only).find(({ name }) => !used.includes(name));
}

/** When an acknowledged incident is paged again unless somebody writes an update; undefined for never. */
export function forgottenAt(severity: Severity, plan: Plan, lastUpdate: number): number | undefined {
  const every = plan.severities[severity]?.update_every;
  return every ? lastUpdate + every : undefined;
}

function listOf(notices: readonly Notice[]): string {
  return notices.map(({ responder, contact }) => `${responder} by ${contact}`).join(', ');
}

function reason(parts: readonly (string | undefined)[]): { why?: string } {
  const why = [...new Set(parts.filter((part) => part !== undefined))].join('; ');
  return why === '' ? {} : { why };
}
