/**
 * Which reports are to be written, and when is one late? A row is made before its period ends, so a row that nobody
 * wrote up is how an outage is seen, and a kind that the policy stopped asking for leaves no such row.
 */
import { createHash } from 'node:crypto';
import type { Settings } from '../policy/index.js';
import { periodAfter, periodAt, type Period, type PeriodKind } from './period.js';
import { seconds } from './words.js';

/** The weekly report always; the policy's own beside it. */
export function wantedKinds({ frequency }: Pick<Settings, 'frequency'>): PeriodKind[] {
  return frequency === 'weekly' ? ['weekly'] : ['weekly', frequency];
}

/** After a long outage the newest of each kind are sent, and older ones are not: hundreds of mails would be read by nobody. */
const mostMissed: Readonly<Record<PeriodKind, number>> = { hourly: 24, daily: 31, weekly: 53 };

/** Periods of a kind up to the one that `now` lies in; `unmadeTo` is the end of the newest row that waits, where there is one. */
export function duePeriods(kind: PeriodKind, timezone: string, now: number, unmadeTo: number | undefined): Period[] {
  const current = periodAt(kind, now, timezone);
  const periods: Period[] = [];
  if (unmadeTo !== undefined && unmadeTo < current.from) {
    for (let one = periodAt(kind, unmadeTo, timezone); one.from < current.from; one = periodAfter(one))
      periods.push(one);
  }
  return [...periods.slice(-mostMissed[kind]), current];
}

export function reportId(kind: PeriodKind, period: string): string {
  return createHash('sha256').update(`report\u0000${kind}\u0000${period}`).digest('hex').slice(0, 32);
}

/** What makes the Message-ID: the same however often it is sent. */
export function mailId(report: string, address: string): string {
  return createHash('sha256').update(`${report}\u0000${address}`).digest('hex').slice(0, 32);
}

const onTimeMs = 15 * 60_000;

/** The sentence of a late report, or undefined where it is in time. */
export function lateness(to: Date, now: Date, kind: PeriodKind): string | undefined {
  const behind = now.getTime() - to.getTime();
  if (behind <= onTimeMs) return undefined;
  const period = { hourly: 'hour', daily: 'day', weekly: 'week' }[kind];
  return `This report is late: its ${period} ended ${seconds(behind / 1_000)} ago, and the reporter or the mail server was away.`;
}

const second = 1_000;
const minute = 60_000;
const delays = [5 * second, 15 * second, minute, 5 * minute] as const;

/** Tried until a mail server takes it: at first soon, then every quarter of an hour. */
export function retryAfter(attempts: number): number {
  return delays[attempts - 1] ?? 15 * minute;
}
