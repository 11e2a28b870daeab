import '@nestjs/core';
import { randomBytes } from 'node:crypto';
import { Incidents } from '../../libs/incidents/index.js';
import { Bundles, loadFolder } from '../../libs/policy/index.js';
import { Access } from '../../libs/access/index.js';
import { Health } from '../../libs/telemetry/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { freePort } from '../../test/harness/tocsin.js';
import { until } from '../../test/harness/until.js';
import type { RunningApp } from '../app.js';
import { readConfig } from '../config.js';

// Nest's own modules are loaded by then: the throttler is CommonJS and requires them.
const { startApi } = await import('./start.js');

let db: TestDatabase;
let app: RunningApp;
let url: string;
const token = randomBytes(16).toString('hex');
const authorized = { authorization: `Bearer ${token}` };

beforeAll(async () => {
  db = await testDatabase();
  const { bundle } = await loadFolder(new URL('../../config', import.meta.url).pathname);
  await db.database.transaction((tx) => new Bundles().apply(tx, bundle!, 'test'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const { config } = readConfig(
    {
      TOCSIN_DATABASE_URL: db.url,
      TOCSIN_PUBLIC_URL: url,
      TOCSIN_SECRET_KEYS: 'k'.repeat(40),
      TOCSIN_DEFAULT_RESPONDER: 'oncall@example.org',
      TOCSIN_ADMIN_TOKEN: token,
      TOCSIN_PORT: String(port),
    },
    ['api'],
  );
  app = await startApi({ config: config!, health: new Health(), fail: (error) => console.error(error) });
}, 60_000);
afterAll(async () => {
  await app.close();
  await db.drop();
});

async function call(path: string, init: { method?: string; body?: unknown; headers?: Record<string, string> } = {}) {
  const response = await fetch(`${url}${path}`, {
    method: init.method ?? 'GET',
    headers: {
      ...(init.body !== undefined && { 'content-type': 'application/json' }),
      ...(init.headers ?? authorized),
    },
    ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as unknown,
  };
}

async function openIncident(title: string): Promise<string> {
  const { incident } = await db.database.transaction((tx) =>
    new Incidents().openOther(tx, {
      kind: 'operation',
      dedupKey: title,
      title,
      severity: 'SEV2',
      actor: { who: 'tocsin' },
    }),
  );
  return incident.id;
}

test('without a token nothing is told; with a wrong one neither', async () => {
  for (const headers of [
    {} as Record<string, string>,
    { authorization: 'Bearer wrong' },
    { authorization: `Basic ${token}` },
  ]) {
    const { status, body, headers: answered } = await call('/api/v1/incidents', { headers });
    expect(status).toBe(401);
    expect(answered.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ status: 401, type: 'urn:tocsin:error:unauthorized' });
  }
});

test('an API key opens the API until it is revoked', async () => {
  const access = new Access(db.database);
  const key = await access.createKey('api', 'reader', 'test');
  const headers = { authorization: `Bearer ${key.secret}` };
  expect((await call('/api/v1/incidents', { headers })).status).toBe(200);
  await access.revokeKey(key.id);
  expect((await call('/api/v1/incidents', { headers })).status).toBe(401);
});

test('lists are read on by their cursor to the end, each incident once', async () => {
  for (let n = 0; n < 7; n++) await openIncident(`incident ${n}`);
  const seen: number[] = [];
  let next: string | null = '';
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const { body } = await call(`/api/v1/incidents?limit=3${cursor}`);
    const page = body as { items: { number: number }[]; next: string | null };
    seen.push(...page.items.map(({ number }) => number));
    next = page.next;
  }
  expect(seen.length).toBeGreaterThanOrEqual(7);
  expect(new Set(seen).size).toBe(seen.length);
});

test('wrong questions are answered 400 with what was wrong', async () => {
  const { status, body } = await call('/api/v1/incidents?limit=1000&status=closed');
  expect(status).toBe(400);
  expect((body as { detail: string }).detail).toMatch(/limit.*status|status.*limit/s);
  expect((await call('/api/v1/incidents?cursor=nonsense')).status).toBe(400);
  expect((await call('/api/v1/incidents/none')).status).toBe(404);
  expect((await call('/api/v1/nothing')).status).toBe(404);
});

test('acknowledge, note and resolve answer the incident afterwards and stand in the timeline with who and why', async () => {
  const id = await openIncident('to be handled');
  expect((await call(`/api/v1/incidents/${id}/acknowledge`, { method: 'POST' })).body).toMatchObject({
    status: 'acknowledged',
    acknowledged_by: 'admin',
  });
  expect((await call(`/api/v1/incidents/${id}/acknowledge`, { method: 'POST', body: {} })).status).toBe(200);
  await call(`/api/v1/incidents/${id}/note`, { method: 'POST', body: { text: 'looking at it' } });
  const resolved = await call(`/api/v1/incidents/${id}/resolve`, {
    method: 'POST',
    body: { resolution: 'mitigated', reason: 'rule tightened' },
  });
  expect(resolved.body).toMatchObject({ status: 'resolved', resolution: 'mitigated' });
  const { body } = await call(`/api/v1/incidents/${id}/timeline`);
  expect((body as { items: { what: string; who: string; why?: string }[] }).items).toMatchObject([
    { what: 'opened', who: 'tocsin' },
    { what: 'acknowledged', who: 'admin' },
    { what: 'noted', who: 'admin', why: 'looking at it' },
    { what: 'resolved', who: 'admin', why: 'rule tightened' },
  ]);
});

test('a session stands in an HttpOnly, SameSite=Strict cookie, and another origin cannot post with it', async () => {
  const elsewhere = await call('/api/v1/session', {
    method: 'POST',
    body: { token },
    headers: { origin: 'https://evil.example' },
  });
  expect(elsewhere.status).toBe(403);
  const signedIn = await call('/api/v1/session', {
    method: 'POST',
    body: { token, name: 'Ann' },
    headers: { origin: url },
  });
  expect(signedIn.body).toEqual({ who: 'Ann (admin)' });
  const cookie = signedIn.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Strict/);
  const [pair = ''] = cookie.split(';');
  expect((await call('/api/v1/session', { headers: { cookie: pair } })).body).toEqual({ who: 'Ann (admin)' });
  const id = await openIncident('posted by cookie');
  const post = (origin: string) =>
    call(`/api/v1/incidents/${id}/acknowledge`, { method: 'POST', body: {}, headers: { cookie: pair, origin } });
  expect((await post('https://evil.example')).status).toBe(403);
  expect((await post(url)).body).toMatchObject({ acknowledged_by: 'Ann (admin)' });
  await call('/api/v1/session', { method: 'DELETE', headers: { cookie: pair, origin: url } });
  expect((await call('/api/v1/session', { headers: { cookie: pair } })).status).toBe(401);
});

test('an alarm of another tool opens one incident a dedup key, and resolves it', async () => {
  const { secret } = await new Access(db.database).createKey('routing', 'alertmanager', 'test');
  const send = (event: object) => call('/v2/enqueue', { method: 'POST', body: event, headers: {} });
  const trigger = {
    routing_key: secret,
    event_action: 'trigger',
    dedup_key: 'disk-full',
    payload: { summary: 'Disk is full', source: 'db-1', severity: 'critical', custom_details: { free: '0 B' } },
  };
  expect(await send(trigger)).toMatchObject({ status: 202, body: { status: 'success', dedup_key: 'disk-full' } });
  expect((await send(trigger)).status).toBe(202);
  const open = async () =>
    (
      (await call('/api/v1/incidents?status=open')).body as {
        items: { title: string; kind: string; severity: string }[];
      }
    ).items.filter(({ title }) => title === 'Disk is full');
  expect(await open()).toMatchObject([{ kind: 'external', severity: 'SEV1' }]);
  const { dedup_key, routing_key } = trigger;
  expect((await send({ routing_key, dedup_key, event_action: 'resolve' })).status).toBe(202);
  expect(await open()).toEqual([]);
  expect((await send({ ...trigger, routing_key: 'f'.repeat(32) })).status).toBe(403);
  expect(await send({ routing_key, event_action: 'trigger' })).toMatchObject({
    status: 400,
    body: { status: 'invalid event' },
  });
});

test('halves of characters and NULs keep no alarm out, and are a wrong question elsewhere', async () => {
  const { secret } = await new Access(db.database).createKey('routing', 'a tool in C', 'test');
  const payload = {
    summary: 'cut \ud83d',
    source: 'db-1',
    severity: 'info',
    custom_details: { 'a\u0000': ['\udc00'] },
  };
  const sent = await call('/v2/enqueue', {
    method: 'POST',
    body: { routing_key: secret, event_action: 'trigger', dedup_key: 'halves', payload },
    headers: {},
  });
  expect(sent.status).toBe(202);
  expect((await call('/api/v1/incidents/%00')).status).toBe(400);
});

test('a forged acknowledge link is told so, is never cached and gives no referrer', async () => {
  const response = await fetch(`${url}/acknowledge/nonsense`);
  expect(response.status).toBe(404);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  expect(await response.text()).toContain('no link of ours');
});

test('a live stream says that something changed', async () => {
  const ending = new AbortController();
  const response = await fetch(`${url}/api/v1/live`, { headers: authorized, signal: ending.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  const reading = (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
  })().catch(() => undefined);
  let n = 0;
  await until(
    'the stream to tell of a change',
    async () => {
      await openIncident(`live ${n++}`);
      return text.includes('event: changed');
    },
    { everyMs: 500, withinMs: 30_000 },
  );
  ending.abort();
  await reading;
});

test('the overview, who is on call, thresholds, reviews and the document answer', async () => {
  expect((await call('/api/v1/overview')).body).toMatchObject({
    dead_letters: 0,
    open: expect.arrayContaining([]) as unknown,
  });
  expect((await call('/api/v1/who')).body).toMatchObject({ plan: { from: 'default' } });
  expect((await call('/api/v1/thresholds')).body).toEqual({ in_force: [], proposals: [] });
  expect((await call('/api/v1/findings?unreviewed=true')).body).toEqual({ items: [], next: null });
  expect((await call('/api/v1/reviews/precision')).body).toEqual({ items: [], next: null });
  const { body } = await call('/api/openapi.json');
  const document = body as {
    openapi: string;
    paths: Record<string, unknown>;
    components: { schemas: Record<string, unknown> };
  };
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/api/v1/incidents', '/api/v1/incidents/{id}/acknowledge']),
  );
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['Incident', 'Finding', 'Problem']));
  expect((await call('/health/live', { headers: {} })).status).toBe(200);
});
