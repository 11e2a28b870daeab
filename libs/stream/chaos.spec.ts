import pg from 'pg';
import { createDataSource, Database } from '../database/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { testKafka, type TestKafka } from '../../test/harness/kafka.js';
import { proxyTo, type Proxy } from '../../test/harness/proxy.js';
import { until } from '../../test/harness/until.js';
import { BatchServer, Positions, type Batch } from './index.js';

const rounds = 25;
let db: TestDatabase;
let kafka: TestKafka;
beforeAll(async () => {
  db = await testDatabase();
  kafka = await testKafka();
  await db.database.query('create table seen (partition int, record_offset bigint)');
});
afterAll(async () => {
  await kafka.close();
  await db.drop();
});

/** The same faults for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % sides;
  };
}

interface Copy {
  readonly kafka: Proxy;
  readonly postgres: Proxy;
  close(): Promise<void>;
}

const positions = new Positions();
const fatal: unknown[] = [];

/** One copy behind proxies of its own, whose batches now and then are slow, lose a race, or lose COMMIT's answer. */
async function copy(roll: (sides: number) => number): Promise<Copy> {
  const broker = await proxyTo(kafka.options.brokers[0]!, { broker: true });
  const url = new URL(db.url);
  const postgres = await proxyTo(`${url.hostname}:${url.port}`);
  url.host = postgres.address;
  const source = createDataSource({ url: url.href, applicationName: 'tocsin copy' });
  await source.initialize();
  const database = new Database(source);
  const server = new BatchServer({ ...kafka.options, brokers: [broker.address] }, database, {
    upkeepMs: 300,
    onFatal: (error) => fatal.push(error),
  });
  const handle = async (batch: Batch): Promise<void> => {
    const fault = roll(12);
    await database.transaction(async (tx) => {
      await positions.advance(tx, batch);
      await tx.query('insert into seen select $1, unnest($2::bigint[])', [
        batch.partition,
        batch.records.map(({ offset }) => offset),
      ]);
      if (fault === 0) await tx.query('select pg_sleep(0.4)');
      if (fault === 1 && batch.attempt < 3) throw Object.assign(new Error('deadlock'), { code: '40P01' });
    });
    if (fault === 2) throw new Error('Connection terminated unexpectedly');
  };
  server.addHandler('tocsin.outputs', handle, true);
  await new Promise<void>((resolve, reject) => server.listen((error) => (error ? reject(error) : resolve())));
  return {
    kafka: broker,
    postgres,
    async close() {
      await server.close();
      await source.destroy();
      await broker.close();
      await postgres.close();
    },
  };
}

test('copies that come, go, and lose both their servers again and again lose no record and double none', async () => {
  const roll = dice(7_406);
  await kafka.create('tocsin.outputs', 4);
  const copies = [await copy(roll), await copy(roll)];
  const killer = new pg.Client({ connectionString: db.url });
  killer.on('error', () => undefined);
  await killer.connect();
  let sent = 0;
  for (let round = 0; round < rounds; round++) {
    const before = await count();
    const messages = Array.from({ length: 40 }, (_, i) => ({ partition: i % 4, value: `v${i}` }));
    await kafka.send('tocsin.outputs', messages);
    sent += 40;
    const one = copies[roll(copies.length)]!;
    const act = roll(8);
    if (act === 0)
      await killer.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tocsin copy'`,
      );
    else if (act === 1) one.kafka.cut();
    else if (act === 2) one.postgres.cut();
    else if (act === 3) await one.postgres.refuse();
    else if (act === 4) await one.kafka.refuse();
    else if (act === 5 && copies.length < 3) copies.push(await copy(roll));
    else if (act === 6 && copies.length > 1) await copies.splice(copies.indexOf(one), 1)[0]!.close();
    await until('some progress', async () => (await count()) > before || act === 3 || act === 4, {
      // A rebalance may wait for a lost member for kafkajs's rebalance timeout, 60 s, and one may follow another.
      withinMs: 200_000,
    });
    if (copies.includes(one)) await Promise.all([one.postgres.accept(), one.kafka.accept()]);
    expect(fatal).toEqual([]);
  }
  await killer.end();
  await until('every record', async () => (await count()) >= sent, { withinMs: 120_000 });
  for (const one of copies) await one.close();
  const [sums] = await db.database.query<{ stored: number; distinct: number }>(
    'select count(*) as stored, count(distinct (partition, record_offset)) as distinct from seen',
  );
  expect(sums).toEqual({ stored: sent, distinct: sent });
  expect(fatal).toEqual([]);
}, 600_000);

async function count(): Promise<number> {
  return (await db.database.query<{ n: number }>('select count(*) as n from seen'))[0]!.n;
}
