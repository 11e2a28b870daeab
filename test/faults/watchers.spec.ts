/** Who only watches harms nobody: clients of the live stream that never read, and a second reporter. */
import { connect, type Socket } from 'node:net';
import { output } from '../harness/events.js';
import { metric, ofRules, patiently } from '../harness/reading.js';
import { tocsin, type Tocsin } from '../harness/tocsin.js';
import { phrases, truthPolicy, truthRules } from '../harness/truth.js';
import { until } from '../harness/until.js';

let running: Tocsin;
beforeAll(async () => {
  running = await tocsin({ config: { 'policy.yml': truthPolicy, ...truthRules() } });
  await running.start(['api']);
  await running.start(['monitor']);
}, 180_000);
afterAll(() => running?.close(), 60_000);

/** Asks for the live stream, and never reads a byte of it. */
function deafClient(): Promise<Socket> {
  const { hostname, port } = new URL(running.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.pause();
      socket.write(
        `GET /api/v1/live HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${running.adminToken}\r\nAccept: text/event-stream\r\n\r\n`,
        () => resolve(socket),
      );
    });
    socket.once('error', reject);
  });
}

test('clients of the live stream that never read grow no memory of the api, and the others are served', async () => {
  const port = Number(new URL(running.url).port);
  const rss = async () => (await metric(port, 'process_resident_memory_bytes')) ?? 0;
  await running.list('/api/v1/incidents');
  const before = await rss();
  expect(before).toBeGreaterThan(0);
  const deaf = await Promise.all(Array.from({ length: 200 }, deafClient));
  for (let n = 0; n < 8; n++) {
    const account = `change-${n}`;
    await running.produce('outputs', [output({ account, text: phrases[0] })]);
    await until(
      'the change',
      async () => (await ofRules(running)).some(({ key }) => key['account'] === account),
      patiently,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // each is told to everybody, once a second at most
  }
  const grown = (await rss()) - before;
  for (const socket of deaf) socket.destroy();
  expect(grown).toBeLessThan(250 * 1024 * 1024);
  expect((await ofRules(running)).length).toBe(8);
}, 300_000);

test('two reporters send each report once, and late ones say so', async () => {
  const reporters = [await running.start(['reporter']), await running.start(['reporter'])];
  const daily = () => running.mail.received.filter(({ mail }) => /daily/i.test(mail.subject ?? ''));
  const weekly = () => running.mail.received.filter(({ mail }) => /weekly/i.test(mail.subject ?? ''));
  // The running periods are planned when a reporter first looks; then a week goes by.
  await until(
    'the plan',
    async () => (await running.db.database.query('select 1 from tocsin.report')).length > 0,
    patiently,
  );
  await running.db.clock.advance('7 days');
  await until('the reports', () => daily().length >= 7 && weekly().length >= 1, patiently);
  const expected = (await running.db.database.query(`select 1 from tocsin.report where made_at is not null`)).length;
  await until('all of them', () => daily().length + weekly().length >= expected, patiently);
  for (const one of reporters) expect(await one.stop()).toBe(0);
  const subjects = [...daily(), ...weekly()].map(({ mail }) => mail.subject);
  expect(new Set(subjects).size).toBe(subjects.length);
  // Those of the days before, whenever in the day this runs.
  expect(daily().some(({ mail }) => /This report is late/.test(mail.text ?? ''))).toBe(true);
}, 300_000);
