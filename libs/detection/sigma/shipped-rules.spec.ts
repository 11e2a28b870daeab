import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem } from '../../config-file/index.js';
import { checkRules, compileRules, proveRules } from './index.js';

const root = join(import.meta.dirname, '../../../config/rules');
const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
const read = (suffix: string) =>
  names.filter((name) => name.endsWith(suffix)).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const { parsed, problems } = checkRules(read('.yml'));

test('the shipped rules have nothing to be said of them', () => {
  expect(problems.map(formatProblem)).toEqual([]);
  expect(parsed.rules.length).toBeGreaterThanOrEqual(12);
  expect(parsed.correlations).toHaveLength(2);
});

test('each finds what its match.jsonl holds, and nothing of its pass.jsonl', () => {
  const proofs = read('.jsonl');
  expect(proofs).toHaveLength(parsed.rules.length * 2);
  expect(proveRules(parsed, proofs).map(formatProblem)).toEqual([]);
});

test('each waits on a fixed text: none runs on every event', () => {
  for (const category of ['output', 'feedback', 'finding']) {
    expect(compileRules(parsed, { logsource: { product: 'tocsin', category } }).ruleSet.statistics.always).toEqual([]);
  }
});

test('few are of level high, and none is critical', () => {
  const levels = [...parsed.rules, ...parsed.correlations].map(({ level }) => level);
  expect(levels).not.toContain('critical');
  expect(levels.filter((level) => level === 'high').length).toBeLessThanOrEqual(levels.length / 3);
});

test('a proof that does not hold is told with its line', () => {
  const [rule] = read('emergency_scam/rule.yml');
  const proofs = [
    { path: 'emergency_scam/match.jsonl', text: '{"output":"hello"}\n\n[]\n{"outptu":"x"}\n' },
    { path: 'emergency_scam/pass.jsonl', text: read('emergency_scam/match.jsonl')[0]!.text.split('\n')[0]! },
  ];
  const said = proveRules(checkRules([rule!]).parsed, proofs).map(formatProblem);
  expect(said).toHaveLength(4);
  expect(said[0]).toBe('emergency_scam/match.jsonl:1:1 no rule of this folder matches, wanted a match');
  expect(said[3]).toMatch(/^emergency_scam\/pass\.jsonl:1:1 "Plea of a relative .*" matches, wanted no match$/);
});
