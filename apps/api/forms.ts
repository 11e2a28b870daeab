/** From Tocsin's own words to the API's: snake case, RFC 3339, absent instead of null. */
import type { z } from 'zod';
import type { CountedIncident, TimelineEntry } from '../../libs/incidents/index.js';
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

/** `{ [name]: value }`, or nothing where the value is undefined. */
export function given<Name extends string, Value>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: Value });
}
