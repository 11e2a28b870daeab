/** From a decided step to the rows that tell it: one notification a person and method, and the timeline's entry. */
import type { Incident, NewTimelineEntry } from '../incidents/index.js';
import type { Escalation, Step } from './escalation.js';
import type { PagedIncident } from './match.js';
import type { NotificationKind } from './notification.js';
import { rankOf, type ChannelName, type Plan } from './plan.js';

/** A notification to be written; its id follows from the rest. */
export interface NewNotification {
  readonly kind: NotificationKind;
  readonly incident?: string;
  readonly round: number;
  readonly step: number;
  readonly responder: string;
  readonly contact: string;
  readonly channel: ChannelName;
  readonly plan: string;
  /** 1 to 4. */
  readonly severity: number;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
  /** What it says beside its incident: an update's text, a check's address. */
  readonly said?: object;
}

export function notificationsOf({ incident }: Escalation, step: Step, plan: string): NewNotification[] {
  return step.notices.map(({ responder, contact, channel, at }) => ({
    kind: step.kind === 'exhausted' ? 'fallback' : 'page',
    incident: incident.id,
    round: step.round,
    step: step.step,
    responder,
    contact,
    channel,
    plan,
    severity: rankOf(incident.severity),
    dueAt: at,
  }));
}

/** Stakeholders of the incident's severity, told by their first contact; `said` tells which of their messages it is. */
export function stakeholderNotices(
  incident: PagedIncident,
  plan: Plan,
  hash: string,
  now: number,
  said: 'opened' | 'update' | 'resolved',
  round: number,
  text?: string,
): NewNotification[] {
  return (plan.severities[incident.severity]?.stakeholders ?? []).flatMap((name) => {
    const contact = plan.stakeholders[name]?.contacts[0];
    if (!contact) return [];
    return [
      {
        kind: 'update' as const,
        incident: incident.id,
        round,
        // Each update is a message of its own: the second of the day's clock stands in for a step.
        step: said === 'update' ? Math.floor(now / 1_000) % 2_000_000_000 : said === 'opened' ? 0 : 1,
        responder: name,
        contact: contact.name,
        channel: contact.channel,
        plan: hash,
        severity: rankOf(incident.severity),
        dueAt: now,
        said: { said, ...(text !== undefined && { text }) },
      },
    ];
  });
}

/** What the timeline says of a step. */
export function timelineOf(incident: PagedIncident, step: Step): NewTimelineEntry {
  return {
    incident: incident.id,
    who: 'tocsin',
    what: step.what,
    ...(step.why !== undefined && { why: step.why }),
    details: { round: step.round, step: step.step, state: step.state },
  };
}

/** What paging keeps of an incident: enough to choose who is told and to write the page, and nothing a model said. */
export function pagedIncident(incident: Incident): PagedIncident {
  const service = incident.details?.['source'] ?? incident.details?.['component'];
  return {
    id: incident.id,
    number: incident.number,
    title: incident.title,
    severity: incident.severity,
    key: incident.key,
    round: incident.round,
    openedAt: incident.openedAt.getTime(),
    ...(incident.detector !== undefined && { detector: incident.detector }),
    ...(incident.rule !== undefined && { rule: incident.rule }),
    ...(incident.model !== undefined && { model: incident.model }),
    ...(incident.stage !== undefined && { stage: incident.stage }),
    ...(typeof service === 'string' && { service }),
    ...(incident.purpose !== undefined && { purpose: incident.purpose }),
    ...(incident.lateMs > 0 && incident.round === 1 && { eventAt: incident.eventAt.getTime() }),
  };
}
