/** The command line as CONTRACTS has it: answers on stdout, exit codes 0, 1 and 2, sentences without a stack. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../harness/events.js';
import { tocsin, type Tocsin } from '../harness/tocsin.js';
import { phrases, truthPolicy, truthRules } from '../harness/truth.js';

let running: Tocsin;
beforeAll(async () => {
  running = await tocsin({
    config: {
      'policy.yml': truthPolicy,
      ...truthRules(),
      'identities.yml':
        '- id: northbank\n  kind: organisation\n  name: Northbank Savings\n  domains: [northbank-savings.example]\n',
    },
  });
}, 120_000);
afterAll(() => running.close(), 60_000);

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const input = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

test('match answers a line a match, numbers lines from 0, and tells a correlation at the event that completes it', async () => {
  const rules = join(running.configDir, '../other-rules');
  mkdirSync(rules, { recursive: true });
  writeFileSync(
    join(rules, 'any.yaml'),
    'title: Whoami\nid: 11111111-1111-4111-8111-111111111111\nname: whoami\nlogsource:\n  product: linux\n  category: process_creation\n' +
      'detection:\n  run:\n    CommandLine|contains: whoami\n  condition: run\n---\n' +
      'title: Twice\ncorrelation:\n  type: event_count\n  rules: [whoami]\n  group-by: [User]\n  timespan: 1m\n  condition:\n    gte: 2\n',
  );
  const { stdout, code } = await running.verb(['match', '--rules', rules, '--time-field', 'at'], {
    input: input([
      { CommandLine: 'ls', User: 'a', at: '2026-01-01T00:00:00Z' },
      { CommandLine: 'whoami', User: 'a', at: '2026-01-01T00:00:10Z' },
      { CommandLine: 'whoami', User: 'b', at: '2026-01-01T00:00:20Z' },
      { CommandLine: '/usr/bin/WHOAMI -x', User: 'a', at: '2026-01-01T00:00:30Z' },
    ]),
  });
  expect(code).toBe(0);
  expect(lines(stdout).filter(({ rule }) => rule === 'Twice')).toEqual([{ event: 3, rule: 'Twice' }]);
});

test('score answers in the same order, and gives a positive label exactly from its floor on', async () => {
  const { stdout, code } = await running.verb(
    ['score', '--detector', 'lookalike', '--identities', join(running.configDir, 'identities.yml')],
    {
      input: input([
        { id: 'b', domain: 'n0rthbank-savings.example' },
        { id: 'a', domain: 'weather.example' },
      ]),
    },
  );
  expect(code).toBe(0);
  expect(lines(stdout)).toMatchObject([
    { id: 'b', label: 'lookalike', matched: [{ id: 'northbank' }] },
    { id: 'a', label: 'genuine' },
  ]);
});

test('a line that cannot be judged ends score with a sentence that names it', async () => {
  const { code, stderr } = await running.verb(['score', '--detector', 'compliance'], { input: '{"id": 1}\n' });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^line 1: .*text/);
  expect(stderr).not.toContain('    at ');
});

test('rank and cluster answer a line for each line', async () => {
  const claims = join(running.configDir, '../claims.jsonl');
  writeFileSync(
    claims,
    input([
      { id: 'moon', claim: 'The moon is made of cheese' },
      { id: 'sun', claim: 'The sun is cold' },
    ]),
  );
  const ranked = await running.verb(['rank', '--claims', claims, '-k', '1'], {
    input: input([{ id: 1, text: 'somebody said that the moon is cheese' }]),
  });
  expect(lines(ranked.stdout)).toMatchObject([{ id: 1, ranked: [{ id: 'moon' }] }]);
  const text = 'Share this now: the harbour tunnel will be closed for ever because officials sold it to a stranger.';
  const clustered = await running.verb(['cluster'], {
    input: input([
      { id: 'a', text },
      { id: 'b', text: 'A recipe for lentil soup with carrots, and what to drink with it on a cold evening.' },
      { id: 'c', text: text.replace('now', 'today') },
    ]),
  });
  const [a, b, c] = lines(clustered.stdout);
  expect([a?.['id'], b?.['id'], c?.['id']]).toEqual(['a', 'b', 'c']);
  expect(a?.['cluster']).toBe(c?.['cluster']);
  expect(b?.['cluster']).not.toBe(a?.['cluster']);
});

test('explain says what every detector thinks of one record', async () => {
  const file = join(running.configDir, '../record.json');
  writeFileSync(file, JSON.stringify(output({ text: `words around the ${phrases[0]} here` })));
  const { stdout, code } = await running.verb(['explain', file]);
  expect(code).toBe(0);
  const explained = JSON.parse(stdout) as { judgements: { detector: string }[]; findings: { rule?: string }[] };
  expect(explained.judgements.map(({ detector }) => detector)).toEqual(
    expect.arrayContaining(['disinformation', 'compliance', 'impersonation', 'lookalike']),
  );
  expect(explained.findings.map(({ rule }) => rule)).toContain('7c0ffee0-0000-4000-8000-000000000000');
});

test('check tells each mistake at its place and answers 1; warnings alone answer 0', async () => {
  expect((await running.verb(['check'])).code).toBe(0);
  const folder = join(running.configDir, '../wrong');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'policy.yml'),
    truthPolicy.replace('staged_release', 'x').replace('"full_release"', '"ful_release"'),
  );
  const { stdout, code } = await running.verb(['check', folder]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^policy\.yml:3:\d+ .*full_release/m);
  const asJson = await running.verb(['check', folder, '--json']);
  expect(lines(asJson.stdout)[0]).toMatchObject({ file: 'policy.yml', line: 3, severity: 'error' });
});

test('keys are shown once, listed without the secret, and revoked', async () => {
  const made = await running.verb(['keys', 'create', 'alertmanager']);
  expect(made.stdout).toMatch(/^[0-9a-f]{32}\n$/);
  const listed = await running.verb(['keys', 'list']);
  const [key] = lines(listed.stdout);
  expect(key).toMatchObject({ name: 'alertmanager', kind: 'routing' });
  expect(listed.stdout).not.toContain(made.stdout.trim());
  expect((await running.verb(['keys', 'revoke', String(key?.['id'])])).code).toBe(0);
  expect((await running.verb(['keys', 'revoke', String(key?.['id'])])).code).toBe(1);
});

test('the doctor performs what it says is ok, and answers 1 where a part is away', async () => {
  const well = await running.verb(['doctor', '--json']);
  expect(lines(well.stdout).filter(({ ok }) => ok !== true)).toEqual([]);
  expect(well.code).toBe(0);
  const away = await running.verb(['doctor'], { env: { TOCSIN_SMTP_URL: 'smtp://127.0.0.1:9' } });
  expect(away.code).toBe(1);
  expect(away.stdout).toMatch(/^FAIL smtp: /m);
});

test('positions, who and deadletters answer; wrong usage is 2, an unknown verb too', async () => {
  expect((await running.verb(['positions', 'show'])).code).toBe(0);
  expect((await running.verb(['who'])).stdout).toContain('no schedule');
  expect((await running.verb(['deadletters', 'list'])).stdout).toBe('');
  expect((await running.verb(['positions', 'reset', 'outputs'])).code).toBe(2);
  const unknown = await running.verb(['aply']);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toBe('There is no verb "aply". Did you mean "apply"? `npx tocsin help` lists them.\n');
});

test('an unreachable database or another schema is a sentence and exit code 1, never a stack', async () => {
  const nowhere = await running.verb(['keys', 'list'], { env: { TOCSIN_DATABASE_URL: 'postgres://127.0.0.1:9/none' } });
  expect(nowhere).toMatchObject({ code: 1 });
  expect(nowhere.stderr).toMatch(/^PostgreSQL cannot be reached: /);
  expect(nowhere.stderr).not.toContain('    at ');
  await running.db.database.query(`insert into tocsin.migration (timestamp, name) values (1, 'FromTheFuture')`);
  const newer = await running.verb(['run', 'pager']);
  expect(newer).toMatchObject({ code: 1 });
  expect(newer.stderr).toMatch(/^The database was migrated by a newer version/);
  await running.db.database.query(`delete from tocsin.migration where name = 'FromTheFuture'`);
});
