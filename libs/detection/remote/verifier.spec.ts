/** The verifier on a real PostgreSQL: questions are shared, answered once for all, and forgotten. */
import type { ServerResponse } from 'node:http';
import { createDataSource, Database } from '../../database/index.js';
import { testDatabase, type TestDatabase } from '../../../test/harness/database.js';
import { httpReceiver, type HttpReceiver } from '../../../test/harness/http-receiver.js';
import { proxyTo } from '../../../test/harness/proxy.js';
import { until } from '../../../test/harness/until.js';
import type { DueCheck, RemotePolicy } from './check.js';
import { remoteIndex } from './checks.js';
import { DueChecks, forgetChecks, noteChecks } from './due-checks.repository.js';
import { aCheck, aPolicy, asking } from './remote.fixture.js';
import { RemoteDetectors } from './remote-detectors.client.js';
import { Verifier, type RemoteVerdict, type VerifierOptions } from './verifier.worker.js';

const long = { withinMs: 60_000 };
const clean = JSON.stringify({ results: [{ flagged: false, categories: {}, category_scores: {} }] });
const start = '2026-03-02T12:00:00Z';

let db: TestDatabase;
let server: HttpReceiver;
let reply: (response: ServerResponse) => void;
const verifiers: Verifier[] = [];

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.database.query('delete from tocsin.due_check');
  await db.clock.set(start);
  reply = (response) => void response.end(clean);
  server = await httpReceiver((_, response) => reply(response));
});
afterEach(async () => {
  for (const verifier of verifiers.splice(0)) await verifier.close();
  await server.close();
});

const note = (...checks: DueCheck[]) => db.database.transaction((tx) => noteChecks(tx, checks));

interface Row {
  readonly id: string;
  readonly state: string;
  readonly content: string | null;
  readonly label: string | null;
  readonly reason: string | null;
  readonly tries: number;
}

const rows = () =>
  db.database.query<Row>('select id, state, content, label, reason, tries from tocsin.due_check order by id');
const done = async () => (await rows()).filter(({ state }) => state === 'done');

interface Running {
  readonly verifier: Verifier;
  readonly published: RemoteVerdict[];
}

async function run(over: Partial<VerifierOptions> & { readonly policy?: RemotePolicy } = {}): Promise<Running> {
  const published: RemoteVerdict[] = [];
  const { policy = asking('moderation', server.url), ...rest } = over;
  const verifier = new Verifier({
    database: db.database,
    databaseUrl: db.url,
    policies: () => remoteIndex([policy]),
    remote: new RemoteDetectors([], { firstDelayMs: 1, attempts: 1, callMs: 30_000, deadlineMs: 60_000 }),
    publish: async (verdicts) => void published.push(...verdicts),
    pollMs: 100,
    ...rest,
  });
  verifiers.push(verifier);
  await verifier.start();
  return { verifier, published };
}

test('a question is answered, its verdict published, and its text gone', async () => {
  await note(aCheck());
  expect(await rows()).toMatchObject([{ state: 'waiting', content: aCheck().content }]);
  const { published } = await run();
  await until('the verdict', async () => (await done()).length === 1, long);
  expect(published).toEqual([
    {
      id: 'c-1-clean',
      output: { source: 'chat', id: 'o-1' },
      account: 'acme',
      detector: 'moderation',
      label: 'clean',
      score: 0,
      ephemeral: false,
    },
  ]);
  expect(await rows()).toEqual([{ id: 'c-1', state: 'done', content: null, label: 'clean', reason: null, tries: 1 }]);
});

test('a question noted twice is asked once, also after its verdict', async () => {
  await note(aCheck());
  await note(aCheck());
  await run();
  await until('the verdict', async () => (await done()).length === 1, long);
  await note(aCheck());
  expect(await rows()).toHaveLength(1);
  expect(server.received).toHaveLength(1);
});

test('two verifiers share the questions and each is asked once', async () => {
  const checks = Array.from({ length: 60 }, (_, i) => aCheck({ id: `c-${i}`, content: `Text number ${i}.` }));
  await note(...checks);
  const two = await Promise.all([run(), run()]);
  await until('all verdicts', async () => (await done()).length === 60, long);
  expect(two.flatMap(({ published }) => published.map(({ id }) => id)).sort()).toEqual(
    checks.map(({ id }) => `${id}-clean`).sort(),
  );
  expect(server.received).toHaveLength(60);
});

test('an answer that does not come is asked for again in its rounds, then it is unchecked and never clean', async () => {
  reply = (response) => void response.writeHead(500).end();
  await note(aCheck());
  const { published } = await run({ againAfterMs: [30_000, 120_000] });
  for (const [tries, by] of [
    [1, '30 s'],
    [2, '120 s'],
  ] as const) {
    await until('the round', async () => {
      const [row] = await rows();
      return row?.tries === tries && row.state === 'waiting';
    });
    expect(published).toEqual([]);
    await db.database.query('update tocsin.clock set frozen_at = frozen_at + $1::interval', [by]);
  }
  await until('the verdict', async () => (await done()).length === 1, long);
  expect(published).toMatchObject([{ id: 'c-1-unchecked', label: 'unchecked', explanation: 'server_error' }]);
  expect(published[0]).not.toHaveProperty('score');
  expect(await rows()).toMatchObject([{ label: 'unchecked', reason: 'server_error', content: null, tries: 3 }]);
});

test('a Retry-After that outlives the hour of the text is not waited for', async () => {
  reply = (response) => void response.writeHead(429, { 'retry-after': '7200' }).end();
  await note(aCheck());
  const { published } = await run();
  await until('the verdict', async () => (await done()).length === 1, long);
  expect(published).toMatchObject([{ label: 'unchecked', explanation: 'rate_limited' }]);
});

test('a text is gone after an hour, whether or not a verifier runs, and its question is then unchecked', async () => {
  await note(aCheck(), aCheck({ id: 'c-2' }));
  await db.clock.set('2026-03-02T13:00:00Z');
  await forgetChecks(db.database);
  expect((await rows()).map(({ content }) => content)).toEqual([null, null]);
  const { published } = await run();
  await until('both verdicts', async () => (await done()).length === 2, long);
  expect(published.map(({ explanation }) => explanation)).toEqual(['expired', 'expired']);
  expect(server.received).toEqual([]);
});

test('a text that is over an hour old is not sent, even before anybody removed it', async () => {
  await note(aCheck());
  await db.clock.set('2026-03-02T13:00:01Z');
  const [claimed] = await new DueChecks().claim(db.database, 10);
  expect(claimed).toMatchObject({ id: 'c-1', tries: 1 });
  expect(claimed).not.toHaveProperty('content');
});

test('the rows of answered questions are gone after a day, so that nothing piles up', async () => {
  await note(aCheck());
  await run();
  await until('the verdict', async () => (await done()).length === 1, long);
  await db.clock.set('2026-03-03T12:00:01Z');
  await forgetChecks(db.database);
  expect(await rows()).toEqual([]);
});

test('what a frozen verifier holds is taken by another when its lease ends', async () => {
  await note(aCheck());
  await new DueChecks().claim(db.database, 10);
  const { published } = await run();
  expect(await new DueChecks().claim(db.database, 10)).toEqual([]);
  await db.database.query(`update tocsin.due_check set lease_until = clock_timestamp() - interval '1 s'`);
  await until('the verdict', async () => (await done()).length === 1, long);
  expect(published).toHaveLength(1);
  expect(await rows()).toMatchObject([{ tries: 2 }]);
});

test('while verdicts cannot be published readiness says so, and none is lost', async () => {
  let away = true;
  const published: RemoteVerdict[] = [];
  const { verifier } = await run({
    publish: async (verdicts) => {
      if (away) throw new Error('the broker is away');
      published.push(...verdicts);
    },
  });
  await note(aCheck());
  await until('the trouble to be told', () => verifier.health() !== undefined, long);
  await note(aCheck({ id: 'c-2' }));
  expect((await rows()).map(({ content }) => content)).toEqual([aCheck().content, aCheck().content]);
  expect(await done()).toEqual([]);
  away = false;
  await until('both verdicts', async () => (await done()).length === 2, long);
  expect(published.map(({ id }) => id)).toEqual(['c-1-clean', 'c-2-clean']);
  await until('readiness', () => verifier.health() === undefined, long);
});

test('a verdict that was published but not marked is published again under the same id', async () => {
  await note(aCheck());
  const { published } = await run();
  await until('the verdict', async () => (await done()).length === 1, long);
  // As a crash between the two would have left it.
  await db.database.query(`update tocsin.due_check set state = 'waiting', label = null, done_at = null, content = $1`, [
    aCheck().content,
  ]);
  await until('the second one', () => published.length === 2, long);
  expect(published[1]).toEqual(published[0]);
});

test('a database that goes away under a verdict costs neither it nor the next, and nothing is published twice', async () => {
  const { host } = new URL(db.url);
  const proxy = await proxyTo(host);
  const url = db.url.replace(host, proxy.address);
  const source = createDataSource({ url, applicationName: 'tocsin test verifier', poolSize: 2 });
  await source.initialize();
  try {
    const held: ServerResponse[] = [];
    reply = (response) => void held.push(response);
    await note(aCheck());
    const { verifier, published } = await run({ database: new Database(source), databaseUrl: url });
    await until('the request', () => held.length === 1, long);
    await proxy.refuse();
    held[0]!.end(clean);
    await until('the trouble to be told', () => verifier.health() !== undefined, long);
    await proxy.accept();
    await until('the mark', async () => (await done()).length === 1, long);
    reply = (response) => void response.end(clean);
    await note(aCheck({ id: 'c-2' }));
    await until('the next one', async () => (await done()).length === 2, long);
    expect(published.map(({ id }) => id)).toEqual(['c-1-clean', 'c-2-clean']);
    await verifier.close();
  } finally {
    await source.destroy();
    await proxy.close();
  }
}, 180_000);

test('a close waits for what is asked and publishes it', async () => {
  const held: ServerResponse[] = [];
  reply = (response) => void held.push(response);
  await note(aCheck());
  const { verifier, published } = await run();
  await until('the request', () => held.length === 1, long);
  const closed = verifier.close();
  held[0]!.end(clean);
  await closed;
  expect(published).toHaveLength(1);
  expect(await rows()).toMatchObject([{ state: 'done', content: null }]);
});

test('a question wakes a verifier that is not about to look', async () => {
  await run({ pollMs: 3_600_000 });
  await note(aCheck());
  await until('the verdict', async () => (await done()).length === 1, long);
});

test('before a bundle is in force nothing is taken', async () => {
  await note(aCheck());
  let known = false;
  const policies = () => (known ? remoteIndex([asking('moderation', server.url)]) : undefined);
  await run({ policies });
  expect(await rows()).toMatchObject([{ state: 'waiting', tries: 0 }]);
  known = true;
  await until('the verdict', async () => (await done()).length === 1, long);
});

test('a question whose service is no longer named is unchecked, and says why', async () => {
  await note(aCheck());
  const { published } = await run({ policy: aPolicy() });
  await until('the verdict', async () => (await done()).length === 1, long);
  expect(published).toMatchObject([{ label: 'unchecked', explanation: 'no_service' }]);
});
