import { folded } from '../text/fold.js';
import { readSeeds } from '../training-data.client.js';
import { shippedBounds } from '../thresholds.js';
import { shippedWeights } from '../weights.repository.js';
import { Disinformation } from './disinformation.js';
import { parseWatchlist } from './watchlist.js';

interface StanceSeed {
  readonly claim: string;
  readonly text: string;
  readonly stance: 'promotes' | 'refutes' | 'mixed';
}

const seeds = readSeeds<StanceSeed>('stance.jsonl');
const claims = [...new Set(seeds.map(({ claim }) => claim))];
const lines = claims.map((claim) => JSON.stringify({ claim })).join('\n');
const judge = new Disinformation(
  parseWatchlist(lines, 'own.jsonl', 'file').entries ?? [],
  shippedWeights().background,
  shippedBounds.disinformation.floor,
);
const read = (text: string) => judge.judge(text, folded(text));
const of = (stance: StanceSeed['stance']) => seeds.filter((seed) => seed.stance === stance);

test('the right claim is found first in each of our own texts', () => {
  for (const { text, claim } of seeds) expect(read(text).matched[0]?.id).toBe(claim);
});

test('our own promoting texts are called promoting', () => {
  expect(of('promotes').filter(({ text }) => read(text).label === 'promotes').length).toBeGreaterThanOrEqual(24);
});

test('of our own corrections, those of a false premise among them, hardly one is called promoting', () => {
  expect(of('refutes').filter(({ text }) => read(text).label === 'promotes').length).toBeLessThanOrEqual(2);
  expect(of('refutes').filter(({ text }) => read(text).label === 'refutes').length).toBeGreaterThanOrEqual(20);
});

test('what only reports a claim is for review', () => {
  expect(of('mixed').filter(({ text }) => read(text).label === 'mixed').length).toBeGreaterThanOrEqual(20);
});

test('a label promotes exactly when the score reaches the floor', () => {
  for (const { text } of seeds) {
    const { label, score } = read(text);
    expect(label === 'promotes').toBe(score >= shippedBounds.disinformation.floor);
  }
});
