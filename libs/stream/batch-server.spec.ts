import { jest } from '@jest/globals';
import pg from 'pg';
import { Database, createDataSource, type Tx } from '../database/index.js';
import { Health, metricsText } from '../telemetry/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { testKafka, type TestKafka } from '../../test/harness/kafka.js';
import { proxyTo } from '../../test/harness/proxy.js';
import { until } from '../../test/harness/until.js';
import {
  BatchServer,
  Positions,
  resetPositions,
  showPositions,
  type Batch,
  type BatchServerHooks,
  type Stopped,
} from './index.js';

const long = { withinMs: 60_000 };
let db: TestDatabase;
let kafka: TestKafka;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  db = await testDatabase({ poolSize: 16 });
  await db.database.query('create table seen (topic text, partition int, record_offset bigint, value text, copy text)');
});
beforeEach(async () => {
  kafka = await testKafka();
  await db.database.query('truncate seen');
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await kafka.close();
});
afterAll(() => db.drop());

const positions = new Positions();

/** What a handler of the tests does: it writes each record's place beside the moved position. */
async function store(tx: Tx, batch: Batch, copy = 'one'): Promise<void> {
  await positions.advance(tx, batch);
  await tx.query(`insert into seen select $1, $2, o, v, $3 from unnest($4::bigint[], $5::text[]) as row (o, v)`, [
    batch.topic,
    batch.partition,
    copy,
    batch.records.map(({ offset }) => offset),
    batch.records.map(({ value, unreadable }) => unreadable ?? value?.toString() ?? null),
  ]);
}

type Handle = (batch: Batch, database: Database) => Promise<void>;
const plain: Handle = (batch, database) => database.transaction((tx) => store(tx, batch));

/** A server that reads tocsin.outputs; fatal errors are kept, and it is closed after the test. */
async function start(
  handle: Handle = plain,
  hooks: BatchServerHooks = {},
  database = db.database,
  brokers = kafka.options.brokers,
) {
  const fatal: unknown[] = [];
  const stopped: Stopped[] = [];
  const health = new Health();
  const server = new BatchServer({ ...kafka.options, brokers }, database, {
    health,
    upkeepMs: 200,
    onFatal: (error) => fatal.push(error),
    onStopped: (one) => stopped.push(one),
    ...hooks,
  });
  server.addHandler('tocsin.outputs', (batch: Batch) => handle(batch, database), true);
  await new Promise<void>((resolve, reject) => server.listen((error) => (error ? reject(error) : resolve())));
  let closed: Promise<void> | undefined;
  const one = { server, fatal, stopped, health, close: () => (closed ??= server.close()) };
  open.push(one);
  return one;
}

async function seen(): Promise<string[]> {
  return (
    await db.database.query<{ place: string }>(
      `select partition || '/' || record_offset as place from seen order by partition, record_offset`,
    )
  ).map(({ place }) => place);
}

function values(partition: number, from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) => ({ partition, value: `v${from + i}` }));
}

function places(partition: number, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `${partition}/${from + i}`).toSorted(byPlace);
}

function byPlace(a: string, b: string): number {
  const [p = '', o = ''] = a.split('/');
  const [q = '', r = ''] = b.split('/');
  return Number(p) - Number(q) || Number(o) - Number(r);
}

async function row(partition = 0): Promise<number | undefined> {
  const [found] = await db.database.query<{ next: number }>(
    `select next_offset as next from tocsin.stream_position where consumer_group = $1 and topic = $2 and partition = $3`,
    [kafka.options.group, kafka.topic('tocsin.outputs'), partition],
  );
  return found?.next;
}

async function clusterId(): Promise<string> {
  return (await kafka.admin.describeCluster()).clusterId;
}

async function place(partition: number, next: number, cluster?: string): Promise<void> {
  await db.database.query(
    `insert into tocsin.stream_position (consumer_group, topic, partition, next_offset, cluster_id) values ($1, $2, $3, $4, $5)
     on conflict (consumer_group, topic, partition) do update set next_offset = excluded.next_offset`,
    [kafka.options.group, kafka.topic('tocsin.outputs'), partition, next, cluster ?? (await clusterId())],
  );
}

test('records of a missing topic with a prefix of its own are stored once, and the position follows', async () => {
  const one = await start();
  const [topic] = await kafka.admin
    .fetchTopicMetadata({ topics: [kafka.topic('tocsin.outputs')] })
    .then((m) => m.topics);
  expect(topic!.partitions).toHaveLength(4);
  await kafka.send('tocsin.outputs', [...values(0, 0, 50), ...values(3, 0, 20)]);
  await until('all records', async () => (await seen()).length === 70, long);
  expect(await seen()).toEqual([...places(0, 0, 50), ...places(3, 0, 20)]);
  expect(await row(0)).toBe(50);
  expect((await one.health.readiness()).checks).toEqual({ stream: 'ok' });
  await one.close();
  await kafka.send('tocsin.outputs', values(0, 50, 60));
  await start();
  await until('the records of the pause', async () => (await seen()).length === 80, long);
  expect(await seen()).toEqual([...places(0, 0, 60), ...places(3, 0, 20)]);
});

test('an idle partition whose offset in Kafka is ahead of its row is read from the row at once', async () => {
  await kafka.create('tocsin.outputs');
  await kafka.send('tocsin.outputs', values(0, 0, 100));
  await kafka.admin.setOffsets({
    groupId: kafka.options.group,
    topic: kafka.topic('tocsin.outputs'),
    partitions: [{ partition: 0, offset: '100' }],
  });
  await place(0, 40);
  await start();
  await until('the 60 records that waited', async () => (await seen()).length === 60, long);
  expect(await seen()).toEqual(places(0, 40, 100));
});

test('a zombie whose position was moved stops before its work and reads on where the row is', async () => {
  await kafka.create('tocsin.outputs');
  let tries = 0;
  await start(async (batch, database) => {
    if (tries++ === 0) await place(0, 7); // another copy has committed seven records in the meantime
    await plain(batch, database);
  });
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await until('the position to reach the end', async () => (await row()) === 10, long);
  expect(await seen()).toEqual(places(0, 7, 10));
  expect(tries).toBe(2);
});

test('a batch that begins below the position is refused, and the row is never moved back', async () => {
  await kafka.create('tocsin.outputs');
  await kafka.send('tocsin.outputs', values(0, 0, 30));
  const one = await start();
  await until('the first 30', async () => (await row()) === 30, long);
  one.server
    .unwrap<{ seek(at: object): void }>()
    .seek({ topic: kafka.topic('tocsin.outputs'), partition: 0, offset: '10' });
  await kafka.send('tocsin.outputs', values(0, 30, 35));
  await until('the five new records', async () => (await row()) === 35, long);
  expect(await seen()).toEqual(places(0, 0, 35));
});

test('offsets that retention took are counted as a hole, and the rest is read', async () => {
  await kafka.create('tocsin.outputs');
  await kafka.send('tocsin.outputs', values(0, 0, 100));
  await place(0, 10);
  await kafka.admin.deleteTopicRecords({
    topic: kafka.topic('tocsin.outputs'),
    partitions: [{ partition: 0, offset: '60' }],
  });
  await start();
  await until('the rest of the log', async () => (await row()) === 100, long);
  expect(await seen()).toEqual(places(0, 60, 100));
});

test('a position beyond the end of the log stops its partition alone, says why, and goes on after a reset', async () => {
  await kafka.create('tocsin.outputs', 2);
  await kafka.send('tocsin.outputs', [...values(0, 0, 10), ...values(1, 0, 10)]);
  await place(0, 9_000);
  const one = await start();
  await until('partition 1', async () => (await row(1)) === 10, long);
  await until('the stop', () => one.stopped.length === 1, long);
  expect(one.stopped[0]).toEqual({
    topic: 'tocsin.outputs',
    partition: 0,
    reason: 'its position 9000 is beyond the end of the log, which is 10',
  });
  const { ready, checks } = await one.health.readiness();
  expect(ready).toBe(false);
  expect(checks['stream']).toContain('tocsin.outputs/0 stopped: its position 9000 is beyond the end');
  expect(await row(0)).toBe(9_000);
  const shown = await showPositions(db.database, kafka.options);
  expect(
    shown.find(({ topic, partition }) => topic === kafka.topic('tocsin.outputs') && partition === 0),
  ).toMatchObject({
    next: 9_000,
    low: 0,
    high: 10,
    state: 'its position 9000 is beyond the end of the log, which is 10',
  });
  const [reset] = await resetPositions(db.database, kafka.options, { topic: 'tocsin.outputs', partition: 0, to: 4 });
  expect(reset).toMatchObject({ next: 4, state: 'ok', lag: 6 });
  await until('the partition to go on', async () => (await row(0)) === 10, long);
  expect((await seen()).filter((at) => at.startsWith('0/'))).toEqual(places(0, 4, 10));
  expect((await one.health.readiness()).ready).toBe(true);
});

test('a position of another Kafka cluster stops its partition', async () => {
  await kafka.create('tocsin.outputs');
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await place(0, 3, 'a-cluster-that-was');
  const one = await start();
  await until('the stop', () => one.stopped.length === 1, long);
  expect(one.stopped[0]!.reason).toContain('belongs to Kafka cluster a-cluster-that-was');
  expect(await seen()).toEqual([]);
});

test('a reset of a running partition is followed without a restart', async () => {
  await kafka.create('tocsin.outputs');
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await start();
  await until('all ten', async () => (await row()) === 10, long);
  await resetPositions(db.database, kafka.options, { topic: 'tocsin.outputs', to: 'earliest' });
  await until('all ten again', async () => (await seen()).length === 20, long);
});

test('a second copy that joins in mid-batch takes its partitions over, nothing lost and nothing double', async () => {
  await kafka.create('tocsin.outputs', 4);
  const slow =
    (copy: string): Handle =>
    (batch, database) =>
      database.transaction(async (tx) => {
        await store(tx, batch, copy);
        await tx.query('select pg_sleep(0.2)');
      });
  const messages = (from: number, to: number) => [0, 1, 2, 3].flatMap((partition) => values(partition, from, to));
  await start(slow('one'));
  await kafka.send('tocsin.outputs', messages(0, 20));
  await until('the first batches', async () => (await seen()).length > 0, long);
  await kafka.send('tocsin.outputs', messages(20, 40));
  const two = await start(slow('two'));
  await until(
    'the second copy to work',
    async () => {
      await kafka.send(
        'tocsin.outputs',
        [0, 1, 2, 3].map((partition) => ({ partition, value: 'more' })),
      );
      return (await db.database.query(`select 1 from seen where copy = 'two' limit 1`)).length > 0;
    },
    long,
  );
  await two.close();
  const ends = await kafka.admin.fetchTopicOffsets(kafka.topic('tocsin.outputs'));
  const wanted = ends.flatMap(({ partition, high }) => places(partition, 0, Number(high))).toSorted(byPlace);
  await until('all records', async () => (await seen()).length >= wanted.length, long);
  expect(await seen()).toEqual(wanted);
});

test('connections that PostgreSQL ends again and again lose nothing and double nothing', async () => {
  await kafka.create('tocsin.outputs', 2);
  const one = await start();
  const killer = new pg.Client({ connectionString: db.url });
  await killer.connect();
  for (let round = 0; round < 20; round++) {
    await kafka.send('tocsin.outputs', [...values(0, 0, 20), ...values(1, 0, 20)]);
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
  }
  await killer.end();
  await until('all records', async () => (await row(0)) === 400 && (await row(1)) === 400, long);
  expect(await seen()).toEqual([...places(0, 0, 400), ...places(1, 0, 400)]);
  expect(one.fatal).toEqual([]);
});

async function connectionTries(): Promise<number> {
  const { body } = await metricsText();
  return Number(/tocsin_stream_reruns_total\{reason="connection"\} (\d+)/.exec(body)?.[1] ?? 0);
}

test('while PostgreSQL is away a batch waits in its group, and goes on by itself', async () => {
  const at = new URL(db.url);
  const proxy = await proxyTo(`${at.hostname}:${at.port}`);
  at.host = proxy.address;
  const source = createDataSource({ url: at.href, applicationName: 'tocsin stream test' });
  await source.initialize();
  const behind = new Database(source);
  await kafka.create('tocsin.outputs');
  const one = await start(plain, {}, behind);
  const joined: unknown[] = [];
  one.server
    .unwrap<{ on(name: string, hear: (event: unknown) => void): void }>()
    .on('consumer.group_join', (event) => joined.push(event));
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await until('the first ten', async () => (await row()) === 10, long);
  await proxy.refuse();
  await kafka.send('tocsin.outputs', values(0, 10, 20));
  const tries = await connectionTries();
  await until('the batch to try many times', async () => (await connectionTries()) >= tries + 8, long);
  expect(await row()).toBe(10);
  await proxy.accept();
  await until('the next ten', async () => (await row()) === 20, long);
  proxy.cut();
  await kafka.send('tocsin.outputs', values(0, 20, 30));
  await until('the last ten', async () => (await row()) === 30, long);
  expect(await seen()).toEqual(places(0, 0, 30));
  expect(joined).toEqual([]);
  expect(one.fatal).toEqual([]);
  await one.close();
  await source.destroy();
  await proxy.close();
});

test('while Kafka is away the consumer waits, and goes on by itself without a crash', async () => {
  await kafka.create('tocsin.outputs');
  const proxy = await proxyTo(kafka.options.brokers[0]!, { broker: true });
  const one = await start(plain, {}, db.database, [proxy.address]);
  const events: string[] = [];
  const consumer = one.server.unwrap<{ on(name: string, hear: () => void): void }>();
  consumer.on('consumer.crash', () => events.push('crash'));
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await until('the first ten', async () => (await row()) === 10, long);
  await proxy.refuse();
  await kafka.send('tocsin.outputs', values(0, 10, 20));
  expect(await row()).toBe(10);
  await proxy.accept();
  await until('the next ten', async () => (await row()) === 20, long);
  for (let round = 0; round < 5; round++) {
    proxy.cut();
    await kafka.send('tocsin.outputs', values(0, 20 + round, 21 + round));
  }
  await until('the last five', async () => (await row()) === 25, long);
  proxy.stall();
  await kafka.send('tocsin.outputs', values(0, 25, 30));
  proxy.flow();
  await until('what came during the stall', async () => (await row()) === 30, long);
  expect(await seen()).toEqual(places(0, 0, 30));
  expect(events).toEqual([]);
  expect(one.fatal).toEqual([]);
  await one.close();
  await proxy.close();
});

test('a COMMIT whose answer was lost is neither lost nor doubled', async () => {
  await kafka.create('tocsin.outputs');
  let lost = 0;
  await start(async (batch, database) => {
    await plain(batch, database);
    if (lost++ === 0) throw Object.assign(new Error('Connection terminated unexpectedly'));
  });
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await until('the commit', async () => (await row()) === 10, long);
  await kafka.send('tocsin.outputs', values(0, 10, 20));
  await until('the next', async () => (await row()) === 20, long);
  expect(await seen()).toEqual(places(0, 0, 20));
});

test('a lost race runs the batch again; nothing of the first try stays', async () => {
  await kafka.create('tocsin.outputs');
  const attempts: number[] = [];
  const one = await start((batch, database) =>
    database.transaction(async (tx) => {
      await store(tx, batch);
      attempts.push(batch.attempt);
      if (batch.attempt < 3) throw Object.assign(new Error('could not serialize'), { code: '40001' });
    }),
  );
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await until('the commit', async () => (await row()) === 10, long);
  expect(attempts).toEqual([1, 2, 3]);
  expect(await seen()).toEqual(places(0, 0, 10));
  expect(one.fatal).toEqual([]);
});

test('a bug in a handler ends the consumer with its own error, and nothing of the batch is committed', async () => {
  await kafka.create('tocsin.outputs');
  const one = await start((batch, database) =>
    database.transaction(async (tx) => {
      await store(tx, batch);
      throw new TypeError('undefined is not a detector');
    }),
  );
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await until('the end', () => one.fatal.length > 0, long);
  expect(one.fatal).toEqual([new TypeError('undefined is not a detector')]);
  expect(await seen()).toEqual([]);
  expect(await row()).toBe(0);
  expect((await one.health.readiness()).ready).toBe(false);
});

test('without a hook of its own, a bug ends the process with code 1', async () => {
  await kafka.create('tocsin.outputs');
  const codes: unknown[] = [];
  const exit = jest.spyOn(process, 'exit').mockImplementation(((code) => codes.push(code)) as typeof process.exit);
  try {
    const server = new BatchServer(kafka.options, db.database);
    open.push(server);
    server.addHandler('tocsin.outputs', () => Promise.reject(new TypeError('x is not a function')), true);
    await new Promise<void>((resolve, reject) => server.listen((error) => (error ? reject(error) : resolve())));
    await kafka.send('tocsin.outputs', values(0, 0, 1));
    await until('the end', () => codes.length > 0, long);
    expect(codes).toEqual([1]);
  } finally {
    exit.mockRestore();
  }
});

test('a handler that does not move the position is a bug that is named', async () => {
  await kafka.create('tocsin.outputs');
  const one = await start(async () => undefined);
  await kafka.send('tocsin.outputs', values(0, 0, 1));
  await until('the end', () => one.fatal.length > 0, long);
  expect(one.fatal[0]).toMatchObject({ code: 'TOCSIN_STREAM_NOT_ADVANCED' });
});

test('closing in mid-batch commits the batch in flight and leaves the rest', async () => {
  await kafka.create('tocsin.outputs');
  let begun = 0;
  const one = await start((batch, database) =>
    database.transaction(async (tx) => {
      begun++;
      await store(tx, batch);
      await tx.query('select pg_sleep(1)');
    }),
  );
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await until('the batch to begin', () => begun === 1, long);
  await one.close();
  expect(await row()).toBe((await seen()).length);
  expect(await seen()).toEqual(places(0, 0, (await row()) ?? 0));
  expect(await row()).toBeGreaterThan(0);
});

test('a paused stream holds its batches, stays in its group and goes on when it is resumed', async () => {
  await kafka.create('tocsin.outputs');
  const one = await start();
  one.server.pause('no bundle is active');
  await kafka.send('tocsin.outputs', values(0, 0, 10));
  await until(
    'the check to say so',
    async () => (await one.health.readiness()).checks['stream'] === 'paused: no bundle is active',
    long,
  );
  expect(await seen()).toEqual([]);
  one.server.resume();
  await until('the records', async () => (await row()) === 10, long);
});
