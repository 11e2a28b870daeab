/** Replay and backtest: what is judged again is told once, and pages nobody unless asked to. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { output } from '../harness/events.js';
import { tocsin, type Tocsin } from '../harness/tocsin.js';
import { truth, truthPolicy, truthRules } from '../harness/truth.js';
import { until } from '../harness/until.js';

interface ApiIncident {
  readonly rule?: string;
  readonly findings: number;
}

let running: Tocsin;
beforeAll(async () => {
  running = await tocsin({ config: { 'policy.yml': truthPolicy } });
  await running.start(['monitor', 'api', 'pager']);
}, 120_000);
afterAll(() => running.close(), 60_000);

const found = async () =>
  (await running.list<ApiIncident>('/api/v1/incidents'))
    .filter(({ rule }) => rule?.startsWith('7c0ffee0'))
    .reduce((sum, { findings }) => sum + findings, 0);

function writeRules(folder: string): void {
  for (const [path, text] of Object.entries(truthRules())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

test('a backtest tells which decisions a rule would have changed, and a replay adds them once without paging', async () => {
  const { values, findings } = truth(7, 400);
  await running.produce('outputs', values);
  await running.produce('outputs', ['{"opaque": ']);
  await until(
    'the log to be read',
    async () => {
      const { stdout } = await running.verb(['positions', 'show']);
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { topic: string; next: number });
      return rows.filter(({ topic }) => topic.endsWith('outputs')).reduce((sum, { next }) => sum + next, 0) >= 401;
    },
    { withinMs: 60_000, everyMs: 500 },
  );
  expect(await found()).toBe(0);

  const aside = join(running.configDir, '../aside');
  writeRules(aside);
  const backtest = await running.verb(['backtest', '--since', '1h', '--rules', join(aside, 'rules')]);
  const lines = backtest.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter(({ change, detector }) => change === 'added' && detector === 'rules')).toHaveLength(
    findings.size,
  );
  expect(lines.at(-1)).toMatchObject({ summary: { outputs: 400, removed: 0 } });
  expect(backtest.stderr).toMatch(/401 of 401 records \(100 %\)/);
  expect(await found()).toBe(0);

  writeRules(running.configDir);
  expect((await running.verb(['apply'])).code).toBe(0);
  const mailsBefore = running.mail.received.length;
  const replayed = await running.verb(['replay', '--topic', 'outputs', '--since', '1h']);
  expect(replayed).toMatchObject({ code: 0 });
  expect(replayed.stdout).toContain('nobody was paged');
  expect(await found()).toBe(findings.size);
  expect((await running.verb(['replay', '--since', '1h'])).stdout).toContain(' 0 incidents opened');
  expect(await found()).toBe(findings.size);

  // A page of something else shows that the pager had its turn meanwhile.
  await running.produce('outputs', [output({ account: 'later', text: 'the amber lantern protocol again' })]);
  await until(
    'the page of the live event',
    () =>
      running.mail.received.some(({ mail }) => mail.text?.includes('later')) ||
      running.mail.received.length > mailsBefore,
  );
  expect(running.mail.received.length).toBe(mailsBefore + 1);
}, 240_000);

test('dead letters that can be judged by now are, and those that cannot stay', async () => {
  const { stdout } = await running.verb(['replay', '--dead-letters']);
  expect(stdout).toMatch(/Judged 0 events again, 1 cannot be judged/);
  const listed = await running.verb(['deadletters', 'list']);
  expect(JSON.parse(listed.stdout) as object).toMatchObject({ replayedAt: null });
  rmSync(join(running.configDir, '../aside'), { recursive: true, force: true });
});
