import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedBounds } from '../detection/index.js';
import { stageIndex, type PublishedThreshold } from './index.js';
import { parsePolicy, type Policy } from './policy.js';

const seed = readFileSync(join(import.meta.dirname, 'testdata/seed.good.yml'), 'utf8');
const policyOf = (text: string): Policy => parsePolicy(text, 'policy.yml').policy!;
const pinned = (value: number) =>
  policyOf(
    seed.replace('    duration_days: 60\n', `    duration_days: 60\n    thresholds: { disinformation: ${value} }\n`),
  );
const row = (more: Partial<PublishedThreshold>): PublishedThreshold => ({
  version: 1,
  effectiveFrom: 0,
  model: 'MyGenerativeAI',
  stage: 'Limited Beta',
  detector: 'disinformation',
  value: 0.8,
  ...shippedBounds.disinformation,
  publishedBy: 'ann',
  ...more,
});
const beta = { model: 'MyGenerativeAI', version: 'v1.0-alpha', stage: 'Limited Beta' };
const { floor } = shippedBounds.disinformation;

test('a known model, version and stage is judged by its stage', () => {
  const choice = stageIndex([policyOf(seed)]).choose(beta);
  expect(choice.unknown).toEqual([]);
  expect(choice.stage!.audience).toBe('trusted_partners');
  expect(choice.context.name).toBe('Limited Beta');
  expect(choice.thresholds.disinformation).toEqual({ value: floor });
});

test('a published threshold holds for its stage alone, and its version is named', () => {
  const index = stageIndex([policyOf(seed)], [row({ version: 7 })]);
  expect(index.choose(beta).thresholds.disinformation).toEqual({ value: 0.8, version: 7 });
  expect(index.choose(beta).context).toMatchObject({ thresholds: { disinformation: 0.8 }, thresholdVersion: 7 });
  expect(index.choose({ ...beta, stage: 'Internal Alpha' }).thresholds.disinformation).toEqual({ value: floor });
});

test("the policy's own threshold stands above a published one, and both are held at the shipped bounds", () => {
  expect(stageIndex([pinned(0.6)], [row({})]).choose(beta).thresholds.disinformation).toEqual({ value: 0.6 });
  expect(stageIndex([pinned(0.01)]).choose(beta).thresholds.disinformation.value).toBe(floor);
  expect(stageIndex([policyOf(seed)], [row({ value: 1 })]).choose(beta).thresholds.disinformation.value).toBe(
    shippedBounds.disinformation.ceiling,
  );
});

test('what is missing or unknown is judged at the strictest, and named', () => {
  const index = stageIndex([pinned(0.9)], [row({ stage: 'Internal Alpha', value: 0.7 })]);
  const unknown = (event: object) => index.choose(event).unknown;
  expect(unknown({})).toEqual(['model']);
  expect(unknown({ ...beta, model: 'Another' })).toEqual(['model']);
  expect(unknown({ model: 'MyGenerativeAI' })).toEqual(['version', 'stage']);
  expect(unknown({ ...beta, version: 'v2' })).toEqual(['version']);
  expect(unknown({ ...beta, stage: 'production' })).toEqual(['stage']);
  for (const event of [{}, { ...beta, version: 'v2' }, { ...beta, stage: 'production' }]) {
    expect(index.choose(event).thresholds.disinformation.value).toBe(0.7);
  }
});

test('a stranger is judged by everything that any policy switches on, at the lowest threshold of any', () => {
  const bare = policyOf(
    seed
      .replace('MyGenerativeAI', 'Other')
      .replace(/risk_mitigation_plan:\n( {2}- .*\n)+/, 'risk_mitigation_plan: []\n'),
  );
  const index = stageIndex([bare, pinned(0.9)]);
  expect(index.choose({ ...beta, model: 'Other' }).mitigation.disinformation).toBe(false);
  expect(index.choose({ model: 'x' })).toMatchObject({ mitigation: { disinformation: true }, personas: [] });
  expect(index.choose({ model: 'x' }).thresholds.disinformation.value).toBe(floor);
});

test('names that events invent take no memory: all strangers are one choice', () => {
  const index = stageIndex([policyOf(seed)]);
  expect(index.choose({ model: 'a' })).toBe(index.choose({ model: 'b', stage: 'c' }));
  expect(index.choose({ ...beta, stage: 'a' })).toBe(index.choose({ ...beta, stage: 'b' }));
});
