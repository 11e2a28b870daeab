import { aFinding, noon } from './builders.js';
import { FloodMeter } from './flood.js';
import { verdictOf, wilson } from './review.js';
import { TallySheet } from './tally.js';

test('a rule floods when it fires on over 5 % of at least 1,000 events of a minute', () => {
  const times = (count: number) => Array.from({ length: count }, () => noon);
  const hits = (count: number) => Array.from({ length: count }, (_, i) => aFinding({ output: `${i}` }));
  expect([...new FloodMeter().observe(times(999), hits(500))]).toEqual([]);
  expect([...new FloodMeter().observe(times(1_000), hits(50))]).toEqual([]);
  expect([...new FloodMeter().observe(times(1_000), hits(51))]).toEqual(['rule-1']);
  const meter = new FloodMeter();
  expect([...meter.observe(times(600), hits(40))]).toEqual([]);
  expect([...meter.observe(times(600), hits(40))]).toEqual(['rule-1']);
});

test('a sheet counts per minute and kind, and invented names do not fill it', () => {
  const sheet = new TallySheet();
  sheet.add({ at: noon, model: 'm' }, 'outputs');
  sheet.add({ at: noon + 59_999, model: 'm' }, 'outputs');
  sheet.add({ at: noon + 60_000, model: 'm' }, 'outputs');
  expect(sheet.rows().map(({ count }) => count)).toEqual([2, 1]);
  for (let i = 0; i < 5_000; i++) sheet.add({ at: noon, model: `invented ${i}` }, 'outputs');
  const rows = sheet.rows();
  expect(rows.length).toBeLessThan(300);
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(5_003);
});

test("Wilson's interval is wide for few reviews, inside [0, 1], and known for 8 of 10", () => {
  const { low, high } = wilson(8, 10);
  expect(low).toBeCloseTo(0.4902, 3);
  expect(high).toBeCloseTo(0.9433, 3);
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  expect(wilson(5, 5).high).toBe(1);
});

test('reviewers who disagree leave a finding unsure', () => {
  expect(verdictOf(['true', 'true'])).toBe('true');
  expect(verdictOf(['true', 'unsure'])).toBe('true');
  expect(verdictOf(['true', 'false'])).toBe('unsure');
  expect(verdictOf([])).toBe('unsure');
});
