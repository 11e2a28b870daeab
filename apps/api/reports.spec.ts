import '@nestjs/core';
import { Reporter } from '../../libs/reports/index.js';
import { aBundle, applied, fillWeek } from '../../libs/reports/reports.fixture.js';
import { Health } from '../../libs/telemetry/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { freePort } from '../../test/harness/tocsin.js';
import type { RunningApp } from '../app.js';
import { readConfig } from '../config.js';

// Nest's own modules are loaded by then: the throttler is CommonJS and requires them.
const { startApi } = await import('./start.js');

let db: TestDatabase;
let app: RunningApp;
let url: string;

beforeAll(async () => {
  db = await testDatabase();
  const bundle = aBundle();
  await applied(db, bundle);
  const reporter = new Reporter({
    database: db.database,
    mail: {
      send: async ({ address }) =>
        address.startsWith('lead') ? { outcome: 'sent' } : { outcome: 'refused', reason: 'smtp_550' },
    },
    bundle: () => bundle,
    defaultResponder: 'oncall@example.org',
  });
  await db.clock.set('2026-11-21T12:00:00Z');
  await reporter.round();
  await fillWeek(db);
  await reporter.round();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const { config } = readConfig(
    {
      TOCSIN_DATABASE_URL: db.url,
      TOCSIN_PUBLIC_URL: url,
      TOCSIN_SECRET_KEYS: 'k'.repeat(40),
      TOCSIN_DEFAULT_RESPONDER: 'oncall@example.org',
      TOCSIN_ADMIN_TOKEN: 'a-token-of-the-test',
      TOCSIN_PORT: String(port),
    },
    ['api'],
  );
  app = await startApi({ config: config!, health: new Health(), fail: (error) => console.error(error) });
}, 120_000);
afterAll(async () => {
  await app.close();
  await db.drop();
});

async function call(path: string, headers: Record<string, string> = { authorization: 'Bearer a-token-of-the-test' }) {
  const response = await fetch(`${url}${path}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

interface Listed {
  readonly items: {
    id: string;
    kind: string;
    period: string;
    sent_at: string | null;
    late: boolean;
    refused: number;
  }[];
  readonly next: string | null;
}
const list = async (query = '') => (await call(`/api/v1/reports${query}`)).body as unknown as Listed;

test('made reports are listed newest first and read on by their cursor, each once', async () => {
  const { items } = await list();
  expect(items.map(({ kind, period }) => `${kind} ${period}`).sort()).toEqual([
    'daily 2026-11-21',
    'daily 2026-11-22',
    'weekly 2026-W47',
  ]);
  const seen: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const page: Listed = await list(`?limit=1${next === '' ? '' : `&cursor=${next}`}`);
    seen.push(...page.items.map(({ id }) => id));
    next = page.next;
  }
  expect(seen).toEqual(items.map(({ id }) => id));
  expect((await list('?kind=weekly')).items).toHaveLength(1);
});

test('a report says when it was sent, that it is late, and who never got it', async () => {
  const [weekly] = (await list('?kind=weekly')).items;
  expect(weekly).toMatchObject({ sent_at: '2026-11-23T06:00:00.000Z', late: true, refused: 1 });
});

test('one report comes as text and as a page with its chart inside', async () => {
  const [weekly] = (await list('?kind=weekly')).items;
  const { status, body } = await call(`/api/v1/reports/${weekly!.id}`);
  expect(status).toBe(200);
  expect(body['text']).toContain('WHAT COULD NOT BE SEEN');
  expect(body['html']).toContain('src="data:image/png;base64,');
});

test('without a token, by an unknown id or a made-up cursor nothing is told', async () => {
  expect((await call('/api/v1/reports', {})).status).toBe(401);
  expect((await call('/api/v1/reports/unknown')).status).toBe(404);
  expect((await call('/api/v1/reports?cursor=made-up')).status).toBe(400);
});
