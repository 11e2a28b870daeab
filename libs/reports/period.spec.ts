import fc from 'fast-check';
import { duePeriods, lateness, wantedKinds } from './due.js';
import { columnsOf, lastEnded, parsePeriod, periodAfter, periodAt, periodBefore, periodKinds } from './period.js';

const hours = ({ from, to }: { from: number; to: number }) => (to - from) / 3_600_000;
const iso = (at: number) => new Date(at).toISOString();

test('a week is Monday to Sunday in the policy’s zone, an hour short or long where clocks change', () => {
  const spring = parsePeriod('weekly', '2026-W13', 'Europe/Berlin')!;
  expect(iso(spring.from)).toBe('2026-03-22T23:00:00.000Z');
  expect(iso(spring.to)).toBe('2026-03-29T22:00:00.000Z');
  expect(hours(spring)).toBe(167);
  expect(hours(parsePeriod('weekly', '2026-W43', 'Europe/Berlin')!)).toBe(169);
  expect(hours(parsePeriod('daily', '2026-03-29', 'Europe/Berlin')!)).toBe(23);
  expect(hours(parsePeriod('daily', '2026-10-25', 'Europe/Berlin')!)).toBe(25);
});

test('weeks are ISO weeks across the year’s end', () => {
  expect(periodAt('weekly', Date.parse('2026-12-31T12:00:00Z'), 'UTC').name).toBe('2026-W53');
  expect(periodAt('weekly', Date.parse('2027-01-03T23:59:59Z'), 'UTC').name).toBe('2026-W53');
  expect(periodAt('weekly', Date.parse('2027-01-04T00:00:00Z'), 'UTC').name).toBe('2027-W01');
  expect(periodAt('weekly', Date.parse('2024-12-30T00:00:00Z'), 'UTC').name).toBe('2025-W01');
  // Still the old year there.
  expect(periodAt('daily', Date.parse('2027-01-01T04:00:00Z'), 'America/New_York').name).toBe('2026-12-31');
});

test('an hour that comes twice is two periods, and one that is skipped is none of them', () => {
  const first = parsePeriod('hourly', '2026-10-25T02', 'Europe/Berlin')!;
  expect(first.name).toBe('2026-10-25T02+02:00');
  expect(periodAfter(first).name).toBe('2026-10-25T02+01:00');
  const before = parsePeriod('hourly', '2026-03-29T01', 'Europe/Berlin')!;
  expect(periodAfter(before).name).toBe('2026-03-29T03+02:00');
  expect(parsePeriod('hourly', '2026-11-24T13Z', 'UTC')!.name).toBe('2026-11-24T13Z');
  expect(periodAt('hourly', 0, 'Asia/Kolkata').name).toBe('1970-01-01T05:30+05:30');
});

test('names of no week, day or hour are refused', () => {
  for (const [kind, name] of [
    ['weekly', '2025-W53'],
    ['weekly', '2026-W00'],
    ['weekly', '2026-47'],
    ['daily', '2026-02-30'],
    ['daily', 'yesterday'],
    ['hourly', '2026-11-24T25'],
    ['hourly', '2026-11-24'],
  ] as const)
    expect(parsePeriod(kind, name, 'Europe/Berlin')).toBeUndefined();
});

test('periods of a kind follow one another without hole or overlap, and each is found by its name', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia'];
  fc.assert(
    fc.property(
      fc.constantFrom(...periodKinds),
      fc.constantFrom(...zones),
      fc.integer({ min: Date.parse('2005-01-01'), max: Date.parse('2040-01-01') }),
      (kind, zone, at) => {
        const period = periodAt(kind, at, zone);
        expect(period.from <= at && at < period.to).toBe(true);
        expect(periodAfter(period).from).toBe(period.to);
        expect(periodBefore(period).to).toBe(period.from);
        expect(parsePeriod(kind, period.name, zone)).toEqual(period);
        expect(lastEnded(kind, at, zone).to).toBe(period.from);
        const columns = columnsOf(period);
        expect(columns[0]).toBe(period.from);
        expect(columns.every((start, place) => start < (columns[place + 1] ?? period.to))).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('the weekly report always runs, the policy’s own beside it', () => {
  expect(wantedKinds({ frequency: 'weekly' })).toEqual(['weekly']);
  expect(wantedKinds({ frequency: 'daily' })).toEqual(['weekly', 'daily']);
  expect(wantedKinds({ frequency: 'hourly' })).toEqual(['weekly', 'hourly']);
});

test('what ended while nobody was here is due, and a first start owes nothing', () => {
  const now = Date.parse('2026-12-14T08:00:00Z');
  const names = (unmadeTo?: string) =>
    duePeriods('weekly', 'UTC', now, unmadeTo === undefined ? undefined : Date.parse(unmadeTo)).map(({ name }) => name);
  expect(names()).toEqual(['2026-W51']);
  expect(names('2026-11-23T00:00:00Z')).toEqual(['2026-W48', '2026-W49', '2026-W50', '2026-W51']);
  // The running one is planned already.
  expect(names('2026-12-21T00:00:00Z')).toEqual(['2026-W51']);
  expect(duePeriods('hourly', 'UTC', now, Date.parse('2026-11-01T00:00:00Z'))).toHaveLength(25);
});

test('a report is late a quarter of an hour after its period, and says by how much', () => {
  const to = new Date('2026-11-23T00:00:00Z');
  expect(lateness(to, new Date('2026-11-23T00:15:00Z'), 'weekly')).toBeUndefined();
  expect(lateness(to, new Date('2026-11-23T03:00:00Z'), 'weekly')).toContain('its week ended 3 h ago');
});
