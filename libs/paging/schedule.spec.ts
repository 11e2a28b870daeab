import fc from 'fast-check';
import { planSchema, type Schedule } from './plan.js';
import { onCall, scheduleIssues, shifts, whoIsOnCall } from './schedule.js';
import { minutesOf, weekdays, zoned, Temporal } from './time.js';

const at = (text: string) => Date.parse(text);
const hour = 3_600_000;
const minute = 60_000;

function scheduleOf(input: object): Schedule {
  const people = ['ann', 'ben', 'cat', 'dan'];
  const plan = planSchema.parse({
    responders: Object.fromEntries(
      people.map((name) => [name, { contacts: [{ name: 'm', channel: 'email', address: `${name}@example.com` }] }]),
    ),
    schedules: { s: input },
  });
  const schedule = plan.schedules['s'];
  if (!schedule) throw new Error('no schedule');
  return schedule;
}

const weekly = (zone: string, over: object = {}) =>
  scheduleOf({
    zone,
    layers: [
      {
        rotation: 'weekly',
        handoff: { on: 'mon', at: '09:00' },
        starts: '2026-01-05',
        responders: ['ann', 'ben'],
        ...over,
      },
    ],
  });

test('a hand-off at 09:00 stays at 09:00 when clocks change', () => {
  const berlin = weekly('Europe/Berlin');
  const found = shifts(berlin, at('2026-03-16T08:00:00Z'), at('2026-04-06T07:00:00Z'));
  expect(found.map(({ responder, from, to }) => [responder, new Date(from).toISOString(), (to - from) / hour])).toEqual(
    [
      ['ann', '2026-03-16T08:00:00.000Z', 168],
      ['ben', '2026-03-23T08:00:00.000Z', 167],
      ['ann', '2026-03-30T07:00:00.000Z', 168],
    ],
  );
});

test('a hand-off in the hour that is skipped happens at its end, one in the hour that comes twice at the first', () => {
  const daily = (starts: string) =>
    scheduleOf({
      zone: 'Europe/Berlin',
      layers: [{ rotation: 'daily', handoff: { at: '02:30' }, starts, responders: ['ann', 'ben'] }],
    });
  const edges = (starts: string, from: string, to: string) =>
    shifts(daily(starts), at(from), at(to)).map(({ from: edge }) => new Date(edge).toISOString());
  expect(edges('2026-03-28', '2026-03-29T00:00:00Z', '2026-03-29T12:00:00Z')).toEqual([
    '2026-03-29T00:00:00.000Z',
    '2026-03-29T01:30:00.000Z',
  ]);
  expect(edges('2026-10-24', '2026-10-24T23:00:00Z', '2026-10-25T12:00:00Z')).toEqual([
    '2026-10-24T23:00:00.000Z',
    '2026-10-25T00:30:00.000Z',
  ]);
});

test('an override stands over a hand-off and says its reason', () => {
  const schedule = scheduleOf({
    zone: 'America/New_York',
    layers: [{ starts: '2026-01-05', responders: ['ann', 'ben'] }],
    overrides: [{ responder: 'cat', from: '2026-03-09T08:00', to: '2026-03-09T10:00', reason: 'swap' }],
  });
  const found = shifts(schedule, at('2026-03-09T11:00:00Z'), at('2026-03-09T16:00:00Z'));
  expect(found.map(({ responder, from }) => `${responder} ${new Date(from).toISOString()}`)).toEqual([
    'ann 2026-03-09T11:00:00.000Z',
    'cat 2026-03-09T12:00:00.000Z',
    'ben 2026-03-09T14:00:00.000Z',
  ]);
  expect(onCall(schedule, at('2026-03-09T13:00:00Z'))).toMatchObject({
    responder: 'cat',
    because: 'override',
    why: expect.stringContaining('swap'),
  });
});

test('a restriction that runs over midnight belongs to the day it begins', () => {
  const nights = weekly('UTC', { restrict: [{ days: ['fri'], from: '22:00', to: '06:00' }] });
  const on = (text: string) => onCall(nights, at(text)).responder !== undefined;
  expect(on('2026-01-09T21:59:00Z')).toBe(false);
  expect(on('2026-01-09T22:00:00Z')).toBe(true);
  expect(on('2026-01-10T05:59:00Z')).toBe(true);
  expect(on('2026-01-10T06:00:00Z')).toBe(false);
  expect(on('2026-01-10T22:30:00Z')).toBe(false);
});

test('a later layer stands above an earlier one, in its hours alone', () => {
  const schedule = scheduleOf({
    zone: 'UTC',
    layers: [
      { starts: '2026-01-05', responders: ['ann'] },
      { starts: '2026-01-05', responders: ['dan'], restrict: [{ days: ['mon', 'tue'], from: '09:00', to: '17:00' }] },
    ],
  });
  expect(onCall(schedule, at('2026-01-06T12:00:00Z')).responder).toBe('dan');
  expect(onCall(schedule, at('2026-01-06T17:00:00Z')).responder).toBe('ann');
});

test('gaps of the coming 90 days and overrides that cover one another are found', () => {
  const plan = planSchema.parse({
    responders: { ann: { contacts: [{ name: 'm', channel: 'email', address: 'a@example.com' }] } },
    schedules: {
      holes: {
        zone: 'UTC',
        layers: [{ starts: '2026-01-05', responders: ['ann'], restrict: [{ from: '00:00', to: '23:00' }] }],
      },
      meant: { zone: 'UTC', gaps_allowed: true, layers: [{ starts: '2027-01-05', responders: ['ann'] }] },
      double: {
        zone: 'UTC',
        layers: [{ starts: '2026-01-01', responders: ['ann'] }],
        overrides: [
          { from: '2026-02-01T00:00', to: '2026-02-02T00:00' },
          { responder: 'ann', from: '2026-02-01T12:00', to: '2026-02-03T00:00' },
        ],
      },
    },
  });
  const issues = scheduleIssues(plan, at('2026-01-12T10:00:00Z'));
  expect(issues.filter(({ schedule }) => schedule === 'holes')).toHaveLength(90);
  expect(issues.filter(({ schedule }) => schedule === 'meant')).toEqual([]);
  expect(issues.find(({ kind }) => kind === 'overlap')).toMatchObject({
    schedule: 'double',
    from: at('2026-02-01T12:00:00Z'),
    to: at('2026-02-02T00:00:00Z'),
  });
  expect(
    whoIsOnCall(plan, at('2026-01-12T10:00:00Z')).map(({ schedule, responder }) => `${schedule} ${responder}`),
  ).toEqual(['holes ann', 'meant undefined', 'double ann']);
});

const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'] as const;

/**
 * The obvious model: walks minute by minute in UTC, looks at the wall clock, and hands over whenever the clock has
 * reached the hand-off of a new day. It knows no arithmetic of days.
 */
function* slowModel(schedule: Schedule, from: number, to: number): Generator<[number, string | undefined]> {
  const turns = schedule.layers.map(() => ({ turn: -1, lastDate: '' }));
  const begin = Math.min(...schedule.layers.map(({ starts }) => at(`${starts}T00:00:00Z`))) - 26 * hour;
  for (let now = begin; now < to; now += minute) {
    const wall = zoned(now, schedule.zone);
    const date = wall.toPlainDate();
    const clock = wall.hour * 60 + wall.minute;
    const who: (string | undefined)[] = schedule.layers.map((layer, index) => {
      const state = turns[index];
      if (!state) return undefined;
      const today = date.toString();
      if (
        today >= layer.starts &&
        state.lastDate !== today &&
        clock >= minutesOf(layer.handoff.at) &&
        turnsOn(layer, date)
      ) {
        state.turn++;
        state.lastDate = today;
      }
      if (state.turn < 0) return undefined;
      const inHours = layer.restrict.length === 0 || layer.restrict.some((window) => within(window, wall));
      return inHours ? layer.responders[state.turn % layer.responders.length] : undefined;
    });
    if (now >= from) yield [now, who.findLast((one) => one !== undefined)];
  }
}

function turnsOn(layer: Schedule['layers'][number], date: Temporal.PlainDate): boolean {
  let first = Temporal.PlainDate.from(layer.starts);
  if (layer.rotation === 'weekly')
    while (weekdays[first.dayOfWeek - 1] !== layer.handoff.on) first = first.add({ days: 1 });
  const period = layer.every * (layer.rotation === 'weekly' ? 7 : 1);
  for (let day = first; Temporal.PlainDate.compare(day, date) <= 0; day = day.add({ days: period }))
    if (day.equals(date)) return true;
  return false;
}

function within(window: { days: readonly string[]; from: string; to: string }, wall: Temporal.ZonedDateTime): boolean {
  const clock = wall.hour * 60 + wall.minute;
  const today = weekdays[wall.dayOfWeek - 1] ?? '';
  const yesterday = weekdays[(wall.dayOfWeek + 5) % 7] ?? '';
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
  if (to > from) return window.days.includes(today) && clock >= from && clock < to;
  return (window.days.includes(today) && clock >= from) || (window.days.includes(yesterday) && clock < to);
}

const time = fc
  .integer({ min: 3, max: 23 })
  .chain((h) => fc.constantFrom('00', '17', '30', '59').map((m) => `${String(h).padStart(2, '0')}:${m}`));
const days = fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1 });
const layer = fc.record({
  rotation: fc.constantFrom('daily' as const, 'weekly' as const),
  every: fc.integer({ min: 1, max: 3 }),
  handoff: fc.record({ at: time, on: fc.constantFrom(...weekdays) }),
  starts: fc.constantFrom('2026-03-20', '2026-03-25', '2026-10-18', '2026-10-22'),
  responders: fc.uniqueArray(fc.constantFrom('ann', 'ben', 'cat', 'dan'), { minLength: 1 }),
  restrict: fc.array(
    fc.record({ days, from: time, to: time }).filter(({ from, to }) => from !== to),
    { maxLength: 2 },
  ),
});

test('schedules agree with a slow model minute by minute, over clock changes in four zones', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.array(layer, { minLength: 1, maxLength: 2 }),
      fc.constantFrom('2026-03-27T00:00:00Z', '2026-10-23T12:00:00Z'),
      (zone, layers, start) => {
        const usable = layers.filter(({ starts }) => starts.slice(0, 7) === start.slice(0, 7));
        fc.pre(usable.length > 0);
        const schedule = scheduleOf({ zone, layers: usable });
        const from = at(start);
        const to = from + 4 * 24 * hour;
        const fast = shifts(schedule, from, to);
        let index = 0;
        for (const [now, who] of slowModel(schedule, from, to)) {
          while ((fast[index]?.to ?? Infinity) <= now) index++;
          if (fast[index]?.responder !== who) {
            throw new Error(`${zone} at ${new Date(now).toISOString()}: ${fast[index]?.responder} instead of ${who}`);
          }
        }
      },
    ),
    { numRuns: 25 },
  );
});

test.each(zones)('two months over both clock changes leave no gap and lose no turn in %s', (zone) => {
  for (const [from, to] of [
    ['2026-02-23T12:00:00Z', '2026-05-04T12:00:00Z'],
    ['2026-09-28T12:00:00Z', '2026-11-30T12:00:00Z'],
  ] as const) {
    const found = shifts(weekly(zone), at(from), at(to));
    expect(
      found.every(
        ({ responder }, index) => responder !== undefined && (index === 0 || responder !== found[index - 1]?.responder),
      ),
    ).toBe(true);
    for (const { from: edge } of found.slice(1)) {
      const wall = zoned(edge, zone);
      expect([wall.dayOfWeek, wall.hour, wall.minute]).toEqual([1, 9, 0]);
    }
    expect(found.length).toBe(Math.round((at(to) - at(from)) / (7 * 24 * hour)) + 1);
  }
});
