import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import {
  byteaArray,
  createDataSource,
  Database,
  isConnectionLoss,
  isRetryable,
  listen,
  sqlState,
  textArray,
} from './index.js';
import { proxyTo } from '../../test/harness/proxy.js';
import { until } from '../../test/harness/until.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

test('an error inside a transaction undoes all of it and is thrown on', async () => {
  await db.database.query('create table t (n int primary key)');
  const failed = db.database.transaction(async (tx) => {
    await tx.query('insert into t values (1)');
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  expect(await db.database.query('select * from t')).toEqual([]);
});

test('a transaction whose failed statement nobody heeded is not taken for committed', async () => {
  const failed = db.database.transaction(async (tx) => {
    await tx.query('insert into t values (7)');
    await tx.query('no statement').catch(() => undefined);
  });
  await expect(failed).rejects.toThrow('all of it is undone');
  expect(await db.database.query('select * from t')).toEqual([]);
});

test('a savepoint undoes its own part alone', async () => {
  await db.database.transaction(async (tx) => {
    await tx.query('insert into t values (2)');
    const again = await tx.savepoint(() => tx.query('insert into t values (2)')).catch(sqlState);
    expect(again).toBe('23505');
    await tx.query('insert into t values (3)');
  });
  expect(await db.database.query('select n from t order by n')).toEqual([{ n: 2 }, { n: 3 }]);
});

test("a transaction's now is the database's moved clock", async () => {
  await db.clock.set('2026-03-01T00:00:00Z');
  await db.clock.advance('1 day');
  const now = await db.database.transaction(async (tx) => tx.now);
  expect(now.toISOString()).toBe('2026-03-02T00:00:00.000Z');
});

test('array literals carry any text and bytes as they are', async () => {
  const texts = ['', 'null', 'a,b', '{x}', 'quote " and \\ back', 'new\nline', 'café', null];
  const [row] = await db.database.query<{ texts: string[]; bytes: Buffer[] }>(
    'select $1::text[] as texts, $2::bytea[] as bytes',
    [textArray(texts), byteaArray([Buffer.from([0, 255, 92]), null])],
  );
  expect(row!.texts).toEqual(texts);
  expect(row!.bytes).toEqual([Buffer.from([0, 255, 92]), null]);
});

test('a lost listening connection comes back and hears again', async () => {
  const heard: string[] = [];
  const listener = await listen(db.url, ['bell'], (_, payload) => heard.push(payload));
  await db.database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tocsin listener' and datname = current_database()`,
  );
  await until('the listener to reconnect', async () => {
    if (!listener.connected()) return false;
    await db.database.query(`notify bell, 'ding'`);
    return heard.includes('ding');
  });
  await listener.close();
});

test('a listening connection that falls silent without an end is noticed and made anew', async () => {
  const at = new URL(db.url);
  const proxy = await proxyTo(at.host);
  at.host = proxy.address;
  let losses = 0;
  const heard: string[] = [];
  const listener = await listen(at.href, ['bell'], (_, payload) => heard.push(payload), {
    onLost: () => losses++,
    watch: { everyMs: 100, answerMs: 1_000 },
  });
  proxy.stall();
  await until('the silence to be noticed', () => losses > 0, { withinMs: 60_000 });
  proxy.flow();
  await until(
    'the listener to hear again',
    async () => {
      await db.database.query(`notify bell, 'dong'`);
      return listener.connected() && heard.includes('dong');
    },
    { withinMs: 60_000 },
  );
  await listener.close();
  await proxy.close();
}, 180_000);

test('a statement without an answer fails as a lost connection, and the pool goes on with another', async () => {
  const source = createDataSource({ url: db.url, applicationName: 'tocsin hasty', poolSize: 1, queryTimeoutMs: 2_000 });
  await source.initialize();
  const hasty = new Database(source);
  try {
    for (const run of [
      () => hasty.query('select pg_sleep(60)'),
      () => hasty.transaction((tx) => tx.query('select pg_sleep(60)')),
    ]) {
      const error: unknown = await run().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(isConnectionLoss(error)).toBe(true);
      await until('the pool to answer', () =>
        hasty.query('select 1').then(
          () => true,
          () => false,
        ),
      );
    }
  } finally {
    await source.destroy();
    await db.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tocsin hasty' and datname = current_database()`,
    );
  }
}, 180_000);

test('errors are told apart: the server away, a lost race, a fault of the data', () => {
  expect(isConnectionLoss(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }))).toBe(
    true,
  );
  expect(isConnectionLoss(new Error('Connection terminated unexpectedly'))).toBe(true);
  // A name server that is away for a moment.
  expect(isConnectionLoss(Object.assign(new Error('getaddrinfo EAI_AGAIN db'), { code: 'EAI_AGAIN' }))).toBe(true);
  expect(isConnectionLoss(Object.assign(new Error('x'), { code: '53300' }))).toBe(true);
  expect(isConnectionLoss(Object.assign(new Error('x'), { code: '22021' }))).toBe(false);
  expect(isConnectionLoss(new TypeError('x is undefined'))).toBe(false);
  expect(isRetryable(Object.assign(new Error('x'), { code: '40P01' }))).toBe(true);
});
