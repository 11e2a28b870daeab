/** From Tocsin's own words to the API's: snake case, RFC 3339, absent instead of null. */
import type { z } from 'zod';
import type { CountedIncident, ListedFinding, TimelineEntry } from '../../libs/incidents/index.js';
import type { ListedNotification } from '../../libs/paging/index.js';
import type * as answers from './answers.js';

export function incidentAnswer(incident: CountedIncident): z.infer<typeof answers.incident> {
  return {
    id: incident.id,
    number: incident.number,
    kind: incident.kind,
    title: incident.title,
    status: incident.status,
    ...given('resolution', incident.resolution),
    severity: incident.severity,
    ...given('detector', incident.detector),
    ...given('rule', incident.rule),
    key: incident.key,
    ...given('stage', incident.stage),
    ...given('model', incident.model),
    ...given('purpose', incident.purpose),
    findings: incident.findings,
    round: incident.round,
    opened_at: incident.openedAt.toISOString(),
    ...given('acknowledged_at', incident.acknowledgedAt?.toISOString()),
    ...given('acknowledged_by', incident.acknowledgedBy),
    ...given('resolved_at', incident.resolvedAt?.toISOString()),
    ...given('resolved_by', incident.resolvedBy),
    ...given('merged_into', incident.mergedInto),
  };
}

export function timelineAnswer(entry: TimelineEntry): z.infer<typeof answers.timelineEntry> {
  return {
    sequence: entry.sequence,
    at: entry.at.toISOString(),
    who: entry.who,
    what: entry.what,
    ...given('why', entry.why),
    ...given('details', entry.details),
  };
}

export function findingAnswer(finding: ListedFinding): z.infer<typeof answers.finding> {
  return {
    id: finding.id,
    ...given('event', finding.event),
    detector: finding.detector,
    ...given('rule', finding.rule),
    title: finding.title,
    label: finding.label,
    score: finding.score,
    level: finding.level,
    matched: finding.matched,
    ...given('excerpt', finding.excerpt),
    at: finding.at.toISOString(),
    ...given('incident', finding.incident),
    ...given('account', finding.account),
    ...given('model', finding.model),
    ...given('stage', finding.stage),
    ...given('purpose', finding.purpose),
    shadow: finding.shadow,
    review_only: finding.reviewOnly,
  };
}

export function notificationAnswer(one: ListedNotification): z.infer<typeof answers.notification> {
  return {
    id: one.id,
    to: one.to,
    kind: one.kind,
    responder: one.responder,
    channel: one.channel,
    step: one.step,
    round: one.round,
    state: one.state,
    attempts: one.attempts.map(({ at, outcome, reason, ms }) => ({
      at: at.toISOString(),
      outcome,
      ...given('reason', reason),
      ms,
    })),
  };
}

/** `{ [name]: value }`, or nothing where the value is undefined. */
export function given<Name extends string, Value>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: Value });
}
