/** Parts of a date as it is written: no zone is converted, because Sigma says so. Numbers are Unix time, in UTC. */
import type { DatePart } from './rule.js';

const written = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2}))?/;

export function datePart(text: string, part: DatePart): number | undefined {
  const found = written.exec(text);
  let year: number, month: number, day: number, hour: number | undefined, minute: number | undefined;
  if (found) {
    [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
    [hour, minute] = found[4] === undefined ? [undefined, undefined] : [Number(found[4]), Number(found[5])];
  } else {
    if (!/^\s*\d{1,16}(\.\d+)?\s*$/.test(text)) return undefined;
    const number = Number(text);
    // Seconds until they would be in the year 5138, milliseconds from there.
    const date = new Date(number > 1e11 ? number : number * 1000);
    if (Number.isNaN(date.getTime())) return undefined;
    [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    [hour, minute] = [date.getUTCHours(), date.getUTCMinutes()];
  }
  switch (part) {
    case 'year':
      return year;
    case 'month':
      return month;
    case 'day':
      return day;
    case 'hour':
      return hour;
    case 'minute':
      return minute;
    case 'week':
      return isoWeek(year, month, day);
  }
}

function isoWeek(year: number, month: number, day: number): number | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  if (Number.isNaN(date.getTime())) return undefined;
  // The week of a date is the week of its Thursday.
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const first = Date.UTC(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - first) / 604_800_000) + 1;
}
