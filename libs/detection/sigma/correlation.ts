/**
 * Correlations: which matches one counts, under which group, and when a window of them is enough. Conditions are pure
 * functions of the window, so the monitor (windows in PostgreSQL) and `tocsin match` (in memory) decide alike.
 */
import type { Problem } from '../../config-file/index.js';
import type { Correlation, Level, Signal, Subject, WindowEntry } from '../../incidents/index.js';
import { compares } from './atoms.js';
import { levelOf, type Bound, type Seen, type SigmaCorrelation, type SigmaRule } from './rule.js';
import type { ParsedRules } from './parse.js';

type Base = SigmaRule | SigmaCorrelation;

/** What counts as one match for a correlation: which rule, when, under which event. */
export interface Occurrence {
  /** Key of the rule, or of the correlation that completed. */
  readonly rule: string;
  readonly eventId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly subject: Subject;
  readonly finding?: string;
  /** A field of the event. */
  field(name: string): string | undefined;
}

/** Where a type that ranks its numbers looks. */
const percents: Readonly<Record<string, number>> = { value_median: 50, value_min: 0, value_max: 100 };

export class CompiledCorrelation implements Correlation {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly shadow: boolean;
  readonly timespan: number;
  /** Keys of the rules and correlations that it counts. */
  readonly bases: readonly string[];
  private readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  private readonly seen: Seen | undefined;

  constructor(
    readonly source: SigmaCorrelation,
    /** By each name under which the file speaks of it. */
    bases: ReadonlyMap<string, Base>,
  ) {
    this.id = source.key;
    this.title = source.title;
    this.level = levelOf(source.level);
    this.shadow = source.shadow;
    this.timespan = source.timespan;
    this.bases = [...new Set(source.rules.map((name) => bases.get(name)!.key))];
    this.aliases = new Map(
      [...source.aliases].map(([alias, mapping]) => [
        alias,
        new Map([...mapping].map(([name, field]) => [bases.get(name)?.key ?? name, field])),
      ]),
    );
    const keyed = (seen: Seen): Seen => {
      if (seen.op === 'rule') return { op: 'rule', rule: bases.get(seen.rule)?.key ?? seen.rule };
      return seen.op === 'not' ? { op: 'not', part: keyed(seen.part) } : { op: seen.op, parts: seen.parts.map(keyed) };
    };
    this.seen = source.seen && keyed(source.seen);
  }

  /** True where the order or the rank of entries counts, not only how many there are. */
  get readsEntries(): boolean {
    return (
      this.source.type === 'temporal_ordered' || this.source.type === 'value_percentile' || this.source.type in percents
    );
  }

  /** What a match adds to the window; undefined where it lacks a field to group by or to count. */
  signalOf(occurrence: Occurrence): Signal | undefined {
    const group: Record<string, string> = {};
    for (const name of this.source.groupBy) {
      const value = this.fieldOf(occurrence, name);
      if (value === undefined) return undefined;
      group[name] = value;
    }
    const value = this.valueOf(occurrence);
    if (value === undefined && this.source.fields.length > 0) return undefined;
    const { rule, eventId, at, subject, finding } = occurrence;
    return {
      correlation: this.id,
      group,
      rule,
      eventId,
      at,
      subject,
      ...(value === undefined ? {} : { value }),
      ...(finding === undefined ? {} : { finding }),
    };
  }

  complete(entries: readonly WindowEntry[]): boolean {
    const counts = new Counts();
    for (const entry of entries) counts.add(entry);
    return this.completeCounted(counts, entries);
  }

  /** The same, for a window whose counts are kept: reads the entries only where counts do not tell. */
  completeCounted(counts: Counts, entries: readonly WindowEntry[]): boolean {
    const { type, bounds } = this.source;
    switch (type) {
      case 'event_count':
        return within(bounds, counts.events.size);
      case 'value_count':
        return within(bounds, counts.values.size);
      case 'value_sum':
        return counts.numbers > 0 && within(bounds, counts.sum);
      case 'value_avg':
        return counts.numbers > 0 && within(bounds, counts.sum / counts.numbers);
      case 'temporal':
        return this.fulfilled(counts.rules);
      case 'temporal_ordered':
        return this.fulfilled(counts.rules) && inOrder(this.ordered(), entries);
      default:
        return this.ranked(entries);
    }
  }

  /** The rules that have to follow one another. */
  private ordered(): readonly string[] {
    return this.seen ? this.bases.filter((rule) => wanted(this.seen!, rule)) : this.bases;
  }

  private fulfilled(rules: Rules): boolean {
    if (this.seen) return isSeen(this.seen, rules);
    if (this.source.bounds.length > 0) return within(this.source.bounds, rules.size);
    return this.bases.every((rule) => rules.has(rule));
  }

  private ranked(entries: readonly WindowEntry[]): boolean {
    const { type, bounds, percentile } = this.source;
    const last = entries.at(-1)?.value;
    if (type === 'value_percentile' && percentile === undefined) {
      // No percentile named: the bound is one, for where the newest value stands among all.
      return last !== undefined && within(bounds, rankOf(last, entries));
    }
    const numbers = entries.map(({ value }) => Number(value)).filter((number) => !Number.isNaN(number));
    return numbers.length > 0 && within(bounds, quantile(numbers, percents[type] ?? percentile ?? 50));
  }

  private fieldOf(occurrence: Occurrence, name: string): string | undefined {
    const alias = this.aliases.get(name);
    return occurrence.field(alias?.get(occurrence.rule) ?? name);
  }

  private valueOf(occurrence: Occurrence): string | undefined {
    if (this.source.fields.length === 0) return undefined;
    const values = this.source.fields.map((name) => this.fieldOf(occurrence, name));
    if (values.some((value) => value === undefined)) return undefined;
    return values.length === 1 ? values[0] : JSON.stringify(values);
  }
}

/** Which rules a window has seen. */
type Rules = Pick<ReadonlyMap<string, number>, 'has' | 'size'>;

/** What a window holds, in numbers that can be kept as entries come and go. */
export class Counts {
  readonly events = new Map<string, number>();
  readonly values = new Map<string, number>();
  readonly rules = new Map<string, number>();
  sum = 0;
  numbers = 0;

  add(entry: WindowEntry): void {
    this.change(entry, 1);
  }

  remove(entry: WindowEntry): void {
    this.change(entry, -1);
  }

  private change({ eventId, value, rule }: WindowEntry, by: 1 | -1): void {
    tally(this.events, eventId, by);
    tally(this.rules, rule, by);
    if (value === undefined) return;
    tally(this.values, value, by);
    const number = Number(value);
    if (value.trim() === '' || Number.isNaN(number)) return;
    this.numbers += by;
    // Begun anew with each empty window, so that fractions leave no rest behind.
    this.sum = this.numbers === 0 ? 0 : this.sum + by * number;
  }
}

function tally(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

function within(bounds: readonly Bound[], value: number): boolean {
  return bounds.every((bound) => compares(bound.compare, value, bound.value));
}

function isSeen(seen: Seen, rules: Rules): boolean {
  switch (seen.op) {
    case 'rule':
      return rules.has(seen.rule);
    case 'not':
      return !isSeen(seen.part, rules);
    case 'and':
      return seen.parts.every((part) => isSeen(part, rules));
    case 'or':
      return seen.parts.some((part) => isSeen(part, rules));
  }
}

/** Does the condition ask for the rule, rather than for its absence? */
function wanted(seen: Seen, rule: string, negated = false): boolean {
  if (seen.op === 'rule') return !negated && seen.rule === rule;
  return seen.op === 'not' ? wanted(seen.part, rule, !negated) : seen.parts.some((part) => wanted(part, rule, negated));
}

/** Of the rules that were seen, each after the one before it. */
function inOrder(rules: readonly string[], entries: readonly WindowEntry[]): boolean {
  const present = rules.filter((rule) => entries.some((entry) => entry.rule === rule));
  let next = 0;
  for (const entry of entries) if (entry.rule === present[next]) next++;
  return next >= present.length;
}

/** The value below which `percent` of the numbers lie, between two of them in proportion. */
function quantile(numbers: readonly number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (percent / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

/** Of numbers the share that is no greater, of other values the share that is the same; in percent. */
function rankOf(value: string, entries: readonly WindowEntry[]): number {
  const number = Number(value);
  const numeric = value.trim() !== '' && !Number.isNaN(number);
  const counted = entries.filter((entry) => (numeric ? Number(entry.value) <= number : entry.value === value)).length;
  return (counted / entries.length) * 100;
}

/** Finds the rules that correlations name; one that names nothing known, or itself in a circle, is left out and told. */
export function resolveCorrelations(parsed: ParsedRules): {
  correlations: CompiledCorrelation[];
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const names = new Map<string, Base>();
  // Ids win over names, names over titles.
  for (const part of ['title', 'name', 'id', 'key'] as const) {
    for (const base of [...parsed.rules, ...parsed.correlations]) {
      const name = base[part];
      if (name !== undefined) names.set(name, base);
    }
  }
  const state = new Map<string, 'open' | CompiledCorrelation | 'bad'>();
  const correlations: CompiledCorrelation[] = [];
  const refuse = (source: SigmaCorrelation, message: string) => {
    problems.push({ file: source.file, line: source.line, column: 1, message, severity: 'error' });
    return 'bad' as const;
  };
  const visit = (source: SigmaCorrelation): 'open' | CompiledCorrelation | 'bad' => {
    const known = state.get(source.key);
    if (known) return known;
    state.set(source.key, 'open');
    const verdict = ((): CompiledCorrelation | 'bad' => {
      for (const name of source.rules) {
        const base = names.get(name);
        if (!base) return refuse(source, `correlation.rules: found "${name}", which no rule here is called`);
        if (!('type' in base)) continue;
        const inner = visit(base);
        if (inner === 'open')
          return refuse(source, `correlation.rules: found "${name}", which counts this correlation itself`);
        if (inner === 'bad') return refuse(source, `correlation.rules: found "${name}", which is refused`);
      }
      return new CompiledCorrelation(source, names);
    })();
    state.set(source.key, verdict);
    if (verdict !== 'bad') correlations.push(verdict);
    return verdict;
  };
  // Inner ones are finished first, so the order of the list is the order to evaluate in.
  for (const source of parsed.correlations) visit(source);
  return { correlations, problems };
}
