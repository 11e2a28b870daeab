/**
 * Promise 3's other half: a PostgreSQL that is full, of connections or on disk, is waited for. No app ends, nothing is
 * a dead letter, and what came meanwhile is judged and paged when there is room again.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testDatabase, type TestDatabase } from '../harness/database.js';
import { addTruth, expectTruth, ofRules, patiently, untilPaged } from '../harness/reading.js';
import { tocsin, type AppProcess, type Tocsin } from '../harness/tocsin.js';
import { truth, truthPolicy, truthRules, type Truth } from '../harness/truth.js';
import { until } from '../harness/until.js';

const role = `tocsin_limited_${randomBytes(4).toString('hex')}`;
let database: TestDatabase;
let running: Tocsin;
const apps: AppProcess[] = [];
let sum: Truth = { values: [], findings: new Set(), incidents: new Set() };

beforeAll(async () => {
  database = await testDatabase();
  // No superuser, so that a limit of connections binds it; a member of the owner, so that all else is as before.
  const [owner] = await database.database.query<{ name: string }>('select quote_ident(current_user) as name');
  await database.database.query(`create role ${role} login password 'limited'`);
  await database.database.query(`grant ${owner!.name} to ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'limited';
  running = await tocsin({
    config: { 'policy.yml': truthPolicy, ...truthRules() },
    database,
    env: { TOCSIN_DATABASE_URL: url.href },
  });
  for (const names of [['api'], ['monitor'], ['monitor'], ['pager']]) apps.push(await running.start(names));
}, 240_000);
afterAll(async () => {
  await running?.close();
  await database?.drop();
  const client = new pg.Client({ connectionString: process.env['TOCSIN_TEST_DATABASE_URL'] });
  await client.connect();
  await client.query(`drop role if exists ${role}`);
  await client.end();
}, 60_000);

async function produce(seed: number): Promise<void> {
  const part = truth(seed, 1_000);
  sum = addTruth(sum, part);
  await running.produce('outputs', part.values);
}

async function allWell(): Promise<void> {
  await untilPaged(running, await expectTruth(running, sum));
  for (const app of apps) expect([app.apps, app.running()]).toEqual([app.apps, true]);
  expect((await running.verb(['deadletters', 'list'])).stdout.trim()).toBe('');
}

test('too many connections (53300): the apps wait, and go on when there are some again', async () => {
  await produce(900);
  const { database: db } = database;
  await db.query(`alter role ${role} connection limit 0`);
  const ended = `select count(pg_terminate_backend(pid))::int as ended from pg_stat_activity where usename = $1`;
  const [cut] = await db.query<{ ended: number }>(ended, [role]);
  expect(cut!.ended).toBeGreaterThan(0);
  await produce(901);
  // Each app has been refused by now, and more than once.
  await until(
    'the apps to say that they wait',
    () => apps.slice(1).every((app) => /too many connections/.test(app.stderr())),
    patiently,
  );
  await db.query(`alter role ${role} connection limit -1`);
  await allWell();
}, 300_000);

test('a full disk (53100): batches wait in their group, and are recorded once there is room', async () => {
  const { database: db } = database;
  await db.query(`
    create function tocsin.disk_full() returns trigger language plpgsql as $$
    begin
      raise exception 'could not extend file: No space left on device' using errcode = '53100';
    end $$`);
  for (const table of ['finding', 'notification'])
    await db.query(
      `create trigger disk_full before insert on tocsin.${table} for each statement execute function tocsin.disk_full()`,
    );
  const before = (await ofRules(running)).reduce((total, { findings }) => total + findings, 0);
  await produce(902);
  await until(
    'a monitor to say that it waits',
    () => apps.some((app) => /No space left on device/.test(app.stderr())),
    patiently,
  );
  expect((await ofRules(running)).reduce((total, { findings }) => total + findings, 0)).toBe(before);
  for (const table of ['finding', 'notification']) await db.query(`drop trigger disk_full on tocsin.${table}`);
  await allWell();
}, 300_000);

test('afterwards every app ends on SIGTERM with code 0', async () => {
  const codes = await Promise.all(apps.map(async (app) => `${app.apps.join()} ${await app.stop()}`));
  expect(codes).toEqual(apps.map((one) => `${one.apps.join()} 0`));
}, 120_000);
