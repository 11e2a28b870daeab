import fc from 'fast-check';
import { proposeThreshold, scoreBucket, scoreBuckets, wilson } from './index.js';

const limits = { floor: 0.5, ceiling: 0.9 };
/** Counts by score. */
const histogram = (scores: Readonly<Record<string, number>>) => {
  const counts = Array<number>(scoreBuckets).fill(0);
  for (const [score, count] of Object.entries(scores)) counts[scoreBucket(Number(score))]! += count;
  return { counts, outputs: counts.reduce((sum, count) => sum + count, 0) };
};

test('nothing is proposed before 10,000 outputs', () => {
  expect(proposeThreshold(histogram({ 0: 9_999 }), limits)).toEqual({
    outcome: 'too_few',
    outputs: 9_999,
    wanted: 10_000,
  });
});

test('the lowest threshold that keeps reports within their share is proposed', () => {
  const proposal = proposeThreshold(histogram({ 0.1: 99_000, 0.6: 900, 0.8: 50 }), limits);
  expect(proposal).toMatchObject({ outcome: 'proposed', value: 0.601 });
  expect(proposal).toHaveProperty('interval.1', wilson(50, 99_950)[1]);
});

test('quiet traffic gets the floor and loud traffic the ceiling, and both are said', () => {
  expect(proposeThreshold(histogram({ 0.1: 20_000 }), limits)).toMatchObject({ value: 0.5, bound: 'floor' });
  expect(proposeThreshold(histogram({ 0.1: 20_000, 0.95: 5_000 }), limits)).toMatchObject({
    value: 0.9,
    bound: 'ceiling',
  });
});

test('a proposal is always between floor and ceiling, and never rises when ordinary outputs are added', () => {
  const scores = fc.array(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 3000 })), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(scores, (pairs) => {
      const own = histogram(Object.fromEntries(pairs.map(([score, count]) => [score / 1000, count])));
      const base = histogram({ 0: 10_000 });
      const sum = {
        counts: own.counts.map((count, bucket) => count + base.counts[bucket]!),
        outputs: own.outputs + 10_000,
      };
      const more = {
        counts: sum.counts.map((count, bucket) => count + (bucket === 0 ? 50_000 : 0)),
        outputs: sum.outputs + 50_000,
      };
      const [first, second] = [proposeThreshold(sum, limits), proposeThreshold(more, limits)];
      if (first.outcome !== 'proposed' || second.outcome !== 'proposed') throw new Error('too few');
      expect(first.value).toBeGreaterThanOrEqual(limits.floor);
      expect(first.value).toBeLessThanOrEqual(limits.ceiling);
      expect(second.value).toBeLessThanOrEqual(first.value);
    }),
    { numRuns: 100 },
  );
});

test('the Wilson interval is the one of the books', () => {
  const [low, high] = wilson(10, 100);
  expect(low).toBeCloseTo(0.0552, 3);
  expect(high).toBeCloseTo(0.1744, 3);
  expect(wilson(0, 0)).toEqual([0, 1]);
});
