/**
 * Which windows are full? A window is completed by the entry that makes its condition true; what took part in it is
 * then used up, so a flow of events that goes on completes the next window with new entries alone and a threshold of
 * five is reported every five events, not at every event after the fifth.
 */
import { digest } from './incident.js';
import { findingId, type Finding } from './finding.js';
import type { Correlation, Signal, WindowEntry } from './window.js';

/** The unused entries of one correlation and group, with the signals of this transaction that are among them. */
export interface Window {
  readonly correlation: Correlation;
  readonly group: Readonly<Record<string, string>>;
  readonly groupHash: string;
  /** Sorted by event time. */
  readonly entries: readonly (WindowEntry & { readonly finding?: string })[];
  readonly fresh: readonly Signal[];
}

export interface Completion {
  readonly window: Window;
  /** The finding that says so; it opens an incident whatever its level. */
  readonly finding: Finding;
  /** Findings of the entries that took part: they join the incident. */
  readonly members: readonly string[];
  readonly used: readonly WindowEntry[];
}

/** Pure. Only windows that hold at least one fresh entry are looked at. */
export function completeWindow(window: Window): Completion[] {
  if (window.fresh.length === 0) return [];
  const { correlation } = window;
  const fresh = new Map(window.fresh.map((signal) => [entryKey(signal), signal]));
  const times = window.fresh.map(({ at }) => at);
  const earliest = Math.min(...times);
  const latest = Math.max(...times) + correlation.timespan;
  const completions: Completion[] = [];
  let open: (typeof window.entries)[number][] = [];
  for (const entry of window.entries) {
    open.push(entry);
    open = dropBefore(open, entry.at - correlation.timespan);
    if (entry.at < earliest) continue;
    if (entry.at > latest) break;
    if (!open.some((one) => fresh.has(entryKey(one))) || !correlation.complete(open)) continue;
    const signal = fresh.get(entryKey(entry)) ?? newestFresh(open, fresh);
    completions.push({
      window,
      finding: findingOf(window, entry, signal),
      members: [...new Set(open.flatMap(({ finding }) => finding ?? []))].sort(),
      used: open,
    });
    open = [];
  }
  return completions;
}

function entryKey({ eventId, rule }: Pick<WindowEntry, 'eventId' | 'rule'>): string {
  return `${eventId}\u0000${rule}`;
}

function dropBefore<Entry extends WindowEntry>(entries: Entry[], at: number): Entry[] {
  if (entries[0]!.at >= at) return entries;
  return entries.slice(entries.findIndex((entry) => entry.at >= at));
}

function newestFresh(open: readonly WindowEntry[], fresh: ReadonlyMap<string, Signal>): Signal {
  return open.map((entry) => fresh.get(entryKey(entry))).findLast((signal) => signal !== undefined)!;
}

function findingOf({ correlation, group, groupHash }: Window, last: WindowEntry, signal: Signal): Finding {
  const [source, id] = last.eventId.split('\u0001');
  return {
    id: findingId(last.eventId, correlation.id, groupHash),
    ...(source && id ? { event: { source, id } } : {}),
    detector: correlation.detector ?? 'rules',
    detectorVersion: correlation.detectorVersion ?? '1',
    rule: correlation.id,
    title: correlation.title,
    label: correlation.label ?? 'correlated',
    score: 1,
    level: correlation.level,
    matched: groupHash,
    spans: [],
    at: last.at,
    subject: signal.subject,
    group,
    shadow: correlation.shadow,
    reviewOnly: correlation.reviewOnly ?? false,
  };
}

/** Names a group within its correlation. */
export function groupHash(group: Readonly<Record<string, string>>): string {
  const values = Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1));
  return digest(values.map(([name, value]) => `${name}\u0001${value}`).join('\u0000'));
}
