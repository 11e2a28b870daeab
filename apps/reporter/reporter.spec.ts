import { aBundle, applied } from '../../libs/reports/reports.fixture.js';
import { Health } from '../../libs/telemetry/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { mailServer, type MailServer } from '../../test/harness/mail-server.js';
import { until } from '../../test/harness/until.js';
import type { RunningApp } from '../app.js';
import { readConfig } from '../config.js';
import { startReporter } from './start.js';

let db: TestDatabase;
let mail: MailServer;
const apps: RunningApp[] = [];
beforeAll(async () => {
  db = await testDatabase();
  mail = await mailServer();
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await mail.close();
  await db.drop();
});

const patiently = { withinMs: 60_000 };

test('the app takes up the bundle that comes, plans, mails each report once from two copies, and drains', async () => {
  await db.clock.set('2026-11-22T12:00:00Z');
  const { config } = readConfig(
    {
      TOCSIN_DATABASE_URL: db.url,
      TOCSIN_SMTP_URL: mail.url,
      TOCSIN_PUBLIC_URL: 'https://tocsin.test',
      TOCSIN_DEFAULT_RESPONDER: 'oncall@example.org',
    },
    ['reporter'],
  );
  const health = new Health();
  for (let copy = 0; copy < 2; copy++)
    apps.push(await startReporter({ config: config!, health, fail: (error) => console.error(error) }));
  await applied(db, aBundle());
  const count = async (table: string) =>
    (await db.database.query<{ count: number }>(`select count(*) as count from tocsin.${table}`))[0]!.count;
  await until('both running periods to be planned', async () => (await count('report')) === 2, patiently);
  await until('the duties of Sunday', async () => (await count('upkeep')) >= 6, patiently);
  await db.clock.set('2026-11-22T23:01:00Z');
  await until('four mails', () => mail.received.length >= 4, patiently);
  await until('the duties of Monday', async () => (await count('upkeep')) >= 12, patiently);
  expect((await health.readiness()).ready).toBe(true);
  for (const app of apps.splice(0)) await app.close();
  expect(mail.received).toHaveLength(4);
  expect(mail.received[0]!.mail.text).toContain('In the console: https://tocsin.test/reports');
}, 180_000);
