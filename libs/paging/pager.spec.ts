import { jest } from '@jest/globals';
import { httpReceiver } from '../../test/harness/http-receiver.js';
import { mailServer } from '../../test/harness/mail-server.js';
import { until } from '../../test/harness/until.js';
import { endWorlds, email, keys, world, type World } from './paging.fixture.js';
import { signToken } from './token.js';

jest.setTimeout(180_000);

const secret = 'a secret of sixteen letters or more';
const patient = { withinMs: 60_000 };

let here: World;
afterAll(endWorlds);
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await here.close();
  for (const server of open.splice(0)) await server.close();
});

async function http(answer?: Parameters<typeof httpReceiver>[0]) {
  const server = await httpReceiver(answer);
  open.push(server);
  return server;
}

const hook = (url: string, name = 'hook') => ({ name, channel: 'webhook', url, secrets: [secret] });
const webhooks = (url: string, over: object = {}) => ({ responders: { ann: { contacts: [hook(url)] } }, ...over });
const countIn = async (state: string) => (await here.states()).filter((one) => one.state === state).length;

test('two pagers share a storm of 1,000 incidents: every page once, none left', async () => {
  const receiver = await http();
  here = await world(webhooks(receiver.url, { bundling: { on: false } }));
  await here.pager();
  await here.pager();
  await here.openMany(1_000);
  await until('all pages to be recorded as sent', async () => (await countIn('sent')) === 1_000, patient);
  const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
  expect(ids).toHaveLength(1_000);
  expect(new Set(ids).size).toBe(1_000);
  const [{ attempts } = { attempts: 0 }] = await here.db.database.query<{ attempts: number }>(
    'select count(*) as attempts from tocsin.delivery_attempt',
  );
  expect(attempts).toBe(1_000);
});

test('from the 21st page in a minute one bundle names every incident, and is renewed after 15 seconds', async () => {
  const mail = await mailServer();
  open.push(mail);
  here = await world();
  await here.db.clock.set('2026-03-02T08:00:00Z');
  const first = await here.openMany(30);
  await here.pager({ smtp: [mail.url] });
  await until('20 pages and a bundle', () => mail.received.length === 21, patient);
  const bundle = mail.received.find((one) => one.mail.subject?.includes('10 incidents in one page'));
  const paged = new Set(mail.received.map((one) => /#(\d+):/.exec(one.mail.subject ?? '')?.[1]));
  for (const { number } of first) {
    expect(paged.has(String(number)) || bundle?.mail.text?.includes(`#${number}:`)).toBe(true);
  }
  await until('the bundle to be recorded', async () => (await countIn('sent')) === 21, patient);
  await here.openMany(5);
  await until('the five to be bundled', async () => (await countIn('bundled')) === 15, patient);
  expect(mail.received).toHaveLength(21);
  await here.db.clock.advance('15 seconds');
  await until('the second bundle', () => mail.received.length === 22, patient);
  expect(mail.received[21]?.mail.subject).toContain('5 incidents in one page');
  const token = /acknowledge\/(\S+)/.exec(bundle?.mail.text ?? '')?.[1] ?? '';
  expect(await here.acknowledge.look(token)).toMatchObject({ outcome: 'open', count: 10 });
  expect(await here.acknowledge.use(token)).toMatchObject({
    outcome: 'acknowledged',
    count: 10,
    by: 'ann@example.com',
  });
});

test('an acknowledgement from the link cancels what waits, and a second click says who was first', async () => {
  const mail = await mailServer();
  open.push(mail);
  here = await world({
    responders: {
      ann: { contacts: [email('ann')] },
      ben: { contacts: [email('ben')], rules: [{ tell: [{ contact: 'email', after: '10m' }] }] },
    },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }, { responder: 'ben' }] }] } },
  });
  const incident = await here.open();
  await here.pager({ smtp: [mail.url] });
  await until('the page', () => mail.received.length === 1, patient);
  await until('its outcome', async () => (await countIn('sent')) === 1, patient);
  const token = /acknowledge\/(\S+)/.exec(mail.received[0]?.mail.text ?? '')?.[1] ?? '';
  expect(await here.acknowledge.look(token)).toEqual({ outcome: 'open', number: incident.number, count: 1 });
  expect(await here.acknowledge.use(token)).toMatchObject({
    outcome: 'acknowledged',
    by: 'ann@example.com',
    first: true,
  });
  expect(await here.acknowledge.use(token)).toMatchObject({
    outcome: 'acknowledged',
    by: 'ann@example.com',
    first: false,
  });
  expect((await here.states(incident.id)).map(({ responder, state }) => `${responder} ${state}`)).toEqual([
    'ann sent',
    'ben cancelled',
  ]);
  expect(await here.timeline(incident.id)).toContain('pages cancelled: 1; already on the wire: 0');
});

test('a link of an earlier round is void, an expired one says so, and a forged one nothing', async () => {
  here = await world();
  const incident = await here.open();
  const [row] = await here.states(incident.id);
  const sign = (round: number, expires: number, key = keys[0] ?? '') =>
    signToken({ purpose: 'acknowledge', incident: incident.id, round, notification: row?.id ?? '', expires }, [key]);
  const now = (await here.db.database.now()).getTime();
  const good = sign(1, now + 60_000);
  expect(await here.acknowledge.look(good)).toMatchObject({ outcome: 'open' });
  expect(await here.acknowledge.use(sign(1, now - 1_000))).toEqual({ outcome: 'expired' });
  expect(await here.acknowledge.use(sign(1, now + 60_000, 'x'.repeat(40)))).toEqual({ outcome: 'forged' });
  expect(await here.acknowledge.use(`${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`)).toEqual({
    outcome: 'forged',
  });
  await here.responding.reassign(incident.id, ['ben'], { who: 'ann' });
  expect(await here.acknowledge.use(good)).toEqual({ outcome: 'void' });
  expect((await here.incidents.get(here.db.database, incident.id))?.status).toBe('open');
});

test("a dead pager's claims are free at once and sent again under the same id, marked as possible duplicates", async () => {
  const receiver = await http();
  here = await world(webhooks(receiver.url));
  const incident = await here.open();
  // A pager that claimed and died: nobody holds the lock of its owner number.
  const claimed = await here.outbox.claim(here.db.database, 'http', 10, 999_999, true);
  expect(claimed).toHaveLength(1);
  await here.pager();
  await until('the page', async () => (await countIn('sent')) === 1, patient);
  expect(receiver.received[0]?.headers['webhook-id']).toBe(claimed[0]?.id);
  expect(receiver.received[0]?.headers['tocsin-possible-duplicate']).toBe('true');
  const [listed] = await here.pages.notifications(here.db.database, incident.id);
  expect(listed?.attempts.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual([
    'retry pager_gone',
    'sent http_200',
  ]);
});

test('an outcome that comes after another pager took over changes nothing', async () => {
  here = await world(webhooks('http://127.0.0.1:9/'));
  await here.open();
  const [first] = await here.outbox.claim(here.db.database, 'http', 10, 999_998, true);
  await here.outbox.freeOrphans(here.db.database);
  const [second] = await here.outbox.claim(here.db.database, 'http', 10, 999_997, true);
  if (!first || !second) throw new Error('nothing was claimed');
  await here.outbox.finish(here.db.database, [
    { claimed: first, result: { outcome: 'refused', reason: 'late' }, ms: 1 },
  ]);
  expect((await here.states())[0]).toMatchObject({ state: 'claimed', attempts: 2 });
  await here.outbox.finish(here.db.database, [{ claimed: second, result: { outcome: 'sent' }, ms: 1 }]);
  expect((await here.states())[0]).toMatchObject({ state: 'sent' });
});

test('a page whose incident was acknowledged while it was on the wire is told apart and not tried again', async () => {
  here = await world(webhooks('http://127.0.0.1:9/'));
  const incident = await here.open();
  const [claimed] = await here.outbox.claim(here.db.database, 'http', 10, 999_999, true);
  if (!claimed) throw new Error('nothing was claimed');
  expect(await here.responding.acknowledge(incident.id, { who: 'ann' })).toMatchObject({ cancelled: 0, onTheWire: 1 });
  await here.outbox.finish(here.db.database, [{ claimed, result: { outcome: 'retry', reason: 'http_500' }, ms: 5 }]);
  expect((await here.states())[0]).toMatchObject({ state: 'cancelled', attempts: 1 });
});

test('a pager that loses its listening connection claims under a new owner and goes on', async () => {
  const receiver = await http();
  here = await world(webhooks(receiver.url));
  await here.pager();
  await until(
    'the pager to listen',
    async () => {
      const rows = await here.db.database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tocsin pager' and datname = current_database()`,
      );
      return rows.length > 0;
    },
    patient,
  );
  await here.open();
  await until('the page', async () => (await countIn('sent')) === 1, patient);
});

test('an idle pager asks the database less than twice a second', async () => {
  here = await world();
  let asked = 0;
  const { database } = here.db;
  const query = database.query.bind(database);
  database.query = (sql, parameters) => {
    asked++;
    return query(sql, parameters);
  };
  try {
    const began = performance.now();
    await here.pager({ pollMs: 1_000 });
    await until('a few polls', () => asked >= 6, { withinMs: 120_000 });
    // Six questions: the start's wakes and a poll a second.
    expect(performance.now() - began).toBeGreaterThan(2_500);
  } finally {
    database.query = query;
  }
});
