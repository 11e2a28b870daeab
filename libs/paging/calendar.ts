/** Shifts as a calendar that phones subscribe to, and overrides out of a calendar that a team keeps elsewhere. */
import { createHash } from 'node:crypto';
import ical, { ICalCalendarMethod } from 'ical-generator';
import ICAL from 'ical.js';
import type { Plan } from './plan.js';
import { shifts } from './schedule.js';
import { isZone, Temporal } from './time.js';

export interface FeedOf {
  readonly kind: 'schedule' | 'responder';
  readonly name: string;
}

/** iCalendar text of the shifts from `from` to `to`: of one schedule with everybody in it, or of one person in all schedules. */
export function calendarOf(plan: Plan, of: FeedOf, from: number, to: number): string {
  const calendar = ical({
    name: `On call: ${of.name}`,
    method: ICalCalendarMethod.PUBLISH,
    prodId: '//Tocsin//on call//EN',
    ttl: 3_600,
  });
  for (const [schedule, definition] of Object.entries(plan.schedules)) {
    if (of.kind === 'schedule' && of.name !== schedule) continue;
    for (const shift of shifts(definition, from, to)) {
      if (shift.responder === undefined || (of.kind === 'responder' && of.name !== shift.responder)) continue;
      const person = plan.responders[shift.responder]?.name ?? shift.responder;
      calendar.createEvent({
        // The same shift keeps its id from one reading to the next, so that a phone does not show it twice.
        id: uid(`${schedule}\u0000${shift.responder}\u0000${shift.to}`),
        start: new Date(shift.from),
        end: new Date(shift.to),
        stamp: new Date(from),
        summary: of.kind === 'schedule' ? `${person} is on call (${schedule})` : `On call: ${schedule}`,
        description: shift.why,
      });
    }
  }
  return calendar.toString();
}

export interface CalendarOverride {
  /** Of the event and its occurrence: read again, it is the same override. */
  readonly id: string;
  readonly responder: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

const occurrencesAtMost = 200;

/**
 * Overrides of `schedule` out of a calendar's events between `from` and `to`. An event's summary names the responder,
 * by id, name or address; repeated events are taken apart. What cannot be read is told in words.
 */
export function overridesOf(
  text: string,
  schedule: string,
  plan: Plan,
  from: number,
  to: number,
): { readonly overrides: CalendarOverride[]; readonly problems: string[] } {
  const overrides: CalendarOverride[] = [];
  const problems: string[] = [];
  const zone = plan.schedules[schedule]?.zone;
  if (zone === undefined)
    return { overrides, problems: [`found the schedule "${schedule}", and the plan has none of that name`] };
  const component = parse(text);
  if (!component) return { overrides, problems: ['this is no iCalendar text'] };
  for (const one of component.getAllSubcomponents('vevent')) {
    const event = new ICAL.Event(one);
    if (one.getFirstPropertyValue('status') === 'CANCELLED') continue;
    const summary = String(event.summary ?? '');
    const responder = responderOf(summary, one, plan);
    if (responder === undefined) {
      problems.push(`the event "${summary.slice(0, 80)}" names no responder of the plan`);
      continue;
    }
    for (const [start, end] of occurrences(event, zone, to)) {
      if (end <= from || start >= to || start >= end) continue;
      const id = `ical-${uid(`${schedule}\u0000${String(event.uid)}\u0000${start}`)}`;
      overrides.push({ id, responder, from: start, to: end, reason: `calendar: ${summary.slice(0, 200)}` });
    }
  }
  return { overrides, problems };
}

function parse(text: string): InstanceType<typeof ICAL.Component> | undefined {
  try {
    return ICAL.Component.fromString(text);
  } catch {
    return undefined;
  }
}

function* occurrences(event: InstanceType<typeof ICAL.Event>, zone: string, to: number): Generator<[number, number]> {
  const length =
    instant(event.endDate, zoneOf(event, 'dtend') ?? zoneOf(event, 'dtstart'), zone) -
    instant(event.startDate, zoneOf(event, 'dtstart'), zone);
  const starts = zoneOf(event, 'dtstart');
  if (!event.isRecurring()) {
    const start = instant(event.startDate, starts, zone);
    yield [start, start + length];
    return;
  }
  const iterator = event.iterator();
  for (let count = 0; count < occurrencesAtMost; count++) {
    const next = iterator.next();
    if (!next) return;
    const start = instant(next, starts, zone);
    if (start >= to) return;
    yield [start, start + length];
  }
}

function zoneOf(event: InstanceType<typeof ICAL.Event>, property: string): string | undefined {
  const found = event.component.getFirstProperty(property)?.getFirstParameter('tzid');
  return typeof found === 'string' && isZone(found) ? found : undefined;
}

/** IANA zones by Temporal; others by the calendar's own definition; floating times are of the schedule's zone. */
function instant(time: InstanceType<typeof ICAL.Time>, iana: string | undefined, floating: string): number {
  const zone = time.zone?.tzid;
  if (iana === undefined && zone !== undefined && zone !== 'floating') return time.toUnixTime() * 1_000;
  const { year, month, day, hour, minute, second } = time;
  const wall = Temporal.PlainDateTime.from({ year, month, day, hour, minute, second });
  return wall.toZonedDateTime(iana ?? floating).epochMilliseconds;
}

function responderOf(summary: string, event: InstanceType<typeof ICAL.Component>, plan: Plan): string | undefined {
  const attendees = event
    .getAllProperties('attendee')
    .map((one) => String(one.getFirstValue()).replace(/^mailto:/i, ''));
  const words = [summary.trim(), ...attendees].map((word) => word.toLowerCase());
  return Object.entries(plan.responders).find(([id, { name, contacts }]) => {
    const known = [id, name ?? id, ...contacts.flatMap((one) => (one.channel === 'email' ? [one.address] : []))];
    return known.some((word) => words.includes(word.toLowerCase()));
  })?.[0];
}

const uid = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
