/** `npm start` whole: what it brings up, what it says, and that nothing is left of it. */
import { statSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { began } from '../../deploy/local/processes.mjs';
import { readSample } from '../../deploy/local/sample/play.mjs';
import { dataFolder, freePort, localStart, type LocalStart, type Run } from '../harness/local-start.js';
import { until } from '../harness/until.js';

const patience = 300_000;

interface Message {
  readonly to: string;
  readonly subject: string;
  readonly message_id: string;
  readonly text: string;
  readonly html: string;
}

interface Incident {
  readonly title: string;
  readonly key: { readonly account?: string };
}

const folder = dataFolder();
const env: Record<string, string> = { TOCSIN_DATA_DIR: folder.path };
let start: LocalStart;

beforeAll(async () => {
  env['TOCSIN_PORT'] = String(await freePort());
  start = localStart(env);
  await start.ready();
}, patience);

afterAll(async () => {
  start.child.kill('SIGTERM');
  await start.exit();
  folder.remove();
}, patience);

test('run.json says where everything is and only its owner may read it', async () => {
  const run = start.run();
  expect(statSync(join(folder.path, 'run.json')).mode & 0o777).toBe(0o600);
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  expect(run.api).toBe(`http://127.0.0.1:${env['TOCSIN_PORT']}`);
  expect(run.kafka).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(run.database).toMatch(/^postgres:\/\//);
  expect(run.smtp).toMatch(/^smtp:\/\//);
  expect(run.processes.map(({ app }) => app)).toEqual(
    expect.arrayContaining(['monitor', 'verifier', 'pager', 'reporter', 'api', 'kafka', 'postgres', 'mailbox']),
  );
  for (const { pid } of run.processes) expect(began(pid)).toBeDefined();
  const incidents = await get(run, '/api/v1/incidents');
  expect(incidents.status).toBe(200);
});

test("the sample's first incident is open and its page is in the mailbox, with a link that acknowledges", async () => {
  const run = start.run();
  const page = await until(
    'a page in the mailbox',
    async () => (await messages(run)).find(({ text }) => /^Acknowledge: http/m.test(text)),
    { withinMs: 90_000, everyMs: 200 },
  );
  expect(page.message_id).toMatch(/^<.+@.+>$/);
  const incidents = (await (await get(run, '/api/v1/incidents?status=open')).json()) as { items: unknown[] };
  expect(incidents.items.length).toBeGreaterThan(0);
}, 120_000);

test('the near misses of the sample open nothing: each incident is about a hit', async () => {
  const run = start.run();
  const accounts = readSample('hits.jsonl')
    .filter(({ topic }) => topic === 'tocsin.outputs')
    .map(({ data }) => (data['account'] as { id: string }).id);
  const opened = async () => {
    const answer = (await (await get(run, '/api/v1/incidents?limit=100')).json()) as { items: Incident[] };
    return answer.items.filter(({ key }) => key.account !== undefined);
  };
  // Near misses are produced first, so what they open is there once every hit has opened its own.
  await until(
    'an incident about each hit',
    async () => {
      const found = new Set((await opened()).map(({ key }) => key.account));
      return accounts.every((account) => found.has(account));
    },
    { withinMs: 90_000, everyMs: 200 },
  );
  const others = (await opened()).filter(({ key }) => !accounts.includes(key.account ?? ''));
  expect(others.map(({ title, key }) => `${title}: ${key.account}`)).toEqual([]);
}, 120_000);

test(
  'a second start on the same data folder says who holds it',
  async () => {
    const second = localStart(env);
    expect(await second.exit()).toBe(1);
    expect(second.output()).toContain(`held by another \`npm start\` (process ${start.child.pid}`);
    expect(second.output()).not.toContain('    at ');
  },
  patience,
);

test(
  'a killed start leaves nothing that the next one does not end, and Ctrl-C leaves nothing at all',
  async () => {
    const killed = start.run();
    const sent = await messages(killed);
    start.child.kill('SIGKILL');
    await start.exit();

    start = localStart(env);
    await start.ready();
    expect(start.output()).toContain('ended what a killed start had left running');
    for (const { pid } of killed.processes) expect(began(pid)).toBeUndefined();
    const now = await messages(start.run());
    for (const { message_id } of sent) expect(now.map((one) => one.message_id)).toContain(message_id);

    const running = start.run();
    const identities = running.processes.map(({ pid }) => [pid, began(pid)] as const);
    start.child.kill('SIGINT');
    expect(await start.exit()).toBe(0);
    expect(existsSync(join(folder.path, 'run.json'))).toBe(false);
    for (const [pid, beganAt] of identities) {
      expect(beganAt).toBeDefined();
      expect(began(pid)).not.toBe(beganAt);
    }
  },
  patience,
);

async function get(run: Run, path: string): Promise<Response> {
  const token = readFileSync(run.admin_token_file, 'utf8').trim();
  return await fetch(run.api + path, { headers: { authorization: `Bearer ${token}` } });
}

async function messages(run: Run): Promise<readonly Message[]> {
  const response = await fetch(`${run.mailbox}/api/messages`);
  return ((await response.json()) as { items: Message[] }).items;
}
