/**
 * All of paging's calendar arithmetic stands on the runtime's own Temporal, taken from here alone, so that a runtime
 * without it needs one import changed.
 */
import { z } from 'zod';

export const Temporal = globalThis.Temporal;
export type ZonedDateTime = Temporal.ZonedDateTime;
export type PlainDate = Temporal.PlainDate;

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `5m`, `2h`, `1d`, or several together (`1h30m`), as milliseconds; undefined where the text is none of these. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+[smhd])+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhd])/g))
    total += Number(count) * units[unit as keyof typeof units];
  return total;
}

/** The way back, in the largest units that leave no rest: `1h30m`. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.max(0, Math.round(milliseconds / 1_000)) * 1_000;
  if (rest === 0) return '0s';
  let text = '';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / units[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * units[unit];
  }
  return text;
}

/** A duration as a file writes it; its output is milliseconds. */
export const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, {
    error: (issue) => `found "${String(issue.input)}", wanted a duration such as 30s, 5m, 2h or 1d`,
  })
  .transform((text) => parseDuration(text) ?? 0);

export function isZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

export const zone = z.string().refine(isZone, {
  error: (issue) => `found "${String(issue.input)}", wanted an IANA time zone such as Europe/Berlin`,
});

export function zoned(at: number, timeZone: string): ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
}

/** Minutes after midnight of `HH:MM`; 24:00 is the day's end. */
export function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** The instant at which clocks in `timeZone` show `minutes` after midnight of `date`; a time that is skipped is moved on, one that comes twice is the first. */
export function instantOf(date: PlainDate, minutes: number, timeZone: string): number {
  const day = minutes >= 1_440 ? date.add({ days: 1 }) : date;
  const rest = minutes >= 1_440 ? minutes - 1_440 : minutes;
  return day.toZonedDateTime({
    timeZone,
    plainTime: Temporal.PlainTime.from({ hour: Math.floor(rest / 60), minute: rest % 60 }),
  }).epochMilliseconds;
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

export function weekdayOf(date: PlainDate): Weekday {
  return weekdays[date.dayOfWeek - 1] ?? 'mon';
}
