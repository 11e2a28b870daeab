import { jest } from '@jest/globals';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { Bundles, loadFolder } from '../../libs/policy/index.js';
import { verb } from './verbs.js';

jest.setTimeout(120_000);

let db: TestDatabase;
const env = { ...process.env };
beforeAll(async () => {
  db = await testDatabase();
  const { bundle } = await loadFolder(new URL('../../config', import.meta.url).pathname);
  await db.database.transaction((tx) => new Bundles().apply(tx, bundle!, 'test'));
});
afterAll(async () => {
  process.env = env;
  await db.drop();
});

async function said(args: readonly string[], over: NodeJS.ProcessEnv) {
  let words = '';
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    words += String(text);
    return true;
  });
  process.env = { ...env, TOCSIN_DATABASE_URL: db.url, ...over };
  try {
    return { code: await verb(args), words };
  } finally {
    write.mockRestore();
  }
}

test('a broker that is away is a sentence and code 1, also where the broker library says so itself', async () => {
  const { code, words } = await said(['backtest', '--threshold', 'impersonation=0.5'], {
    TOCSIN_KAFKA_BROKERS: '127.0.0.1:1',
  });
  expect({ code, lines: words.trim().split('\n').length }).toEqual({ code: 1, lines: 1 });
  expect(words).toMatch(/^Kafka cannot be reached: .*ECONNREFUSED.*Check TOCSIN_KAFKA_BROKERS/);
});

test('a database that is away is a sentence and code 1', async () => {
  const { code, words } = await said(['keys', 'list'], { TOCSIN_DATABASE_URL: 'postgres://a@127.0.0.1:1/b' });
  expect(code).toBe(1);
  expect(words).toMatch(/^PostgreSQL cannot be reached: .+ECONNREFUSED.+\. Check TOCSIN_DATABASE_URL[^\n]*\n$/);
});
