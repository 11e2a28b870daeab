import fc from 'fast-check';
import { parseNanoseconds, parseTime, utcDay } from './time.js';

test('a date and time in any offset is read as its moment', () => {
  const moment = fc.date({
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(moment, fc.integer({ min: -1439, max: 1439 }), (date, offset) => {
      const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1);
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
      const text = `${local}${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
      expect(parseTime(text)).toBe(date.getTime());
      expect(parseTime(date.toISOString())).toBe(date.getTime());
      expect(utcDay(date.getTime())).toBe(date.toISOString().slice(0, 10));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test.each([
  ['2026-03-02T10:00:00Z', '2026-03-02T10:00:00.000Z'],
  ['2026-03-02t10:00:00z', '2026-03-02T10:00:00.000Z'],
  ['2026-03-02 10:00:00.5+00:00', '2026-03-02T10:00:00.500Z'],
  ['2026-03-02T10:00:00.123456789Z', '2026-03-02T10:00:00.123Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
])('%s is read', (text, moment) => {
  expect(parseTime(text)).toBe(Date.parse(moment));
});

test.each([
  '2026-03-02',
  '2026-03-02T10:00:00',
  '2026-03-02T10:00Z',
  '2026-02-29T00:00:00Z',
  '2100-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-03-02T24:00:00Z',
  '2026-03-02T10:00:00.Z',
  '2026-03-02T10:00:00+0100',
  '2026-03-02T10:00:00Zulu',
  '0000-12-31T00:00:00Z',
  '9999-12-31T23:59:59-01:00',
  'Mon, 02 Mar 2026 10:00:00 GMT',
  '1772445600000',
  '',
])('%p is no time', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test('nanoseconds are read from decimal text or a number, to the millisecond', () => {
  expect(parseNanoseconds('1772445600123999999')).toBe(1_772_445_600_123);
  expect(parseNanoseconds(1_772_445_600_000_000_000)).toBe(1_772_445_600_000);
  for (const wrong of ['', '-1', '1e9', 1.5, null, {}, '9'.repeat(21)]) expect(parseNanoseconds(wrong)).toBeUndefined();
});
