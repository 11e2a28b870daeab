import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { standing } from '../detection/index.js';
import { formatProblem } from '../config-file/index.js';
import { loadFolder, planSentence } from './index.js';

const root = join(import.meta.dirname, '../..');

test('the shipped configuration loads, and warns only of services that it has no address for', async () => {
  const { bundle, problems } = await loadFolder(join(root, 'config'));
  expect(problems.filter(({ message }) => !message.includes('has no address')).map(formatProblem)).toEqual([]);
  expect(bundle!.policies.map(({ model }) => model)).toEqual(['MyGenerativeAI']);
  expect(new Set(bundle!.identities.map(({ kind }) => kind)).size).toBe(4);
  expect(bundle!.watchlist.length).toBeGreaterThan(20);
  expect(new Set(bundle!.watchlist.map(standing))).toEqual(new Set(['pages', 'review', 'shadow']));
  expect(bundle!.settings).toMatchObject({ off: [], frequency: 'daily', timezone: 'UTC', outputIndexMs: 259_200_000 });
  expect(planSentence(bundle!.planTaken)).toBe(
    'incident_response_plan was taken for the runbook "link_to_internal_wiki/incident_plan", shown as text on every page; there is no plan.yml, so the default plan pages the default responder',
  );
});

test("the shipped policy is the user's own, byte by byte", () => {
  const seed = readFileSync(join(import.meta.dirname, 'testdata/seed.good.yml'));
  expect(readFileSync(join(root, 'config/policy.yml')).equals(seed)).toBe(true);
});
