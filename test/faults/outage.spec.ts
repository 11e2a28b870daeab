/**
 * The servers go away and come back, as they do: the apps wait, go on by themselves, and end cleanly when asked. A
 * broker and a PostgreSQL of the test's own, stopped under load.
 */
import { addTruth, expectTruth, untilCounted, untilPaged } from '../harness/reading.js';
import { testDatabase, type TestDatabase } from '../harness/database.js';
import { ownKafka, ownPostgres, type OwnKafka, type OwnServer } from '../harness/own-servers.js';
import { tocsin, type AppProcess, type Tocsin } from '../harness/tocsin.js';
import { truth, truthPolicy, truthRules, type Truth } from '../harness/truth.js';

const outageSeconds = Number(process.env['TOCSIN_KILL_ROUNDS'] ?? 3) >= 20 ? 60 : 15;
let kafka: OwnKafka;
let postgres: OwnServer;
let database: TestDatabase;
let running: Tocsin;
const apps: AppProcess[] = [];
let sum: Truth = { values: [], findings: new Set(), incidents: new Set() };

beforeAll(async () => {
  [kafka, postgres] = await Promise.all([ownKafka(), ownPostgres()]);
  database = await testDatabase({ server: postgres.address });
  running = await tocsin({ config: { 'policy.yml': truthPolicy, ...truthRules() }, brokers: kafka.address, database });
  for (const names of [['api'], ['monitor'], ['monitor'], ['pager']]) apps.push(await running.start(names));
}, 240_000);
afterAll(async () => {
  await running?.close();
  await database?.drop();
  await Promise.all([kafka?.close(), postgres?.close()]);
}, 120_000);

async function produce(seed: number, events = 1_000): Promise<void> {
  const part = truth(seed, events);
  sum = addTruth(sum, part);
  await running.produce('outputs', part.values);
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

test('a broker that is restarted under load loses nothing, and no app ends', async () => {
  await produce(100);
  await kafka.stop();
  await pause(3);
  await kafka.start();
  await produce(101);
  await untilCounted(running, sum);
  for (const app of apps) expect([app.apps, app.running()]).toEqual([app.apps, true]);
}, 400_000);

test('PostgreSQL restarted under load loses nothing, and no app ends', async () => {
  const producing = produce(200, 3_000);
  await postgres.stop();
  await postgres.start();
  await producing;
  await untilCounted(running, sum);
  for (const app of apps) expect([app.apps, app.running()]).toEqual([app.apps, true]);
}, 400_000);

test(`PostgreSQL away for ${outageSeconds} s: what came meanwhile is judged and paged when it is back`, async () => {
  await postgres.stop();
  await produce(300);
  await pause(outageSeconds);
  await postgres.start();
  await produce(301);
  const open = await expectTruth(running, sum);
  await untilPaged(running, open);
  for (const app of apps) expect([app.apps, app.running()]).toEqual([app.apps, true]);
}, 500_000);

test('after all of it every app ends on SIGTERM with code 0', async () => {
  const codes = await Promise.all(apps.map(async (app) => `${app.apps.join()} ${await app.stop()}`));
  expect(codes).toEqual(apps.map((one) => `${one.apps.join()} 0`));
}, 120_000);

test('an app that is asked to end while the broker and PostgreSQL are away ends by itself, with code 0', async () => {
  const [monitor, pager] = [await running.start(['monitor']), await running.start(['pager'])];
  await Promise.all([kafka.stop(), postgres.stop()]);
  expect(await Promise.all([monitor.stop(), pager.stop()])).toEqual([0, 0]);
  await Promise.all([kafka.start(), postgres.start()]);
}, 240_000);

test('a monitor that is asked to end while the broker is frozen ends by itself, with code 0', async () => {
  const monitor = await running.start(['monitor']);
  kafka.freeze();
  const code = await monitor.stop().finally(() => kafka.thaw());
  expect(code).toBe(0);
}, 240_000);
