import { testDatabase } from '../../test/harness/database.js';
import { importCalendar, makeFeed, readFeed, revokeFeeds } from './calendar-feeds.repository.js';
import { calendarOf, overridesOf } from './calendar.js';
import { arrangementsAt, withOverrides } from './arrangements.repository.js';
import { email } from './paging.fixture.js';
import { planSchema } from './plan.js';
import { whoIsOnCall } from './schedule.js';

const plan = planSchema.parse({
  responders: { ann: { name: 'Ann Example', contacts: [email('ann')] }, ben: { contacts: [email('ben')] } },
  schedules: { primary: { zone: 'Europe/Berlin', layers: [{ starts: '2026-01-05', responders: ['ann', 'ben'] }] } },
});
const at = (text: string) => Date.parse(text);
const [from, to] = [at('2026-03-02T00:00:00Z'), at('2026-04-20T00:00:00Z')];

const calendar = (...lines: string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//x//y//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n');
const event = (...lines: string[]) => [
  'BEGIN:VEVENT',
  'UID:1@example.com',
  'DTSTAMP:20260101T000000Z',
  ...lines,
  'END:VEVENT',
];
const read = (...lines: string[]) => overridesOf(calendar(...event(...lines)), 'primary', plan, from, to);

test("a person's feed holds their shifts alone, and a second reading has the same ids", () => {
  const text = calendarOf(plan, { kind: 'responder', name: 'ann' }, from, to);
  expect(text.match(/BEGIN:VEVENT/g)).toHaveLength(4);
  expect(text).toContain('SUMMARY:On call: primary');
  const ids = (of: string) => of.match(/UID:.*/g);
  expect(ids(calendarOf(plan, { kind: 'responder', name: 'ann' }, from, to))).toEqual(ids(text));
});

test('what a schedule exports comes back as the same hours', () => {
  const text = calendarOf(plan, { kind: 'schedule', name: 'primary' }, from, to).replaceAll(
    /SUMMARY:(\S+).*\r\n/g,
    (_, name: string) => `SUMMARY:${name === 'Ann' ? 'ann' : name}\r\n`,
  );
  const { overrides, problems } = overridesOf(text, 'primary', plan, from, to);
  expect(problems).toEqual([]);
  expect(overrides[1]).toMatchObject({
    responder: 'ann',
    from: at('2026-03-02T08:00:00Z'),
    to: at('2026-03-09T08:00:00Z'),
  });
  expect(overrides.reduce((sum, one) => sum + one.to - one.from, 0)).toBe(to - from);
});

test('a named zone, a floating time and UTC are each read as meant, over a clock change', () => {
  const start = (line: string, end: string) => read(line, end, 'SUMMARY:Ben').overrides[0]?.from;
  expect(start('DTSTART;TZID=America/New_York:20260330T090000', 'DTEND;TZID=America/New_York:20260330T170000')).toBe(
    at('2026-03-30T13:00:00Z'),
  );
  expect(start('DTSTART:20260330T090000', 'DTEND:20260330T170000')).toBe(at('2026-03-30T07:00:00Z'));
  expect(start('DTSTART:20260330T090000Z', 'DTEND:20260330T170000Z')).toBe(at('2026-03-30T09:00:00Z'));
});

test('a weekly event becomes an override each week until the end of the reading', () => {
  const { overrides } = read(
    'DTSTART;TZID=Europe/Berlin:20260304T200000',
    'DTEND;TZID=Europe/Berlin:20260305T080000',
    'RRULE:FREQ=WEEKLY',
    'SUMMARY:ann@example.com',
  );
  expect(overrides.map(({ from: start }) => new Date(start).toISOString().slice(0, 16))).toEqual([
    '2026-03-04T19:00',
    '2026-03-11T19:00',
    '2026-03-18T19:00',
    '2026-03-25T19:00',
    '2026-04-01T18:00',
    '2026-04-08T18:00',
    '2026-04-15T18:00',
  ]);
  expect(new Set(overrides.map(({ id }) => id)).size).toBe(7);
});

test('an event that names nobody and a text that is no calendar are told, not taken', () => {
  expect(read('DTSTART:20260330T090000Z', 'DTEND:20260330T170000Z', 'SUMMARY:Team lunch')).toEqual({
    overrides: [],
    problems: ['the event "Team lunch" names no responder of the plan'],
  });
  expect(overridesOf('<html>', 'primary', plan, from, to).problems).toEqual(['this is no iCalendar text']);
  expect(overridesOf('', 'secondary', plan, from, to).problems[0]).toContain('none of that name');
});

test('an imported override stands above the plan, goes with its event, and a revoked feed is unknown', async () => {
  const db = await testDatabase();
  try {
    await db.clock.set('2026-03-02T00:00:00Z');
    const text = calendar(...event('DTSTART:20260304T080000Z', 'DTEND:20260304T100000Z', 'SUMMARY:Ben'));
    const take = (of: string) => db.database.transaction((tx) => importCalendar(tx, 'primary', of, plan, 'ann'));
    expect(await take(text)).toEqual({ taken: 1, problems: [] });
    expect(await take(text)).toEqual({ taken: 1, problems: [] });
    const who = async () => {
      const when = new Date('2026-03-04T09:00:00Z');
      const { overrides } = await arrangementsAt(db.database, when);
      return whoIsOnCall(withOverrides(plan, overrides), when.getTime())[0]?.responder;
    };
    expect(await who()).toBe('ben');
    const secret = await db.database.transaction((tx) => makeFeed(tx, { kind: 'schedule', name: 'primary' }, 'ann'));
    const now = await db.database.now();
    expect(await readFeed(db.database, secret, plan, now)).toContain('calendar: Ben');
    expect(await readFeed(db.database, `${secret}x`, plan, now)).toBeUndefined();
    expect(await take('not a calendar')).toMatchObject({ taken: 0 });
    expect(await who()).toBe('ben');
    await take(calendar());
    expect(await who()).not.toBe('ben');
    expect(await db.database.transaction((tx) => revokeFeeds(tx, { kind: 'schedule', name: 'primary' }))).toBe(1);
    expect(await readFeed(db.database, secret, plan, now)).toBeUndefined();
  } finally {
    await db.drop();
  }
});
