/**
 * Which stretch of time does a report speak of? Weeks are ISO weeks and days are calendar days, both in the policy's
 * zone, so a week across a change of clocks has 167 or 169 hours; hours are hours of the world's clock, so none is
 * repeated or lost. A period's name is unique within its kind.
 */

export const periodKinds = ['hourly', 'daily', 'weekly'] as const;
export type PeriodKind = (typeof periodKinds)[number];

export interface Period {
  readonly kind: PeriodKind;
  /** `2026-W47`, `2026-11-24`, or the local hour with its offset: `2026-11-24T13+01:00`. */
  readonly name: string;
  /** Milliseconds since 1970; `to` is not part of it. */
  readonly from: number;
  readonly to: number;
  /** IANA zone. */
  readonly timezone: string;
}

const hourMs = 3_600_000;

/** The period that `at` lies in. */
export function periodAt(kind: PeriodKind, at: number, timezone: string): Period {
  if (kind === 'hourly') return hourFrom(Math.floor(at / hourMs) * hourMs, timezone);
  const day = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).toPlainDate();
  return kind === 'daily' ? dayOf(day, timezone) : weekFrom(day.subtract({ days: day.dayOfWeek - 1 }), timezone);
}

/** The one before, to compare with. */
export function periodBefore({ kind, from, timezone }: Period): Period {
  return periodAt(kind, from - 1, timezone);
}

export function periodAfter({ kind, to, timezone }: Period): Period {
  return periodAt(kind, to, timezone);
}

/** The newest period that is over at `now`. */
export function lastEnded(kind: PeriodKind, now: number, timezone: string): Period {
  return periodBefore(periodAt(kind, now, timezone));
}

/** Reads a period's name as a person writes it; undefined where there is no such week, day or hour. */
export function parsePeriod(kind: PeriodKind, name: string, timezone: string): Period | undefined {
  try {
    if (kind === 'weekly') return parseWeek(name, timezone);
    if (kind === 'daily')
      return /^\d{4}-\d{2}-\d{2}$/.test(name)
        ? dayOf(Temporal.PlainDate.from(name, { overflow: 'reject' }), timezone)
        : undefined;
    return parseHour(name, timezone);
  } catch (error) {
    // By its name: a test's own realm has another RangeError than Temporal's.
    if ((error as Error).name === 'RangeError') return undefined;
    throw error;
  }
}

function parseWeek(name: string, timezone: string): Period | undefined {
  const [, year, week] = /^(\d{4})-W(\d{2})$/.exec(name) ?? [];
  if (year === undefined || week === undefined) return undefined;
  // The fourth of January is always in week 1.
  const fourth = Temporal.PlainDate.from(`${year}-01-04`);
  const monday = fourth.subtract({ days: fourth.dayOfWeek - 1 }).add({ weeks: Number(week) - 1 });
  const period = weekFrom(monday, timezone);
  return period.name === name ? period : undefined;
}

/** Without an offset the zone's own; of an hour that comes twice the first. */
function parseHour(name: string, timezone: string): Period | undefined {
  const [, local, minutes = ':00', offset] =
    /^(\d{4}-\d{2}-\d{2}T\d{2})(:\d{2})?(Z|[+-]\d{2}:\d{2})?$/.exec(name) ?? [];
  if (local === undefined) return undefined;
  const at =
    offset === undefined
      ? Temporal.PlainDateTime.from(`${local}${minutes}`).toZonedDateTime(timezone).epochMilliseconds
      : Temporal.Instant.from(`${local}${minutes}${offset}`).epochMilliseconds;
  return hourFrom(Math.floor(at / hourMs) * hourMs, timezone);
}

function weekFrom(monday: Temporal.PlainDate, timezone: string): Period {
  const name = `${monday.yearOfWeek}-W${String(monday.weekOfYear).padStart(2, '0')}`;
  return spanOf('weekly', name, monday, monday.add({ weeks: 1 }), timezone);
}

function dayOf(day: Temporal.PlainDate, timezone: string): Period {
  return spanOf('daily', day.toString(), day, day.add({ days: 1 }), timezone);
}

function spanOf(
  kind: PeriodKind,
  name: string,
  first: Temporal.PlainDate,
  end: Temporal.PlainDate,
  timezone: string,
): Period {
  const from = first.toZonedDateTime(timezone).epochMilliseconds;
  return { kind, name, from, to: end.toZonedDateTime(timezone).epochMilliseconds, timezone };
}

function hourFrom(from: number, timezone: string): Period {
  const local = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timezone);
  const time = local.toPlainDateTime().toString({ smallestUnit: 'minute' });
  const offset = local.offsetNanoseconds === 0 ? 'Z' : local.offset;
  return { kind: 'hourly', name: `${time.replace(/:00$/, '')}${offset}`, from, to: from + hourMs, timezone };
}

/** Where the chart's columns begin: days of a week, hours of a day, five minutes of an hour; the last ends with the period. */
export function columnsOf({ kind, from, to, timezone }: Period): number[] {
  const starts: number[] = [];
  if (kind === 'weekly') {
    for (let day = periodAt('daily', from, timezone); day.from < to; day = periodAfter(day)) starts.push(day.from);
    return starts;
  }
  const step = kind === 'daily' ? hourMs : 5 * 60_000;
  for (let at = from; at < to; at += step) starts.push(at);
  return starts;
}

/** In words: `Week 2026-W47, 16 to 22 November 2026`. */
export function periodInWords({ kind, name, from, to, timezone }: Period): string {
  const day = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, day: 'numeric', month: 'long', year: 'numeric' });
  if (kind === 'weekly') return `Week ${name}, ${day.formatRange(from, to - 1)}`;
  if (kind === 'daily') return day.format(from);
  const hour = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit' });
  return `${day.format(from)}, ${hour.format(from)} to ${hour.format(to)}`;
}
