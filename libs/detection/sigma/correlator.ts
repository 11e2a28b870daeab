/**
 * Correlations over a stream in memory, for `tocsin match`: one line of events after another, a window a group, and a
 * correlation is told at the event that completes it, and again at each later one while the window is still complete.
 */
import type { WindowEntry } from '../../incidents/index.js';
import { Counts, type CompiledCorrelation, type Occurrence } from './correlation.js';

interface Window {
  /** By event time. */
  readonly entries: WindowEntry[];
  /** Of the entries. */
  readonly counts: Counts;
}

/** Order and ranks are looked up in the entries themselves; more than this many newest ones are not kept for them. */
const mostEntries = 4096;

export class Correlator {
  private readonly windows: Map<string, Window>[];
  /** Correlations by what they count; a correlation that completes is itself counted by others. */
  private readonly byBase = new Map<string, number[]>();
  private since = 0;
  private newest = -Infinity;

  /** `correlations` as `compileRules` gives them: those that are counted by others first. */
  constructor(private readonly correlations: readonly CompiledCorrelation[]) {
    this.windows = correlations.map(() => new Map());
    correlations.forEach(({ bases }, index) => {
      for (const base of bases) this.byBase.set(base, [...(this.byBase.get(base) ?? []), index]);
    });
  }

  /** The keys of the correlations that the matches of one event complete, each once. */
  add(matches: readonly Occurrence[]): CompiledCorrelation[] {
    const completed = new Set<number>();
    const queue = [...matches];
    for (let next = 0; next < queue.length; next++) {
      const occurrence = queue[next]!;
      for (const index of this.byBase.get(occurrence.rule) ?? []) {
        const correlation = this.correlations[index]!;
        const group = this.count(index, occurrence);
        if (!group || completed.has(index)) continue;
        completed.add(index);
        const { eventId, at, subject } = occurrence;
        // Others see of it its group, by the names it groups by.
        queue.push({ rule: correlation.id, eventId, at, subject, field: (name) => group[name] });
      }
    }
    return [...completed].sort((a, b) => a - b).map((index) => this.correlations[index]!);
  }

  /** The group whose window the occurrence completes, if it does. */
  private count(index: number, occurrence: Occurrence): Readonly<Record<string, string>> | undefined {
    const correlation = this.correlations[index]!;
    const signal = correlation.signalOf(occurrence);
    if (!signal) return undefined;
    const windows = this.windows[index]!;
    const key = JSON.stringify(Object.values(signal.group));
    let window = windows.get(key);
    if (!window) windows.set(key, (window = { entries: [], counts: new Counts() }));
    const { rule, eventId, at, value } = signal;
    const complete = insert(window, { rule, eventId, at, ...(value === undefined ? {} : { value }) }, correlation);
    this.newest = Math.max(this.newest, at);
    if (++this.since >= 10_000) this.forget();
    return complete ? signal.group : undefined;
  }

  /** Groups that are quiet for longer than their time span hold nothing that can count again. */
  private forget(): void {
    this.since = 0;
    this.windows.forEach((windows, index) => {
      const oldest = this.newest - this.correlations[index]!.timespan;
      for (const [key, { entries }] of windows) if (entries.at(-1)!.at < oldest) windows.delete(key);
    });
  }
}

/** Puts an entry at its place by time; true when a window of the time span that holds it is complete. */
function insert(window: Window, entry: WindowEntry, correlation: CompiledCorrelation): boolean {
  const { entries, counts } = window;
  const newest = entries.at(-1);
  if (newest && entry.at < newest.at) return insertLate(window, entry, correlation);
  entries.push(entry);
  counts.add(entry);
  const oldest = entry.at - correlation.timespan;
  const looked = correlation.readsEntries;
  let gone = 0;
  while (entries[gone]!.at < oldest || (looked && entries.length - gone > mostEntries)) counts.remove(entries[gone++]!);
  if (gone > 0) entries.splice(0, gone);
  return correlation.completeCounted(counts, entries);
}

/** A late entry lies in several windows, each of which may be the complete one. */
function insertLate(window: Window, entry: WindowEntry, correlation: CompiledCorrelation): boolean {
  const { entries, counts } = window;
  let place = entries.length;
  while (place > 0 && entries[place - 1]!.at > entry.at) place--;
  entries.splice(place, 0, entry);
  counts.add(entry);
  const within = entries.filter(({ at }) => Math.abs(at - entry.at) <= correlation.timespan);
  for (const last of within) {
    if (last.at < entry.at) continue;
    const held = within.filter(({ at }) => at <= last.at && last.at - at <= correlation.timespan);
    if (correlation.complete(held)) return true;
  }
  return false;
}
