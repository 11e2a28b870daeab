/** Is an incident's page held back now? By a silence, a maintenance window, a graver incident of the same cause, or a group's first page. */
import { fieldOf, matches, type PagedIncident } from './match.js';
import type { Match, Plan } from './plan.js';
import { allowed, instantOfText } from './schedule.js';

/** A silence made while running; those of the plan file have the same effect. */
export interface Silence {
  readonly id: string;
  readonly match: Match;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  readonly by: string;
}

/** An incident whose escalation is not over: what inhibition and grouping compare with. */
export interface OpenPage {
  readonly incident: PagedIncident;
  /** False for one that is itself held back: it can lead no group. */
  readonly paging: boolean;
}

export interface Hold {
  readonly kind: 'silenced' | 'maintenance' | 'inhibited' | 'grouped';
  /** When to look again. */
  readonly until: number;
  /** For the timeline. */
  readonly why: string;
  /** The incident that pages in its stead. */
  readonly leader?: string;
}

/** Inhibition and grouping end when the other incident does; it is looked at again each minute. */
const lookAgain = 60_000;

export function holdOf(
  incident: PagedIncident,
  plan: Plan,
  silences: readonly Silence[],
  open: readonly OpenPage[],
  now: number,
): Hold | undefined {
  const silence = [...planSilences(plan), ...silences].find(
    (one) => now >= one.from && now < one.to && matches(one.match, incident),
  );
  if (silence) {
    return {
      kind: 'silenced',
      until: silence.to,
      why: `silenced by ${silence.by} until ${text(silence.to)}: ${silence.reason}`,
    };
  }
  for (const window of plan.maintenance) {
    const zone = window.zone ?? plan.zone;
    if (!matches(window.match, incident)) continue;
    if (window.weekly && allowed(window.weekly, now, zone)) {
      return { kind: 'maintenance', until: now + lookAgain, why: `maintenance "${window.name}"` };
    }
    if (window.from === undefined || window.to === undefined) continue;
    const to = instantOfText(window.to, zone);
    if (now >= instantOfText(window.from, zone) && now < to) {
      return { kind: 'maintenance', until: to, why: `maintenance "${window.name}" until ${text(to)}` };
    }
  }
  for (const rule of plan.inhibition) {
    if (!matches(rule.target, incident)) continue;
    const source = open.find(
      (other) =>
        other.incident.id !== incident.id &&
        matches(rule.source, other.incident) &&
        alike(rule.equal, other.incident, incident),
    );
    if (source) {
      return {
        kind: 'inhibited',
        until: now + lookAgain,
        why: `incident ${source.incident.number} is open and covers it`,
        leader: source.incident.id,
      };
    }
  }
  for (const group of plan.grouping) {
    if (!matches(group.match, incident)) continue;
    const leader = open.find(
      (other) =>
        other.paging &&
        other.incident.id !== incident.id &&
        incident.openedAt - other.incident.openedAt < group.within &&
        incident.openedAt >= other.incident.openedAt &&
        matches(group.match, other.incident) &&
        alike(group.by, other.incident, incident),
    );
    if (leader) {
      return {
        kind: 'grouped',
        until: now + lookAgain,
        why: `grouped with incident ${leader.incident.number} by ${group.by.join(', ')}`,
        leader: leader.incident.id,
      };
    }
  }
  return undefined;
}

function planSilences(plan: Plan): Silence[] {
  return plan.silences.map((one, index) => ({
    id: one.id ?? `plan-${index + 1}`,
    match: one.match,
    from: one.from === undefined ? -Infinity : instantOfText(one.from, plan.zone),
    to: instantOfText(one.to, plan.zone),
    reason: one.reason,
    by: one.by,
  }));
}

function alike(fields: readonly string[], one: PagedIncident, other: PagedIncident): boolean {
  return fields.every((field) => fieldOf(one, field) === fieldOf(other, field));
}

const text = (at: number): string => new Date(at).toISOString();
