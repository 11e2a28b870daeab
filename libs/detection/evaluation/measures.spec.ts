import { adjustedRand, averagePrecision, recallAt, rocArea, share } from './measures.js';

test('an interval holds its value and narrows with the count', () => {
  const few = share(9, 10);
  const many = share(900, 1000);
  expect(few.low).toBeLessThan(0.9);
  expect(many.high - many.low).toBeLessThan(few.high - few.low);
});

test('recall, area, precision and Rand index at their ends', () => {
  const negatives = Array.from({ length: 100 }, (_, n) => n / 1000);
  expect(recallAt([0.5, 0.01], negatives, 0.01).value).toBe(0.5);
  expect(rocArea([1, 1], [0, 0])).toBe(1);
  expect(rocArea([1, 0], [1, 0])).toBe(0.5);
  expect(averagePrecision(['a', 'b'], new Set(['b']), 5)).toBe(0.5);
  expect(adjustedRand(['x', 'x', 'y'], ['1', '1', '2'])).toBe(1);
});
