import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../test/harness/until.js';
import { formatProblem } from '../config-file/index.js';
import { bundleOf, loadFolder, planSentence, watchFolder, type Files } from './index.js';

const seed = readFileSync(join(import.meta.dirname, 'testdata/seed.good.yml'), 'utf8');
const identities = '- { id: a, kind: person, name: Ann Example }\n';
const plan = `responders: { ann: { contacts: [{ name: mail, channel: email, address: ann@example.org }] } }\n`;
const withPlan = (name: string) => seed.replace('link_to_internal_wiki/incident_plan', name);
/** Problems but the seed's own warnings. */
const said = (files: Files) =>
  bundleOf(files)
    .problems.filter(({ message }) => !message.includes('has no address'))
    .map(formatProblem);

test('a policy alone is a whole configuration', () => {
  const { bundle } = bundleOf({ 'policy.yml': seed });
  expect(bundle).toMatchObject({ identities: [], watchlist: [], planTaken: { from: 'default' } });
  expect(bundle).not.toHaveProperty('plan');
});

test('broken YAML in one file hides nothing of the others', () => {
  const files = {
    'policy.yml': seed.replace('"daily"', '"dayly"'),
    'plan.yml': 'responders: [\n',
    'identities.yml': '- { id: a, kind: persn, name: Ann Example }\n',
    'watchlist.yml': '- claim: x\n  sttus: active\n',
    'rules/a.yml': 'title: a\n  broken\n',
  };
  expect(bundleOf(files).bundle).toBeUndefined();
  const found = said(files);
  for (const file of Object.keys(files)) expect(found.filter((line) => line.startsWith(`${file}:`))).not.toEqual([]);
});

test('a rule with an error is told and left out; the others go on', () => {
  const rule = (condition: string) =>
    `title: t ${condition}\nlogsource: { product: tocsin, category: output }\ndetection: { words: { output|contains: x }, condition: ${condition} }\nlevel: low\n`;
  const { bundle, problems } = bundleOf({
    'policy.yml': seed,
    'rules/good.yml': rule('words'),
    'rules/deep/bad.yml': rule('wrds'),
  });
  expect(bundle!.rules.rules.map(({ file }) => file)).toEqual(['rules/good.yml']);
  expect(problems.filter(({ severity }) => severity === 'error').map(({ file }) => file)).toEqual([
    'rules/deep/bad.yml',
  ]);
});

test('the hash is of what counts: the same for the same files, another for any change, blind to what is not read', () => {
  const hash = (files: Files) => bundleOf(files).bundle!.hash;
  const one = hash({ 'policy.yml': seed, 'identities.yml': identities });
  expect(one).toMatch(/^[0-9a-f]{32}$/);
  expect(hash({ 'identities.yml': identities, 'policy.yml': seed })).toBe(one);
  expect(
    hash({ 'policy.yml': seed, 'identities.yml': identities, 'rules/match.jsonl': '{}\n', 'notes.yml': 'a: 1' }),
  ).toBe(one);
  expect(hash({ 'policy.yml': `${seed}\n`, 'identities.yml': identities })).not.toBe(one);
  expect(hash({ 'policy.yml': seed })).not.toBe(one);
});

describe('incident_response_plan', () => {
  const sentence = (files: Files) => planSentence(bundleOf(files).bundle!.planTaken);

  test('that ends in .yml is a file of the folder', () => {
    const files = { 'policy.yml': withPlan('plans/night.yml'), 'plans/night.yml': plan };
    expect(sentence(files)).toBe('incident_response_plan was taken for the plan file plans/night.yml');
    expect(bundleOf(files).bundle!.plan!.responders).toHaveProperty('ann');
    expect(bundleOf(files).bundle!.files).toHaveProperty(['plans/night.yml']);
  });

  test('that ends in .yml and is missing is an error with the nearest name', () => {
    expect(said({ 'policy.yml': withPlan('paln.yml'), 'plan.yml': plan })).toEqual([
      'plan.yml:1:1 warning: not read: the policy names paln.yml as its plan',
      'policy.yml:21:25 incident_response_plan: found "paln.yml", taken for a plan file since it ends in .yml or .yaml, wanted a file of this folder; did you mean "plan.yml"?',
    ]);
  });

  test('that is a link is the runbook, and plan.yml is the plan where there is one', () => {
    expect(sentence({ 'policy.yml': seed, 'plan.yml': plan })).toBe(
      'incident_response_plan was taken for the runbook "link_to_internal_wiki/incident_plan", shown as text on every page; the plan is plan.yml',
    );
    expect(bundleOf({ 'policy.yml': withPlan('https://wiki.example.org/p') }).bundle!.planTaken).toEqual({
      from: 'default',
      runbook: 'https://wiki.example.org/p',
      runbookUrl: 'https://wiki.example.org/p',
    });
  });
});

test('policies/ holds one policy a model', () => {
  const other = seed.replace('MyGenerativeAI', 'Other').replace('"daily"', '"hourly"');
  const { bundle } = bundleOf({
    'policies/a.yml': seed,
    'policies/b.yml': `${other}\nshadow: [lookalike]\noutput_index: 4d\n`,
  });
  expect(bundle!.policies.map(({ model }) => model)).toEqual(['MyGenerativeAI', 'Other']);
  expect(bundle!.settings).toMatchObject({ frequency: 'hourly', outputIndexMs: 4 * 86_400_000 });
  expect([...bundle!.settings.shadow]).toEqual(['lookalike']);
  expect(said({ 'policies/a.yml': seed, 'policies/b.yml': seed })).toEqual([
    'policies/b.yml:2:13 model_name: found "MyGenerativeAI", which policies/a.yml is for already, wanted one policy a model',
  ]);
  expect(said({ 'policy.yml': seed, 'policies/a.yml': other })).toContain(
    'policy.yml:1:1 found policies/a.yml, policy.yml side by side, wanted policy.yml alone or policies/ alone',
  );
});

test('a mistyped file, a mistyped name in shadow and an empty folder are told', () => {
  expect(said({ 'policy.yml': `${seed}\nshadow: [lookalik, rules]\n`, 'identites.yml': identities })).toEqual([
    'identites.yml:1:1 warning: not read: wanted one of policy.yml, plan.yml, identities.yml, watchlist.yml, policies, rules; did you mean "identities.yml"?',
    'policy.yml:23:10 warning: shadow: found "lookalik", which is no detector and no rule of this folder; did you mean "lookalike"?',
  ]);
  expect(said({})).toEqual([
    'policy.yml:1:1 missing, wanted policy.yml, or a folder policies/ with a file for each model',
  ]);
  expect(said({ 'policy.yml': seed, 'watchlist.yml': '', 'watchlist.yaml': '' })).toEqual([
    'watchlist.yaml:1:1 found watchlist.yml and watchlist.yaml, wanted one of them',
  ]);
  expect(bundleOf({ 'policy.yml': `${seed}\n# \u0000\n` }).bundle).toBeUndefined();
});

describe('a folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-policy-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('is read with its subfolders and through the links of a mounted volume', async () => {
    await mkdir(join(folder, '..mounted/rules'), { recursive: true });
    await writeFile(join(folder, '..mounted/policy.yml'), seed);
    await writeFile(join(folder, '..mounted/rules/match.jsonl'), '{}\n');
    await symlink('..mounted/policy.yml', join(folder, 'policy.yml'));
    await symlink('..mounted/rules', join(folder, 'rules'));
    await symlink('nowhere.yml', join(folder, 'plan.yml'));
    const { bundle, files } = await loadFolder(folder);
    expect(Object.keys(files).sort()).toEqual(['policy.yml', 'rules/match.jsonl']);
    expect(Object.keys(bundle!.files)).toEqual(['policy.yml']);
  });

  test('that is not there, and a file that is no text, are problems', async () => {
    const missing = await loadFolder(join(folder, 'none'));
    expect(missing.bundle).toBeUndefined();
    expect(missing.problems.map(({ message }) => message)).toEqual([
      'the configuration folder cannot be read (there is none): set TOCSIN_CONFIG or name another folder',
    ]);
    await writeFile(join(folder, 'policy.yml'), seed);
    await writeFile(join(folder, 'watchlist.yml'), Buffer.from([0xff, 0xfe, 0x41]));
    const binary = await loadFolder(folder);
    expect(binary.bundle).toBeUndefined();
    expect(binary.problems.map(formatProblem)).toContain(
      'watchlist.yml:1:1 found bytes that are not UTF-8, wanted UTF-8 text',
    );
  });

  test('that is watched tells of each change once it rests', async () => {
    await writeFile(join(folder, 'policy.yml'), seed);
    const hashes: (string | undefined)[] = [];
    const watch = watchFolder(folder, async () => void hashes.push((await loadFolder(folder)).bundle?.hash), 20);
    try {
      const other = `${seed}\n# changed\n`;
      const wanted = bundleOf({ 'policy.yml': other }).bundle!.hash;
      // Written again until told: the first look of a watch is where it starts from.
      await until(
        'the change to be told',
        async () => {
          if (hashes.includes(wanted)) return true;
          await writeFile(join(folder, 'policy.yml'), seed);
          await writeFile(join(folder, 'policy.yml'), other);
          return false;
        },
        { withinMs: 30_000, everyMs: 300 },
      );
    } finally {
      await watch.close();
    }
  });
});
