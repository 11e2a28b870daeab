import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { Access, sameSecret } from './index.js';

let db: TestDatabase;
let access: Access;
beforeAll(async () => {
  db = await testDatabase();
  access = new Access(db.database);
});
afterAll(() => db.drop());

test('a key is known by its hash alone, works until it is revoked, and only as its kind', async () => {
  const key = await access.createKey('routing', 'alertmanager', 'cli');
  expect(key.secret).toMatch(/^[0-9a-f]{32}$/);
  expect(await access.callerOf(key.secret, 'routing')).toEqual({ who: 'alertmanager', keyId: key.id });
  expect(await access.callerOf(key.secret, 'api')).toBeUndefined();
  expect(await access.callerOf('0'.repeat(32), 'routing')).toBeUndefined();
  expect(JSON.stringify(await db.database.query('select * from tocsin.access_key'))).not.toContain(key.secret);
  expect(await access.revokeKey(key.id)).toBe(true);
  expect(await access.revokeKey(key.id)).toBe(false);
  expect(await access.callerOf(key.secret, 'routing')).toBeUndefined();
  expect((await access.listKeys()).map(({ id, usedAt }) => [id, usedAt !== null])).toEqual([[key.id, true]]);
});

test('a session ends when it is closed or has expired', async () => {
  const { token } = await access.openSession('admin');
  expect(await access.callerOfSession(token)).toEqual({ who: 'admin' });
  await db.database.query(`update tocsin.console_session
    set created_at = created_at - interval '1 day', expires_at = expires_at - interval '1 day'`);
  expect(await access.callerOfSession(token)).toBeUndefined();
  const other = await access.openSession('admin');
  await access.closeSession(other.token);
  expect(await access.callerOfSession(other.token)).toBeUndefined();
});

test('secrets of different lengths compare without a throw', () => {
  expect(sameSecret('a', 'a')).toBe(true);
  expect(sameSecret('a', 'abc')).toBe(false);
});
