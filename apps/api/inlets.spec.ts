import '@nestjs/core';
import { createHmac, randomBytes } from 'node:crypto';
import { Incidents } from '../../libs/incidents/index.js';
import { Pages, planInForce, replyAddress, signToken } from '../../libs/paging/index.js';
import { bundleOf, Bundles } from '../../libs/policy/index.js';
import { Health } from '../../libs/telemetry/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { freePort } from '../../test/harness/tocsin.js';
import { truthPolicy } from '../../test/harness/truth.js';
import type { RunningApp } from '../app.js';
import { readConfig } from '../config.js';

// Nest's own modules are loaded by then: the throttler is CommonJS and requires them.
const { startApi } = await import('./start.js');

const plan = `responders:
  ann: { name: Ann, contacts: [{ name: mail, channel: email, address: ann@example.org }] }
  ben: { name: Ben, contacts: [{ name: mail, channel: email, address: ben@example.org }] }
schedules:
  primary:
    zone: Europe/Berlin
    layers: [{ responders: [ann, ben], rotation: weekly, starts: '2026-01-05' }]
escalation_policies:
  page: { steps: [{ tell: [{ schedule: primary }] }] }
severities:
  SEV1: { policy: page }
  SEV2: { policy: page }
  SEV3: { policy: none }
  SEV4: { policy: none }
heartbeats:
  backup: { within: 1h, severity: SEV2 }
`;
const secretKeys = ['k'.repeat(40)];
const slackSecret = 'slack-signing-secret';
const mailbox = 'tocsin@example.org';
const token = randomBytes(16).toString('hex');
let db: TestDatabase;
let app: RunningApp;
let url: string;

beforeAll(async () => {
  db = await testDatabase();
  const { bundle, problems } = bundleOf({ 'policy.yml': truthPolicy, 'plan.yml': plan });
  if (!bundle) throw new Error(JSON.stringify(problems));
  await db.database.transaction((tx) => new Bundles().apply(tx, bundle, 'test'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const { config } = readConfig(
    {
      TOCSIN_DATABASE_URL: db.url,
      TOCSIN_PUBLIC_URL: url,
      TOCSIN_SECRET_KEYS: secretKeys.join(),
      TOCSIN_DEFAULT_RESPONDER: 'oncall@example.org',
      TOCSIN_ADMIN_TOKEN: token,
      TOCSIN_PORT: String(port),
      TOCSIN_REPLY_ADDRESS: mailbox,
      TOCSIN_SLACK_SIGNING_SECRET: slackSecret,
    },
    ['api'],
  );
  app = await startApi({ config: config!, health: new Health(), fail: (error) => console.error(error) });
}, 60_000);
afterAll(async () => {
  await app.close();
  await db.drop();
});

async function call(path: string, method: string, body?: object | string, type = 'application/json') {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    body: (/json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined) as unknown,
  };
}

async function pagedIncident(title: string) {
  const { bundle } = bundleOf({ 'policy.yml': truthPolicy, 'plan.yml': plan });
  return db.database.transaction(async (tx) => {
    const incidents = new Incidents();
    const { incident } = await incidents.openOther(tx, {
      kind: 'operation',
      dedupKey: title,
      title,
      severity: 'SEV1',
      actor: { who: 'tocsin' },
    });
    await new Pages(incidents).openEscalations(tx, [incident], planInForce(bundle!, 'oncall@example.org'));
    const [page] = await tx.query<{ id: string; round: number }>(
      'select id, round from tocsin.notification where incident = $1',
      [incident.id],
    );
    return { incident, page: page! };
  });
}

const statusOf = async (id: string) =>
  ((await call(`/api/v1/incidents/${id}`, 'GET')).body as { status: string }).status;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

test('an override puts somebody else on call until it is taken back', async () => {
  const from = new Date(Date.now() - 60_000).toISOString();
  const added = await call('/api/v1/overrides', 'POST', {
    schedule: 'primary',
    responder: 'ben',
    from,
    to: inAnHour(),
    reason: 'swap',
  });
  expect(added.status).toBe(201);
  expect((await call('/api/v1/who', 'GET')).body).toMatchObject({
    items: [{ schedule: 'primary', responder: 'ben', because: 'override' }],
  });
  const { id } = added.body as { id: string };
  expect((await call(`/api/v1/overrides/${id}`, 'DELETE')).status).toBe(204);
  expect((await call(`/api/v1/overrides/${id}`, 'DELETE')).status).toBe(404);
  expect((await call('/api/v1/overrides', 'POST', { schedule: 'second', from, to: inAnHour() })).status).toBe(404);
});

test('a silence is listed with who and why, and ended', async () => {
  const silence = await call('/api/v1/silences', 'POST', {
    match: { severity: 'SEV3' },
    to: inAnHour(),
    reason: 'maintenance',
  });
  expect(silence.status).toBe(201);
  const { id } = silence.body as { id: string };
  expect((await call('/api/v1/arrangements', 'GET')).body).toMatchObject({
    silences: [{ id, reason: 'maintenance', by: 'admin' }],
  });
  expect((await call(`/api/v1/silences/${id}`, 'DELETE')).status).toBe(204);
  expect((await call('/api/v1/arrangements', 'GET')).body).toMatchObject({ silences: [] });
  expect(
    (await call('/api/v1/silences', 'POST', { match: { severity: 'SEV9' }, to: inAnHour(), reason: 'x' })).status,
  ).toBe(400);
});

test('a calendar is read by its secret address until it is revoked, and a calendar is imported as overrides', async () => {
  const { body } = await call('/api/v1/calendars', 'POST', { kind: 'schedule', name: 'primary' });
  const feed = new URL((body as { url: string }).url);
  expect((await call(feed.pathname, 'GET')).text).toContain('BEGIN:VCALENDAR');
  const stamp = (ms: number) => `${new Date(Date.now() + ms).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const ics = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//test//EN',
    'BEGIN:VEVENT',
    'UID:1@test',
    `DTSTAMP:${stamp(0)}`,
    `DTSTART:${stamp(3_600_000)}`,
    `DTEND:${stamp(7_200_000)}`,
    'SUMMARY:ben',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
  expect((await call('/api/v1/schedules/primary/import', 'POST', ics, 'text/calendar')).body).toMatchObject({
    taken: 1,
    problems: [],
  });
  await call('/api/v1/calendars/revoke', 'POST', { kind: 'schedule', name: 'primary' });
  expect((await call(feed.pathname, 'GET')).status).toBe(404);
});

test('a heartbeat of the plan is taken, one that it does not name is told', async () => {
  expect((await call('/api/v1/heartbeats/backup', 'POST')).status).toBe(204);
  expect((await call('/api/v1/heartbeats/nothing', 'POST')).status).toBe(404);
});

test('a button in Slack acknowledges when its signature fits, and only then', async () => {
  const { incident, page } = await pagedIncident('from slack');
  const value = signToken(
    {
      purpose: 'acknowledge',
      incident: incident.id,
      round: page.round,
      notification: page.id,
      expires: Date.now() + 60_000,
    },
    secretKeys,
  );
  const press = {
    type: 'block_actions',
    user: { id: 'U1', username: 'cleo' },
    actions: [{ action_id: 'tocsin_acknowledge', value }],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(press) }).toString();
  const send = async (secret: string) => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
    const response = await fetch(`${url}/slack/actions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': signature,
      },
      body,
    });
    return response.status;
  };
  expect(await send('another secret')).toBe(401);
  expect(await statusOf(incident.id)).toBe('open');
  expect(await send(slackSecret)).toBe(200);
  expect(await statusOf(incident.id)).toBe('acknowledged');
});

test('a reply to its own address acknowledges by its first line; an automatic answer does not', async () => {
  const { incident, page } = await pagedIncident('by reply');
  const to = replyAddress(mailbox, page.id, Date.now() + 60_000, secretKeys);
  const send = (extra: string, text: string) =>
    call(
      `/api/v1/inbound/mail?from=ann@example.org&to=${encodeURIComponent(to)}`,
      'POST',
      `From: Ann <ann@example.org>\r\nTo: ${to}\r\nSubject: Re: page\r\n${extra}Content-Type: text/plain\r\n\r\n${text}\r\n`,
      'message/rfc822',
    );
  expect((await send('Auto-Submitted: auto-replied\r\n', 'ack')).body).toEqual({ outcome: 'ignored' });
  expect((await send('', 'I am away until Monday')).body).toEqual({ outcome: 'ignored' });
  expect(await statusOf(incident.id)).toBe('open');
  expect((await send('', 'ack\r\n\r\n> the page')).body).toEqual({ outcome: 'acknowledge' });
  expect(await statusOf(incident.id)).toBe('acknowledged');
});

test('a contact’s link shows a button, and a bad one says so', async () => {
  expect((await call('/contacts/confirm/nonsense', 'GET')).text).toContain('<button');
  expect((await call('/contacts/confirm/nonsense', 'POST')).status).toBe(410);
});
