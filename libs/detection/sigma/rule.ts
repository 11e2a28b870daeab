/**
 * A Sigma rule after reading: what it asks of an event is a tree of tests with nothing left to look up. Names and
 * positions of the file are gone by then, so that whatever is wrong is told while reading.
 */
import type { Level } from '../../incidents/index.js';
import type { Regex } from './regex.js';

export const sigmaLevels = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type SigmaLevel = (typeof sigmaLevels)[number];

export interface LogSource {
  readonly category?: string;
  readonly product?: string;
  readonly service?: string;
}

export type Compare = 'eq' | 'lt' | 'lte' | 'gt' | 'gte';
export type Place = 'equals' | 'contains' | 'startswith' | 'endswith';
export type DatePart = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** A piece of a pattern with wildcards: text, `*` or `?`. */
export type GlobPart = string | { readonly wild: 'any' | 'one' };

/** One question to one field's value. Texts of tests without `cased` are folded. */
export type Test =
  | { readonly kind: Place; readonly text: string; readonly cased: boolean }
  | { readonly kind: 'glob'; readonly parts: readonly GlobPart[]; readonly cased: boolean }
  | { readonly kind: 'regex'; readonly regex: Regex }
  | { readonly kind: 'number'; readonly compare: Compare; readonly value: number }
  | { readonly kind: 'date'; readonly part: DatePart; readonly compare: Compare; readonly value: number }
  | { readonly kind: 'cidr'; readonly network: string }
  | { readonly kind: 'fieldref'; readonly place: Place; readonly other: string; readonly cased: boolean }
  /** A placeholder without a configured value takes the event's own field of that name. */
  | {
      readonly kind: 'template';
      readonly place: Place;
      readonly parts: readonly TemplatePart[];
      readonly cased: boolean;
    }
  | { readonly kind: 'filled' }
  | { readonly kind: 'null' }
  | { readonly kind: 'exists' };

export type TemplatePart = { readonly text: string } | { readonly field: string };

/** What a rule asks of an event. A test without a field asks every value of the event (a keyword). */
export type Expression =
  | { readonly op: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly op: 'not'; readonly part: Expression }
  | { readonly op: 'test'; readonly field: string | undefined; readonly test: Test }
  | { readonly op: 'constant'; readonly value: boolean };

interface Common {
  /** How findings, correlations and `match` name it: its id, else title, else path. */
  readonly key: string;
  readonly id?: string;
  readonly name?: string;
  readonly title: string;
  readonly file: string;
  /** Where its document begins. */
  readonly line: number;
  /** Found events are kept and nobody is paged; a setting of ours (`tocsin: { shadow: true }`), Sigma's `status` silences nothing. */
  readonly shadow: boolean;
}

export interface SigmaRule extends Common {
  readonly level: SigmaLevel;
  readonly logsource: LogSource;
  readonly expression: Expression;
  readonly tags: readonly string[];
  /** The fields it reads, each once. */
  readonly fields: readonly string[];
}

export interface SigmaFilter extends Common {
  readonly logsource: LogSource;
  /** Rules by id, name or title; undefined means every rule of the log source. */
  readonly rules: readonly string[] | undefined;
  /** What an event must fulfil to remain a match. */
  readonly keeps: Expression;
}

export const correlationTypes = [
  'event_count',
  'value_count',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
  'value_min',
  'value_max',
  'temporal',
  'temporal_ordered',
] as const;
export type CorrelationType = (typeof correlationTypes)[number];

export interface Bound {
  readonly compare: Compare | 'neq';
  readonly value: number;
}

/** A Boolean condition over the rules that have been seen in the window. */
export type Seen =
  | { readonly op: 'and' | 'or'; readonly parts: readonly Seen[] }
  | { readonly op: 'not'; readonly part: Seen }
  | { readonly op: 'rule'; readonly rule: string };

export interface SigmaCorrelation extends Common {
  readonly level: SigmaLevel;
  readonly type: CorrelationType;
  /** As written: ids, names or titles. `compileRules` resolves them. */
  readonly rules: readonly string[];
  readonly groupBy: readonly string[];
  /** Milliseconds. */
  readonly timespan: number;
  readonly bounds: readonly Bound[];
  readonly fields: readonly string[];
  readonly percentile?: number;
  readonly seen?: Seen;
  /** alias -> rule as written -> field. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** False where the file says so: its base rules then report nothing by themselves. */
  readonly generate: boolean;
}

/** Sigma knows a level below low; findings do not. */
export function levelOf(level: SigmaLevel): Level {
  return level === 'informational' ? 'low' : level;
}
