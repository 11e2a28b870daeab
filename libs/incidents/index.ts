/**
 * Incidents: what detectors found, and what became of it. This lib promises that an event judged twice is one finding,
 * that two partitions and two copies agree on one open incident a key, that nothing grows an incident that is being
 * resolved, that the timeline only ever gets longer, and that no more of a text is kept than 280 masked characters and
 * a redacted copy of the records behind an open incident. It tells nobody: who is paged is for `paging` to say.
 */
export { levels, findingId, outputSubject, type Finding, type Level, type Span, type Subject } from './finding.js';
export type { Correlation, Signal, WindowEntry } from './window.js';
export {
  defaultOpening,
  digest,
  falsePositive,
  isWorse,
  keyHash,
  keyOf,
  kinds,
  severities,
  statuses,
  type CorrelationKey,
  type Incident,
  type IncidentKind,
  type OpeningPolicy,
  type Severity,
  type Status,
} from './incident.js';
export { completeWindow, groupHash, type Completion, type Window } from './complete.js';
export { byKey, correlate, lateness, needsExclusive, type Change, type KeyedFindings } from './correlate.js';
export { decide, resolutions, type Action, type Decision } from './lifecycle.js';
export { tocsin, type Actor, type Happening, type NewTimelineEntry, type TimelineEntry } from './timeline.js';
export { excerptLength, mask, maskExcerpt } from './excerpt.js';
export { BadCursor, type Page, type PageRequest } from './cursor.js';
export { incidentOf, type IncidentRow } from './incident-row.js';
export { Incidents, type CountedIncident, type IncidentFilter, type NewOther } from './incidents.repository.js';
export { Recording, type Outcome } from './recording.repository.js';
export {
  joinReference,
  outputHash,
  Outputs,
  type Found,
  type IndexedOutput,
  type Referring,
  type WaitingReference,
} from './outputs.repository.js';
export { TallySheet, type TallyPlace } from './tally.js';
export { Tallies, type TallySum } from './tallies.repository.js';
export { FloodMeter, floodSubject } from './flood.js';
export { Reporters, type KnownReporters } from './reporters.repository.js';
export { ScoreSheet, type Scored } from './score-sheet.js';
export { Floods } from './floods.repository.js';
export { reviewLabels, verdictOf, wilson, type Interval, type ReviewLabel } from './review.js';
export {
  Findings,
  type FindingFilter,
  type ListedFinding,
  type Precision,
  type Review,
} from './findings.repository.js';
export { EvidenceStore, type DueEvidence, type Evidence, type EvidenceSource } from './evidence.repository.js';
export { keepUp } from './upkeep.repository.js';
export { incidentsEntities } from './entities.js';
