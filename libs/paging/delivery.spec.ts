import { jest } from '@jest/globals';
import { createServer, type Server, type Socket } from 'node:net';
import type { Database, Tx } from '../database/index.js';
import { httpReceiver } from '../../test/harness/http-receiver.js';
import { mailServer } from '../../test/harness/mail-server.js';
import { proxyTo } from '../../test/harness/proxy.js';
import { until } from '../../test/harness/until.js';
import type { Claimed } from './outbox.repository.js';
import { endWorlds, email, links, world, type World } from './paging.fixture.js';
import { verifyWebhook } from './sign-webhook.js';

jest.setTimeout(180_000);

const secret = 'whsec_' + Buffer.from('a secret of the receiver').toString('base64');
const patient = { withinMs: 60_000 };

let here: World;
afterAll(endWorlds);
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await here.close();
  for (const server of open.splice(0)) await server.close();
});

async function smtp(options: Parameters<typeof mailServer>[0] = {}) {
  const server = await mailServer(options);
  open.push(server);
  return server;
}

async function http(answer?: Parameters<typeof httpReceiver>[0]) {
  const server = await httpReceiver(answer);
  open.push(server);
  return server;
}

const statesAre = (wanted: readonly string[], incident?: string) =>
  until(
    `notifications to be ${wanted.join(', ')}`,
    async () => {
      const found = (await here.states(incident)).map(({ state }) => state);
      if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`they are ${found.join(', ')}`);
      return true;
    },
    patient,
  );

const attemptsOf = async (incident: string) =>
  (await here.pages.notifications(here.db.database, incident)).map(({ to, state, attempts }) => ({
    to,
    state,
    attempts: attempts.map(({ outcome, reason }) => `${outcome} ${reason}`),
  }));

/** Each with the responder's first contact and, standing in for it, the second. */
const failoverPlan = (first: object, second: object) => ({ responders: { ann: { contacts: [first, second] } } });

test('a page arrives by mail with its id, its thread and an acknowledge link, and no picture', async () => {
  here = await world({ runbook: 'https://wiki.example/run' });
  const mail = await smtp();
  const incident = await here.open({ title: 'Account <b>a</b> & co' });
  await here.pager({ smtp: [mail.url] });
  await statesAre(['sent'], incident.id);
  const [received] = mail.received;
  const [row] = await here.states(incident.id);
  expect(received?.to).toEqual(['ann@example.com']);
  expect(received?.messageId).toBe(`<${row?.id}@example.com>`);
  expect(received?.mail.references).toBe(`<incident.${incident.id}@example.com>`);
  expect(received?.mail.subject).toBe(`SEV1 #${incident.number}: Account <b>a</b> & co`);
  expect(received?.mail.text).toMatch(/^Acknowledge: http:\/\/tocsin\.test\/acknowledge\/a\.\S+$/m);
  expect(received?.mail.text).toContain('Runbook: https://wiki.example/run');
  expect(received?.mail.html).toContain('Account &lt;b&gt;a&lt;/b&gt; &amp; co');
  expect(received?.mail.html).not.toMatch(/<img|<script|<link|url\(/i);
  expect(await attemptsOf(incident.id)).toEqual([
    { to: 'ann@example.com', state: 'sent', attempts: ['sent smtp_250'] },
  ]);
});

test('a webhook is signed by both secrets under the notification id', async () => {
  const other = 'another secret of sixteen or more';
  const receiver = await http();
  here = await world({
    responders: {
      ann: { contacts: [{ name: 'hook', channel: 'webhook', url: `${receiver.url}/page`, secrets: [secret, other] }] },
    },
  });
  const incident = await here.open();
  await here.pager();
  await statesAre(['sent'], incident.id);
  const [request] = receiver.received;
  const [row] = await here.states(incident.id);
  const header = (name: string) => String(request?.headers[name]);
  const signed = {
    'webhook-id': header('webhook-id'),
    'webhook-timestamp': header('webhook-timestamp'),
    'webhook-signature': header('webhook-signature'),
  };
  expect(signed['webhook-id']).toBe(row?.id);
  expect(header('idempotency-key')).toBe(row?.id);
  for (const one of [secret, other]) expect(verifyWebhook(signed, request?.body ?? '', [one], Date.now())).toBe(true);
  expect(verifyWebhook(signed, `${request?.body} `, [secret], Date.now())).toBe(false);
  expect(JSON.parse(request?.body ?? '')).toMatchObject({
    type: 'tocsin.page',
    data: { round: 1, step: 1, incidents: [{ id: incident.id, url: `${links.publicUrl}/incidents/${incident.id}` }] },
  });
});

test('SMTP that answers 4xx and then 250 gets the same Message-ID twice and the page once', async () => {
  here = await world();
  let tries = 0;
  const seen: string[] = [];
  const mail = await smtp({
    answer: async ({ messageId }) => {
      seen.push(messageId);
      if (++tries === 1) throw Object.assign(new Error('try later'), { responseCode: 451 });
    },
  });
  const incident = await here.open();
  await here.pager({ smtp: [mail.url] });
  await until('the first try', () => tries === 1, patient);
  await until('the retry to wait', async () => (await here.states(incident.id))[0]?.state === 'waiting', patient);
  await here.db.clock.advance('2 seconds');
  await statesAre(['sent'], incident.id);
  expect(new Set(seen).size).toBe(1);
  expect(mail.received).toHaveLength(1);
  expect((await attemptsOf(incident.id))[0]?.attempts).toEqual(['retry smtp_451', 'sent smtp_250']);
});

test('a connection that breaks behind the last byte of a mail is no proof that it did not arrive: it goes again, marked', async () => {
  here = await world();
  let tries = 0;
  const mail = await smtp({
    answer: () => {
      if (++tries > 1) return Promise.resolve();
      between.cut();
      return new Promise(() => undefined);
    },
  });
  const between = await proxyTo(`127.0.0.1:${mail.port}`);
  open.push(between);
  const incident = await here.open();
  await here.pager({ smtp: [`smtp://${between.address}`] });
  await until('the first try', () => tries === 1, patient);
  await until('the retry to wait', async () => (await here.states(incident.id))[0]?.state === 'waiting', patient);
  await here.db.clock.advance('2 seconds');
  await statesAre(['sent'], incident.id);
  expect(mail.received[0]?.raw).toMatch(/^X-Tocsin-Possible-Duplicate: yes\r?$/m);
  expect((await attemptsOf(incident.id))[0]?.attempts).toEqual(['retry connection', 'sent smtp_250']);
});

test('an address that is refused fails over to the next method at once', async () => {
  const receiver = await http();
  const mail = await smtp({
    onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such user'), { responseCode: 550 })),
  });
  here = await world(
    failoverPlan(email('ann'), { name: 'hook', channel: 'webhook', url: receiver.url, secrets: [secret] }),
  );
  const incident = await here.open();
  await here.pager({ smtp: [mail.url] });
  await statesAre(['refused', 'sent'], incident.id);
  expect(await attemptsOf(incident.id)).toEqual([
    { to: 'ann@example.com', state: 'refused', attempts: ['refused smtp_550'] },
    { to: 'ann (hook)', state: 'sent', attempts: ['sent http_200'] },
  ]);
});

test('nobody reachable means the next step now, not after the wait', async () => {
  const gone = await http((_, response) => void response.writeHead(410).end());
  const mail = await smtp();
  here = await world({
    responders: {
      ann: { contacts: [{ name: 'hook', channel: 'webhook', url: gone.url, secrets: [secret] }] },
      ben: { contacts: [email('ben')] },
    },
    escalation_policies: {
      page: { steps: [{ tell: [{ responder: 'ann' }], wait: '1h' }, { tell: [{ responder: 'ben' }] }], repeat: 0 },
    },
  });
  const incident = await here.open();
  await here.pager({ smtp: [mail.url] });
  await statesAre(['refused', 'sent'], incident.id);
  expect(mail.received[0]?.to).toEqual(['ben@example.com']);
});

test('an SMTP server that is away is passed over for the next one', async () => {
  here = await world();
  const away = await mailServer();
  await away.close();
  const mail = await smtp();
  const incident = await here.open();
  await here.pager({ smtp: [away.url, mail.url] });
  await statesAre(['sent'], incident.id);
  expect((await attemptsOf(incident.id))[0]?.attempts).toEqual(['sent smtp_250']);
});

test('an SMTP server that hangs holds up no webhook, and its own page is tried again as a possible duplicate', async () => {
  const sockets: Socket[] = [];
  const hanging: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        hanging.close(() => resolve());
      }),
  });
  const address = hanging.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const receiver = await http();
  here = await world({
    responders: {
      ann: { contacts: [email('ann')] },
      ben: { contacts: [{ name: 'hook', channel: 'webhook', url: receiver.url, secrets: [secret] }] },
    },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }, { responder: 'ben' }] }] } },
  });
  const incident = await here.open();
  await here.pager({ smtp: [`smtp://127.0.0.1:${port}`] });
  await until('the webhook', () => receiver.received.length === 1, patient);
  await until(
    'the mail to have been tried',
    async () => (await attemptsOf(incident.id))[0]?.attempts.length === 1,
    patient,
  );
  expect((await attemptsOf(incident.id))[0]?.attempts[0]).toMatch(/^retry (timeout|connection)$/);
});

test('429 with Retry-After is obeyed, 500 is tried again, and five tries are all', async () => {
  const statuses = [429, 500, 500, 500, 500];
  const receiver = await http((_, response) => {
    const status = statuses.shift() ?? 200;
    response.writeHead(status, status === 429 ? { 'retry-after': '120' } : {}).end();
  });
  here = await world({
    responders: { ann: { contacts: [{ name: 'hook', channel: 'webhook', url: receiver.url, secrets: [secret] }] } },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }], wait: '1d' }], repeat: 0 } },
  });
  await here.db.clock.set('2026-03-02T08:00:00Z');
  const incident = await here.open();
  await here.pager();
  const tried = (count: number) =>
    until(
      `try ${count} to be recorded`,
      async () => (await attemptsOf(incident.id))[0]?.attempts.length === count,
      patient,
    );
  await tried(1);
  const [{ due_at: due } = { due_at: null }] = await here.db.database.query<{ due_at: Date }>(
    'select due_at from tocsin.notification',
  );
  expect(due?.toISOString()).toBe('2026-03-02T08:02:00.000Z');
  for (const [index, wait] of ['120 seconds', '1 minute', '4 minutes', '15 minutes'].entries()) {
    await here.db.clock.advance(wait);
    await tried(index + 2);
  }
  expect((await attemptsOf(incident.id))[0]).toMatchObject({
    state: 'failed',
    attempts: ['retry http_429', 'retry http_500', 'retry http_500', 'retry http_500', 'retry http_500'],
  });
});

test('a private address that is not listed is never called', async () => {
  const receiver = await http();
  here = await world({
    responders: {
      ann: {
        contacts: [
          {
            name: 'inside',
            channel: 'webhook',
            url: receiver.url.replace('127.0.0.1', 'localhost'),
            secrets: [secret],
          },
          { name: 'literal', channel: 'webhook', url: receiver.url.replace('127.0.0.1', '[::1]'), secrets: [secret] },
        ],
      },
    },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }] }], repeat: 0 } },
  });
  const incident = await here.open();
  await here.pager();
  await statesAre(['refused', 'refused'], incident.id);
  expect(receiver.received).toEqual([]);
  expect((await attemptsOf(incident.id)).flatMap(({ attempts }) => attempts)).toEqual([
    'refused private_address',
    'refused private_address',
  ]);
});

test('Slack, PagerDuty and the template get the incident in their own form', async () => {
  const receiver = await http();
  const url = (path: string) => `${receiver.url}/${path}`;
  here = await world({
    responders: {
      ann: { contacts: [{ name: 'chat', channel: 'slack', url: url('slack') }] },
      ben: { contacts: [{ name: 'pd', channel: 'pagerduty', routing_key: 'R1', url: url('pd') }] },
      cat: {
        contacts: [
          {
            name: 'own',
            channel: 'http',
            url: url('own'),
            body: '{"note":"{{title}}","n":{{number}}}',
            headers: { 'x-key': '1' },
          },
        ],
      },
    },
    escalation_policies: {
      page: { steps: [{ tell: [{ responder: 'ann' }, { responder: 'ben' }, { responder: 'cat' }] }] },
    },
  });
  const incident = await here.open({ title: 'say "hi" <@here>' });
  await here.pager();
  await statesAre(['sent', 'sent', 'sent'], incident.id);
  const body = (path: string) => receiver.received.find((one) => one.path === `/${path}`)?.body ?? '';
  expect(JSON.parse(body('own'))).toEqual({ note: 'say "hi" <@here>', n: incident.number });
  expect(JSON.parse(body('pd'))).toMatchObject({
    routing_key: 'R1',
    event_action: 'trigger',
    dedup_key: incident.id,
    payload: { severity: 'critical' },
  });
  expect(body('slack')).toContain('&lt;@here&gt;');
  expect(JSON.parse(body('slack')).blocks.at(-1).elements[0]).toMatchObject({ action_id: 'tocsin_acknowledge' });
  await here.responding.resolve(incident.id, 'resolved', { who: 'ann' });
  await until(
    'the resolve to reach PagerDuty',
    () => receiver.received.some((one) => one.path === '/pd' && one.body.includes('"resolve"')),
    patient,
  );
});

test('whoever was paged hears that it is over, in few words and without the page again', async () => {
  here = await world();
  const mail = await smtp();
  const incident = await here.open({ title: 'A long story' });
  await here.pager({ smtp: [mail.url] });
  await statesAre(['sent'], incident.id);
  await here.responding.resolve(incident.id, 'mitigated', { who: 'ann' });
  await statesAre(['sent', 'sent'], incident.id);
  const text = mail.received[1]?.mail.text ?? '';
  expect(text).toContain(`Incident ${incident.number} is over: mitigated.`);
  expect(text).not.toContain('A long story');
  expect(text).not.toContain('Acknowledge');
});

test('a mail that is only told once and that nobody can get ends with the fallback, and says so', async () => {
  const gone = await http((_, response) => void response.writeHead(404).end());
  const mail = await smtp();
  here = await world({
    fallback: 'ben',
    responders: {
      ann: { contacts: [{ name: 'hook', channel: 'webhook', url: gone.url, secrets: [secret] }] },
      ben: { contacts: [email('ben')] },
    },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }] }], acknowledge: false } },
  });
  const incident = await here.open();
  await here.pager({ smtp: [mail.url] });
  await statesAre(['refused', 'sent'], incident.id);
  expect(mail.received[0]?.mail.subject).toContain('(nobody answered)');
  expect((await here.timeline(incident.id)).at(-1)).toContain('every step is exhausted');
});

test('a page that kills its pager each time is given up after 20 tries', async () => {
  here = await world({
    responders: { ann: { contacts: [email('ann')] } },
  });
  await here.open();
  for (let death = 1; death <= 20; death++) {
    expect(await here.outbox.claim(here.db.database, 'mail', 1, 999_000 + death, true)).toHaveLength(1);
    expect(await here.outbox.freeOrphans(here.db.database)).toBe(1);
  }
  expect((await here.states()).map(({ state, attempts }) => `${state} ${attempts}`)).toEqual(['failed 20']);
});

test('two pagers whose sends of one step are refused at once tell the next step now, not after the wait', async () => {
  here = await world({
    responders: {
      ann: { contacts: [email('ann')] },
      ben: { contacts: [email('ben')] },
      cleo: { contacts: [email('cleo')] },
    },
    escalation_policies: {
      page: { steps: [{ tell: [{ responder: 'ann' }, { responder: 'ben' }] }, { tell: [{ responder: 'cleo' }] }] },
    },
  });
  const { id } = await here.open();
  const { database } = here.db;
  const [one, other] = await here.outbox.claim(database, 'mail', 10, 1, false);
  const refused = (claimed: Claimed) => [
    { claimed, result: { outcome: 'refused' as const, reason: 'smtp_550' }, ms: 1 },
  ];
  const gate = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  // The first has written its outcome and is about to commit when the second comes.
  const slow = {
    transaction: <T>(work: (tx: Tx) => Promise<T>) =>
      database.transaction(async (tx) => {
        const answer = await work(tx);
        written.resolve();
        await gate.promise;
        return answer;
      }),
  } as Database;
  const first = here.outbox.finish(slow, refused(one!));
  await written.promise;
  let over = false;
  const second = here.outbox.finish(database, refused(other!)).finally(() => (over = true));
  await until('the second to wait for the first, or to be done', async () => {
    const [row] = await database.query<{ waiting: boolean }>(
      `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waiting`,
    );
    return over || row!.waiting;
  });
  gate.resolve();
  await Promise.all([first, second]);
  const due = `select due_at <= tocsin.now() as now from tocsin.escalation where incident = $1`;
  expect(await database.query(due, [id])).toEqual([{ now: true }]);
});
