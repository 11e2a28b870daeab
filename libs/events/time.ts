/**
 * When an event happened. A producer's clock is believed within limits around the log's own time, so that no event
 * reaches into windows long closed or not yet begun; the log's time is believed unless it is missing or in the future.
 */

const day = 86_400_000;
const earliest = -62_135_596_800_000; // 0001-01-01T00:00:00Z, the first day that both ISO 8601 and PostgreSQL write alike
const latest = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

/** How far behind the record's timestamp an event's own time is believed. */
export const believedBehind = day;
/** How far ahead of it, and how far ahead of now the record's timestamp is. */
export const believedAhead = 300_000;

/** True where the record's timestamp is missing (-1, or 0 as some clients write it) or too far ahead of now. */
export function isUntimed(timestamp: number, now: number): boolean {
  return !(timestamp > 0 && timestamp <= now + believedAhead);
}

/** The event's own time, brought into [logged - 24 h, logged + 5 min]. */
export function clampTime(time: number, logged: number): number {
  return Math.min(Math.max(time, logged - believedBehind), logged + believedAhead);
}

/** The UTC day of a moment that `parseTime` or `parseNanoseconds` gave, `YYYY-MM-DD`. */
export function utcDay(time: number): string {
  const number = Math.floor(time / day);
  if (number !== lastDay.number) lastDay = { number, text: new Date(time).toISOString().slice(0, 10) };
  return lastDay.text;
}

// Nearly all events of a batch are of one day, and writing a date costs as much as reading all other fields.
let lastDay = { number: 0, text: '1970-01-01' };

/**
 * Milliseconds since 1970 of an RFC 3339 date and time, undefined for any other text. By hand because Date.parse also
 * takes texts whose meaning depends on the machine's time zone.
 */
export function parseTime(text: string): number | undefined {
  const size = text.length;
  if (size < 20 || size > 64) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const date = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const between = text[10]; // a space is what Python's str() writes
  if (
    text[4] !== '-' ||
    text[7] !== '-' ||
    (between !== 'T' && between !== 't' && between !== ' ') ||
    text[13] !== ':' ||
    text[16] !== ':'
  )
    return undefined;
  if (!(month >= 1 && month <= 12 && date >= 1 && date <= daysIn(year, month))) return undefined;
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return undefined; // 60 is a leap second

  let at = 19;
  let fraction = 0;
  if (text[at] === '.') {
    let scale = 100;
    for (at++; at < size && isDigit(text.charCodeAt(at)); at++) {
      fraction += (text.charCodeAt(at) - 48) * scale;
      scale = scale >= 10 ? scale / 10 : 0; // microseconds and below are dropped
    }
    if (at === 20) return undefined;
  }
  const offset = parseOffset(text, at);
  if (offset === undefined) return undefined;
  const clock = hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
  return within(daysSince1970(year, month, date) * day + clock - offset);
}

/** Milliseconds since 1970 of nanoseconds as OTLP JSON has them, a decimal string or a number; 0 means not known. */
export function parseNanoseconds(value: unknown): number | undefined {
  const text = typeof value === 'number' && Number.isInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text)) return undefined;
  const time = Number(text.slice(0, -6)); // whole milliseconds: a double cannot hold today in nanoseconds
  return within(time);
}

function within(time: number): number | undefined {
  return time >= earliest && time <= latest ? time : undefined;
}

/** The offset from UTC in milliseconds that ends the text at `at`: `Z`, or `+hh:mm`. */
function parseOffset(text: string, at: number): number | undefined {
  const sign = text[at];
  if (sign === 'Z' || sign === 'z') return at + 1 === text.length ? 0 : undefined;
  if ((sign !== '+' && sign !== '-') || at + 6 !== text.length || text[at + 3] !== ':') return undefined;
  const hours = digits(text, at + 1, at + 3);
  const minutes = digits(text, at + 4, at + 6);
  if (!(hours <= 23 && minutes <= 59)) return undefined;
  return (hours * 60 + minutes) * (sign === '+' ? 60_000 : -60_000);
}

/** The number that the digits of [from, to) write, NaN where one is none. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + code - 48;
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 in the Gregorian calendar; a year is counted from March, so that the leap day comes last. */
function daysSince1970(year: number, month: number, date: number): number {
  const counted = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + date - 1;
  const leapDays = Math.floor(counted / 4) - Math.floor(counted / 100) + Math.floor(counted / 400);
  return counted * 365 + leapDays + dayOfYear - 719_468;
}
