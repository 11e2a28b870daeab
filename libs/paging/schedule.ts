/**
 * Who is on call? A schedule's layers turn by local wall time, so a hand-off at 09:00 stays at 09:00 when clocks
 * change. Overrides stand above layers, later layers above earlier ones.
 */
import type { Hours, Layer, Plan, Schedule } from './plan.js';
import { instantOf, minutesOf, Temporal, weekdayOf, weekdays, zoned, type PlainDate } from './time.js';

export type Reason = 'override' | 'rotation' | 'nobody';

export interface OnCall {
  /** Absent where nobody is. */
  readonly responder?: string;
  readonly because: Reason;
  /** In words: which layer or override, until when. */
  readonly why: string;
}

/** A stretch of time in which the same person is on call for the same reason; milliseconds since 1970, end excluded. */
export interface Shift extends OnCall {
  readonly from: number;
  readonly to: number;
}

export interface WhoAnswer extends OnCall {
  readonly schedule: string;
  readonly name?: string;
}

/** Of every schedule of the plan, who is on call at `at` and why. */
export function whoIsOnCall(plan: Plan, at: number): readonly WhoAnswer[] {
  return Object.entries(plan.schedules).map(([name, schedule]) => {
    const answer = onCall(schedule, at);
    const person = answer.responder === undefined ? undefined : plan.responders[answer.responder]?.name;
    return { schedule: name, ...answer, ...(person !== undefined && { name: person }) };
  });
}

export function onCall(schedule: Schedule, at: number): OnCall {
  for (let i = schedule.overrides.length - 1; i >= 0; i--) {
    const override = schedule.overrides[i];
    if (!override) continue;
    const { from, to } = overrideTimes(override, schedule.zone);
    if (at < from || at >= to) continue;
    const because = override.reason ? `: ${override.reason}` : '';
    const why = `override from ${override.from} to ${override.to}${because}`;
    return override.responder === undefined
      ? { because: 'nobody', why }
      : { responder: override.responder, because: 'override', why };
  }
  for (let i = schedule.layers.length - 1; i >= 0; i--) {
    const layer = schedule.layers[i];
    const turn = layer && turnOf(layer, at, schedule.zone);
    if (!layer || turn === undefined || !allowed(layer.restrict, at, schedule.zone)) continue;
    const responder = layer.responders[turn % layer.responders.length];
    const restricted = layer.restrict.length > 0 ? ', within its hours' : '';
    const why = `${layer.rotation} rotation, layer ${layer.name ?? i + 1}, turn ${turn + 1}${restricted}`;
    if (responder !== undefined) return { responder, because: 'rotation', why };
  }
  return { because: 'nobody', why: 'no layer has anybody at this time' };
}

/** Which turn of the rotation `at` is in, from 0 at the first hand-off; undefined before it and after the layer's end. */
export function turnOf(layer: Layer, at: number, timeZone: string): number | undefined {
  const handoff = minutesOf(layer.handoff.at);
  const first = firstHandoff(layer);
  const period = layer.every * (layer.rotation === 'weekly' ? 7 : 1);
  if (layer.ends !== undefined && at >= instantOf(Temporal.PlainDate.from(layer.ends), 0, timeZone)) return undefined;
  const days = first.until(zoned(at, timeZone).toPlainDate(), { largestUnit: 'days' }).days;
  // The day count can be one turn too far before the day's hand-off, or short where 24:00 is the hand-off.
  let turn = Math.floor(days / period) + 1;
  while (turn >= 0 && instantOf(first.add({ days: turn * period }), handoff, timeZone) > at) turn--;
  return turn < 0 ? undefined : turn;
}

function firstHandoff(layer: Layer): PlainDate {
  const starts = Temporal.PlainDate.from(layer.starts);
  if (layer.rotation === 'daily') return starts;
  const ahead = (weekdays.indexOf(layer.handoff.on) + 1 - starts.dayOfWeek + 7) % 7;
  return starts.add({ days: ahead });
}

/** True inside any of the windows, and always where there is none. */
export function allowed(windows: readonly Hours[], at: number, timeZone: string): boolean {
  if (windows.length === 0) return true;
  const today = zoned(at, timeZone).toPlainDate();
  return [today.subtract({ days: 1 }), today].some((date) =>
    windows.some((window) => {
      const span = windowOn(window, date, timeZone);
      return span !== undefined && at >= span.from && at < span.to;
    }),
  );
}

function windowOn(window: Hours, date: PlainDate, timeZone: string): { from: number; to: number } | undefined {
  if (!window.days.includes(weekdayOf(date))) return undefined;
  const from = minutesOf(window.from);
  const to = minutesOf(window.to);
  return {
    from: instantOf(date, from, timeZone),
    to: instantOf(to > from ? date : date.add({ days: 1 }), to, timeZone),
  };
}

/** Override times are local to the schedule unless they carry an offset. */
export function instantOfText(text: string, timeZone: string): number {
  if (/Z$|[+-]\d{2}:\d{2}$/.test(text)) return Temporal.Instant.from(text).epochMilliseconds;
  return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone).epochMilliseconds;
}

function overrideTimes(override: { from: string; to: string }, timeZone: string): { from: number; to: number } {
  return { from: instantOfText(override.from, timeZone), to: instantOfText(override.to, timeZone) };
}

/** The schedule from `from` to `to`, without holes: stretches in order, each with who and why. */
export function shifts(schedule: Schedule, from: number, to: number): Shift[] {
  const edges = [...boundaries(schedule, from, to)].filter((edge) => edge > from && edge < to);
  const starts = [from, ...new Set(edges.toSorted((a, b) => a - b))];
  const found: Shift[] = [];
  starts.forEach((start, index) => {
    const end = starts[index + 1] ?? to;
    const answer = onCall(schedule, start);
    const last = found.at(-1);
    if (last && last.responder === answer.responder && last.why === answer.why)
      found[found.length - 1] = { ...last, to: end };
    else found.push({ ...answer, from: start, to: end });
  });
  return found;
}

/** Every instant at which the answer may change. */
function* boundaries(schedule: Schedule, from: number, to: number): Generator<number> {
  for (const override of schedule.overrides) {
    const times = overrideTimes(override, schedule.zone);
    yield times.from;
    yield times.to;
  }
  const last = zoned(to, schedule.zone).toPlainDate().add({ days: 1 });
  let date = zoned(from, schedule.zone).toPlainDate().subtract({ days: 2 });
  for (; Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    for (const layer of schedule.layers) {
      yield instantOf(date, minutesOf(layer.handoff.at), schedule.zone);
      if (layer.ends === date.toString()) yield instantOf(date, 0, schedule.zone);
      for (const window of layer.restrict) {
        const span = windowOn(window, date, schedule.zone);
        if (span) yield* [span.from, span.to];
      }
    }
  }
}

export interface ScheduleIssue {
  readonly kind: 'gap' | 'overlap';
  readonly schedule: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

const lookAhead = 90 * 86_400_000;

/** Hours of the coming 90 days (or `ahead`) that nobody covers, and overrides of two people for the same hours. */
export function scheduleIssues(plan: Plan, now: number, ahead = lookAhead): ScheduleIssue[] {
  return Object.entries(plan.schedules).flatMap(([name, schedule]) => [
    ...(schedule.gaps_allowed ? [] : gaps(name, schedule, now, now + ahead)),
    ...overlaps(name, schedule, now, now + ahead),
  ]);
}

function gaps(name: string, schedule: Schedule, from: number, to: number): ScheduleIssue[] {
  return shifts(schedule, from, to)
    .filter((shift) => shift.responder === undefined)
    .map(({ from: start, to: end, why }) => ({ kind: 'gap' as const, schedule: name, from: start, to: end, why }));
}

function overlaps(name: string, schedule: Schedule, from: number, to: number): ScheduleIssue[] {
  const spans = schedule.overrides.map((one) => ({
    ...overrideTimes(one, schedule.zone),
    who: one.responder ?? 'nobody',
  }));
  return spans.flatMap((one, index) =>
    spans.slice(index + 1).flatMap((other) => {
      const start = Math.max(one.from, other.from, from);
      const end = Math.min(one.to, other.to, to);
      if (start >= end || one.who === other.who) return [];
      const why = `overrides of ${one.who} and ${other.who} cover the same hours; ${other.who} is taken, being listed later`;
      return [{ kind: 'overlap' as const, schedule: name, from: start, to: end, why }];
    }),
  );
}

/** Of every schedule, or the one named, who is on call from `from` to `to`, stretch by stretch. */
export function whoBetween(
  plan: Plan,
  from: number,
  to: number,
  only?: string,
): readonly { readonly schedule: string; readonly shifts: readonly Shift[] }[] {
  return Object.entries(plan.schedules).flatMap(([name, schedule]) =>
    only === undefined || only === name ? [{ schedule: name, shifts: shifts(schedule, from, to) }] : [],
  );
}
