/**
 * A finding is one detector's judgement of one event. It says what was seen and never who is paged. Its id is made of
 * what was judged, so the same event judged twice is one finding.
 */
import { createHash } from 'node:crypto';

export const levels = ['low', 'medium', 'high', 'critical'] as const;
export type Level = (typeof levels)[number];

/** Part of the judged text that speaks for the finding; offsets in UTF-16 units of the text named by `field`. */
export interface Span {
  readonly field: 'output' | 'prompt' | 'comment';
  readonly start: number;
  readonly end: number;
  readonly why: string;
}

/** What a finding's key, filters and reports read of the event; all optional, for findings without an output. */
export interface Subject {
  readonly account?: string;
  readonly organization?: string;
  readonly endUser?: string;
  readonly conversation?: string;
  readonly model?: string;
  readonly version?: string;
  readonly stage?: string;
  readonly purpose?: string;
}

export interface Finding {
  /** 32 hex digits, from `findingId`. */
  readonly id: string;
  /** The output judged; absent where the subject is a stage or model. */
  readonly event?: { readonly source: string; readonly id: string };
  /** `rules`, `disinformation`, `compliance`, `impersonation`, `lookalike`, `feedback`, `campaign`, `assurance`, ... */
  readonly detector: string;
  readonly detectorVersion: string;
  /** The operator's rule: its id, else title, else path. */
  readonly rule?: string;
  readonly title: string;
  readonly label: string;
  /** 0 to 1. */
  readonly score: number;
  readonly level: Level;
  /** What it matched: a rule, a watchlist entry, an identity. Part of the id. */
  readonly matched: string;
  readonly spans: readonly Span[];
  /** At most 280 characters around the evidence, masked; absent where the event keeps nothing. */
  readonly excerpt?: string;
  /** Event time, milliseconds since 1970. */
  readonly at: number;
  readonly subject: Subject;
  /** Kept and counted, never an incident or a page. */
  readonly shadow: boolean;
  /** For a person to look at: joins an incident, never opens one whatever its level. */
  readonly reviewOnly: boolean;
  /** Opens an incident at any level: a task about the deployment itself (conformance, assurance), of its level's severity. */
  readonly task?: boolean;
  readonly thresholdVersion?: number;
  /** The group-by values of its incident's key; absent, the account. */
  readonly group?: Readonly<Record<string, string>>;
  readonly origin?: { readonly topic: string; readonly partition: number; readonly offset: number };
}

/** The deterministic id of a finding: of the output judged, or of (stage or model, check, period) where there is none. */
export function findingId(subject: string, detectorOrRule: string, matched: string): string {
  return createHash('sha256').update(`${subject}\u0000${detectorOrRule}\u0000${matched}`).digest('hex').slice(0, 32);
}

/** How an output is named inside ids: its source and id, apart by a character that neither can hold. */
export function outputSubject(source: string, id: string): string {
  return `${source}\u0001${id}`;
}
