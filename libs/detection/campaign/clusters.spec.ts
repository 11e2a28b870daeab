import { folded } from '../text/fold.js';
import { shippedWeights } from '../weights.repository.js';
import { clusterAll, Clusters, usualLimits } from './clusters.js';
import { vectorOf } from './vector.js';

const { background } = shippedWeights();
const vector = (text: string) => vectorOf(folded(text), background);
const many = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => ({ id: String(n).padStart(5, '0'), vector: vector(text(n)) }));

test.each([100, 200])('%d texts that say nearly the same are one cluster, though they are all there is', (count) => {
  const texts = many(
    count,
    (n) => `Update ${n}: the mayor poisoned the city water and the council will not admit it, share this ${n % 7}`,
  );
  expect(new Set(clusterAll(texts).values()).size).toBe(1);
});

test('texts on other subjects stay apart', () => {
  const subjects = [
    'the price of copper fell in Chile',
    'a recipe for lentil soup with cumin',
    'a proof of the chain rule',
    'how to repair a bicycle tube',
  ];
  expect(new Set(clusterAll(many(4, (n) => `Please read about ${subjects[n]} in our paper.`)).values()).size).toBe(4);
});

test('the order of reading does not decide which texts belong together', () => {
  const texts = many(30, (n) =>
    n % 3 === 0
      ? `Savings at Harbour bank are frozen on Friday, letter ${n}`
      : `The reservoir of Oldham was poisoned, witness ${n}`,
  );
  const forward = clusterAll(texts);
  const backward = clusterAll(texts.toReversed());
  for (const { id: a } of texts) {
    for (const { id: b } of texts) {
      expect(forward.get(a) === forward.get(b)).toBe(backward.get(a) === backward.get(b));
    }
  }
});

test('memory is bounded: the oldest cluster is let go', () => {
  const clusters = new Clusters({ ...usualLimits, clusters: 3 });
  const words = ['copper', 'lentils', 'bicycle', 'calculus', 'harbour'];
  words.forEach((word, n) => clusters.place(`c${n}`, vector(`${word} ${word}s of ${word}`)));
  expect(clusters.size).toBe(3);
  expect(clusters.get('c0')).toBeUndefined();
});
