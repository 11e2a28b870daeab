/**
 * Rules over a stream of plain events, as `tocsin match` has it: every rule whatever its log source, correlations in
 * memory, time from a field of the event.
 */
import type { CompiledRules } from './compile.js';
import type { Occurrence } from './correlation.js';
import { Correlator } from './correlator.js';
import type { EventRecord } from './rule-set.js';
import { reach, scalarText } from './values.js';
import { systemRecord } from './system-record.js';

export interface StreamOptions {
  /** The field that holds an event's time; without it the usual names are tried. */
  readonly timeField?: string;
}

// prettier-ignore
const usualTimes = ['@timestamp', 'timestamp', 'time', 'UtcTime', 'TimeCreated', 'SystemTime', 'EventTime', 'eventTime', 'Timestamp', '_time'];

export class RuleStream {
  private readonly correlator: Correlator;
  private readonly silent: ReadonlySet<string>;
  private line = 0;
  private last = 0;

  constructor(
    private readonly compiled: CompiledRules,
    private readonly options: StreamOptions = {},
  ) {
    this.correlator = new Correlator(compiled.correlations);
    // `generate: false` says that only the correlation is to be told.
    this.silent = new Set(compiled.correlations.flatMap(({ source, bases }) => (source.generate ? [] : bases)));
  }

  /** What the next event matches: keys of rules, then of the correlations that it completes. */
  next(event: EventRecord): string[] {
    const line = this.line++;
    const record = systemRecord(event);
    const matches = this.compiled.ruleSet.match(record, { evidence: false });
    if (matches.length === 0) return [];
    const keys = matches.map(({ rule }) => rule).filter((rule) => !this.silent.has(rule));
    if (this.compiled.correlations.length === 0) return keys;
    const at = this.timeOf(record);
    const field = (name: string) => scalarText(Object.hasOwn(record, name) ? record[name] : reach(record, name));
    const occurrences = matches.map(({ rule }): Occurrence => ({
      rule,
      eventId: String(line),
      at,
      subject: {},
      field,
    }));
    for (const { id } of this.correlator.add(occurrences)) if (!this.silent.has(id)) keys.push(id);
    return keys;
  }

  /** Milliseconds since 1970; an event without a time has that of the one before it. */
  private timeOf(record: EventRecord): number {
    const names = this.options.timeField === undefined ? usualTimes : [this.options.timeField];
    for (const name of names) {
      const value = scalarText(Object.hasOwn(record, name) ? record[name] : reach(record, name));
      const at = value === undefined ? undefined : readTime(value);
      if (at !== undefined) return (this.last = at);
    }
    return this.last;
  }
}

/** A date as ISO has it (UTC where it names no zone), or Unix time in seconds, milliseconds, micro- or nanoseconds. */
export function readTime(text: string): number | undefined {
  const plain = text.trim();
  if (/^\d{1,19}(\.\d+)?$/.test(plain)) {
    let number = Number(plain);
    // From the year 5138 on a smaller unit is meant.
    if (number < 1e11) number *= 1000;
    while (number >= 1e14) number /= 1000;
    return number;
  }
  const written = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(plain);
  const iso = written
    ? `${written[1]}T${written[2] ?? '00:00'}${(written[3] ?? '').slice(0, 4)}${(written[4] ?? 'Z').replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`
    : plain;
  const at = Date.parse(iso);
  return Number.isNaN(at) ? undefined : at;
}
