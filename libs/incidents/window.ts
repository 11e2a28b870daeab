/**
 * What a correlation remembers: a signal is one event (or finding) that a correlation counts, and a window is the
 * signals of one correlation and group within its time span. Detection compiles the operator's correlations to
 * `Correlation`; this lib stores signals, locks groups in key order and asks `complete` of what it then reads.
 */
import type { Level, Subject } from './finding.js';

export interface Signal {
  /** The correlation that counts it: its rule's id, else title, else path. */
  readonly correlation: string;
  /** The group-by values, in the rule's order. */
  readonly group: Readonly<Record<string, string>>;
  /** Which of the correlation's base rules matched. */
  readonly rule: string;
  /** Names the event within the window, so a redelivery is one signal. */
  readonly eventId: string;
  /** Event time, milliseconds since 1970. */
  readonly at: number;
  /** The counted field's value, for value_count; the number's text for sums. */
  readonly value?: string;
  /** The base match's own finding where it makes one. */
  readonly finding?: string;
  readonly subject: Subject;
}

export type WindowEntry = Pick<Signal, 'rule' | 'eventId' | 'at' | 'value'>;

export interface Correlation {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly shadow: boolean;
  /** Milliseconds. */
  readonly timespan: number;
  /** Of the finding that a completed window makes: `rules` unless said. */
  readonly detector?: string;
  readonly detectorVersion?: string;
  readonly label?: string;
  /** A completed window is for a person to look at and opens nothing. */
  readonly reviewOnly?: boolean;
  /** True when entries (sorted by event time, all inside one time span) fulfil the condition. Pure. */
  complete(entries: readonly WindowEntry[]): boolean;
}
