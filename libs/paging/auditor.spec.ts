import { jest } from '@jest/globals';
import { httpReceiver, type HttpReceiver } from '../../test/harness/http-receiver.js';
import { until } from '../../test/harness/until.js';
import { Auditor } from './auditor.worker.js';
import { Outbound } from './channels/outbound.client.js';
import { confirmContact } from './contact-checks.repository.js';
import { beat } from './heartbeats.repository.js';
import { endWorlds, email, keys, stampedOf, world, type World } from './paging.fixture.js';
import { signToken } from './token.js';

jest.setTimeout(180_000);

const start = '2026-03-02T08:00:00Z';

let here: World;
afterAll(endWorlds);
let watch: HttpReceiver;
beforeEach(async () => {
  watch = await httpReceiver();
});
afterEach(async () => {
  await here.close();
  await watch.close();
});

function auditor(): Auditor {
  const { db, incidents, pages, outbox } = here;
  return new Auditor({
    database: db.database,
    incidents,
    pages,
    outbox,
    outbound: new Outbound(['127.0.0.1']),
    plan: () => here.plan,
  });
}

const problems = async (): Promise<string[]> => {
  const [row] = await here.db.database.query<{ said: { problems: { what: string }[] } | null }>(
    `select said from tocsin.paging_due where name = 'audit'`,
  );
  return row?.said?.problems.map(({ what }) => what) ?? [];
};
const kinds = async () => (await here.states()).map(({ kind, responder }) => `${kind} ${responder}`);

test('the dead-man heartbeat goes out while all is well and stops when a page waits unsent', async () => {
  here = await world({ fallback: 'ben', dead_man: { url: watch.url, every: '1m' } });
  await here.db.clock.set(start);
  const audit = auditor();
  await audit.run();
  expect(await problems()).toEqual([]);
  await here.db.clock.advance('1 minute');
  await audit.run();
  const beats = watch.received.length;
  expect(beats).toBeGreaterThan(0);
  await here.open();
  await here.db.clock.advance('3 minutes');
  await audit.run();
  expect(await problems()).toContain('1 notifications wait unsent for more than two minutes');
  await here.db.clock.advance('1 minute');
  await audit.run();
  expect(watch.received).toHaveLength(beats);
  expect(await kinds()).toContain('alarm ben');
});

test('an escalation that is overdue is driven by the audit itself', async () => {
  here = await world({
    responders: { ann: { contacts: [email('ann')] }, ben: { contacts: [email('ben')] } },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }] }, { tell: [{ responder: 'ben' }] }] } },
  });
  await here.db.clock.set(start);
  await here.open();
  await here.db.clock.advance('10 minutes');
  await auditor().run();
  expect(await problems()).toContain('1 escalations are overdue by more than a minute');
  expect(await kinds()).toContain('page ben');
});

test('a gap within a day and a responder without a verified method are told to the fallback, once an hour', async () => {
  here = await world({
    fallback: 'ben',
    responders: { ann: { contacts: [{ ...email('ann'), verified: false }] }, ben: { contacts: [email('ben')] } },
    schedules: {
      days: {
        zone: 'UTC',
        layers: [{ starts: '2026-01-05', responders: ['ann'], restrict: [{ from: '06:00', to: '20:00' }] }],
      },
    },
  });
  await here.db.clock.set(start);
  const audit = auditor();
  await audit.run();
  expect(await problems()).toEqual([
    'nobody is on call in days from 2026-03-02T20:00:00.000Z to 2026-03-03T06:00:00.000Z',
    'ann has no verified contact method',
  ]);
  await here.db.clock.advance('30 seconds');
  await audit.run();
  expect((await kinds()).filter((one) => one === 'alarm ben')).toHaveLength(1);
  await here.db.clock.advance('1 hour');
  await audit.run();
  expect((await kinds()).filter((one) => one === 'alarm ben')).toHaveLength(2);
});

test('two auditors do each duty once', async () => {
  here = await world({ dead_man: { url: watch.url, every: '1m' } });
  await here.db.clock.set(start);
  await auditor().run();
  await here.db.clock.advance('1 minute');
  watch.received.length = 0;
  await Promise.all([auditor().run(), auditor().run(), auditor().run()]);
  expect(watch.received).toHaveLength(1);
});

test('a heartbeat of others that is missed opens an incident, and its return resolves it', async () => {
  here = await world({ heartbeats: { backup: { within: '1h' } } });
  await here.db.clock.set(start);
  const audit = auditor();
  const say = () =>
    here.db.database.transaction((tx) => beat(tx, 'backup', here.plan, here.incidents, here.responding));
  expect(await say()).toBe(true);
  await here.db.clock.advance('59 minutes');
  await audit.run();
  expect((await here.incidents.list(here.db.database)).items).toEqual([]);
  await here.db.clock.advance('2 minutes');
  await audit.run();
  await here.db.clock.advance('2 minutes');
  await audit.run();
  const opened = (await here.incidents.list(here.db.database)).items;
  expect(opened).toMatchObject([{ title: 'Heartbeat "backup" is missing', severity: 'SEV2', status: 'open' }]);
  expect(await kinds()).toEqual(['page ann']);
  await say();
  expect((await here.incidents.list(here.db.database)).items).toMatchObject([
    { status: 'resolved', resolvedBy: 'tocsin' },
  ]);
});

test('a synthetic page that does not arrive is a problem, one that does is resolved and listed nowhere', async () => {
  const plan = {
    responders: {
      ann: { contacts: [{ name: 'hook', channel: 'webhook', url: watch.url, secrets: ['sixteen letters and more'] }] },
    },
    synthetic: { every: '10m', responder: 'ann' },
  };
  here = await world(plan);
  await here.db.clock.set(start);
  const audit = auditor();
  await audit.run();
  await here.db.clock.advance('3 minutes');
  await audit.run();
  expect((await problems()).some((one) => one.includes('synthetic'))).toBe(true);
  const pager = await here.pager();
  await until('the synthetic page', async () => (await here.states())[0]?.state === 'sent', { withinMs: 60_000 });
  await here.db.clock.advance('30 seconds');
  await audit.run();
  expect((await problems()).some((one) => one.includes('synthetic'))).toBe(false);
  await here.db.clock.advance('10 minutes');
  await audit.run();
  expect((await here.incidents.list(here.db.database)).items).toEqual([]);
  expect(
    (await here.incidents.list(here.db.database, { kind: 'synthetic' })).items.map(({ status }) => status),
  ).toEqual(['open', 'resolved']);
  expect(pager.health()).toBeUndefined();
});

test('a contact check that is confirmed verifies the method it was sent to', async () => {
  const unproven = { ann: { contacts: [email('ann')] } };
  here = await world({ responders: unproven, contact_checks: { every: '7d' } });
  await here.db.clock.set(start);
  const audit = auditor();
  await audit.run();
  const [check] = await here.states();
  expect(check).toMatchObject({ kind: 'check', responder: 'ann' });
  await here.db.clock.advance('1 minute');
  await audit.run();
  expect(await problems()).toEqual(['ann has no verified contact method']);
  const now = (await here.db.database.now()).getTime();
  const sign = (purpose: 'contact' | 'acknowledge') =>
    signToken({ purpose, incident: 'none', round: 1, notification: check?.id ?? '', expires: now + 60_000 }, keys);
  expect(await confirmContact(here.db.database, sign('acknowledge'), keys)).toBeUndefined();
  expect(await confirmContact(here.db.database, sign('contact'), keys)).toEqual({ responder: 'ann', contact: 'email' });
  await here.db.clock.advance('1 minute');
  await audit.run();
  expect(await problems()).toEqual([]);
  await here.db.clock.advance('7 days');
  await audit.run();
  expect((await kinds()).filter((one) => one === 'check ann')).toHaveLength(2);
});

test('a plan without duties leaves only the audit', async () => {
  here = await world({ dead_man: { url: watch.url, every: '1m' }, heartbeats: { x: { within: '1h' } } });
  const audit = auditor();
  await audit.run();
  here.plan = stampedOf();
  await audit.run();
  expect(await here.db.database.query('select name from tocsin.paging_due')).toEqual([{ name: 'audit' }]);
});
