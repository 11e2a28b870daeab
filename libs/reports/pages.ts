/** What did paging cost those who were paged? Counted where they live: their own hours, their own nights. */
import type { PagesInQuarter } from './facts.js';
import type { PagesOf } from './report.js';

const quarterMs = 15 * 60_000;
const nightFrom = 22;
const nightTo = 7;

export function pagesOf(
  now: readonly PagesInQuarter[],
  before: readonly PagesInQuarter[],
  zoneOf: (responder: string) => string,
): PagesOf[] {
  const groups = Map.groupBy(now, ({ responder }) => responder);
  const earlier = Map.groupBy(before, ({ responder }) => responder);
  return [...new Set([...groups.keys(), ...earlier.keys()])]
    .map((responder) =>
      one(responder, groups.get(responder) ?? [], total(earlier.get(responder) ?? []), zoneOf(responder)),
    )
    .toSorted((a, b) => b.pages.now - a.pages.now || (a.responder < b.responder ? -1 : 1));
}

function one(responder: string, quarters: readonly PagesInQuarter[], before: number, zone: string): PagesOf {
  const hours = Array.from({ length: 24 }, () => 0);
  let night = 0;
  let interruptions = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, count } of quarters) {
    const { hour } = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone);
    hours[hour] = (hours[hour] ?? 0) + count;
    if (hour >= nightFrom || hour < nightTo) night += count;
    if (at.getTime() - last > quarterMs) interruptions++;
    last = at.getTime();
  }
  return { responder, pages: { now: total(quarters), before }, night, interruptions, hours };
}

function total(quarters: readonly PagesInQuarter[]): number {
  return quarters.reduce((sum, { count }) => sum + count, 0);
}
