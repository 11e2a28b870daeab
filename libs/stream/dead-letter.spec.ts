import type { Rejection, StreamRecord } from '../events/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { testKafka, type TestKafka } from '../../test/harness/kafka.js';
import { DeadLetters, fullLettersAMinute, Publisher, readRange } from './index.js';

let db: TestDatabase;
let kafka: TestKafka;
const letters = new DeadLetters();
beforeAll(async () => {
  db = await testDatabase();
  kafka = await testKafka();
});
beforeEach(async () => {
  await db.clock.set('2026-03-01T12:00:30Z');
  await db.database.query('truncate tocsin.dead_letter, tocsin.dead_letter_minute, tocsin.dead_letter_reveal');
});
afterAll(async () => {
  await kafka.close();
  await db.drop();
});

function record(offset: number, more: Partial<StreamRecord> = {}): StreamRecord {
  const value = Buffer.from([0xff, 0, 0x7b]);
  return {
    topic: 'tocsin.outputs',
    partition: 2,
    offset,
    timestamp: 0,
    key: Buffer.from('acc'),
    value,
    headers: {},
    ...more,
  };
}

function rejection(offset: number, more: Partial<Rejection> = {}): Rejection {
  const origin = { topic: 'tocsin.outputs', partition: 2, offset, index: 0 };
  return { kind: 'rejection', reason: 'not_json', detail: 'found a byte 0xff', origin, ephemeral: false, ...more };
}

const append = (rejections: Rejection[], records: StreamRecord[]) =>
  db.database.transaction((tx) => letters.append(tx, rejections, records));

test('a letter keeps reason, place, headers and the bytes as they were', async () => {
  const headers = {
    ce_type: Buffer.from('tocsin.output.v1'),
    twice: [Buffer.from([0xff]), 'b'],
    'a\0b': Buffer.from('x'),
  };
  await append([rejection(41, { detail: 'a NUL \0 and half \ud800' })], [record(40), record(41, { headers })]);
  const [listed] = await letters.list(db.database);
  expect(listed).toMatchObject({
    topic: 'tocsin.outputs',
    partition: 2,
    offset: 41,
    reason: 'not_json',
    detail: 'a NUL \uFFFD and half \uFFFD',
    kept: 'all',
  });
  expect(Object.keys(listed!)).not.toContain('payload');
  const content = await db.database.transaction((tx) => letters.reveal(tx, listed!.id, 'ann', 'the producer asked'));
  expect(content!.payload).toEqual(Buffer.from([0xff, 0, 0x7b]));
  expect(content!.key).toEqual(Buffer.from('acc'));
  expect(content!.headers).toEqual({
    ce_type: [Buffer.from('tocsin.output.v1').toString('base64')],
    twice: [Buffer.from([0xff]).toString('base64'), Buffer.from('b').toString('base64')],
    'a\uFFFDb': [Buffer.from('x').toString('base64')],
  });
});

test('who looked into a letter, and why, stays on record', async () => {
  await append([rejection(1)], [record(1)]);
  const id = (await letters.list(db.database))[0]!.id;
  await db.database.transaction((tx) => letters.reveal(tx, id, 'ann', 'to mend the producer'));
  expect(await db.database.query('select dead_letter, who, why from tocsin.dead_letter_reveal')).toEqual([
    { dead_letter: id, who: 'ann', why: 'to mend the producer' },
  ]);
  await expect(db.database.transaction((tx) => letters.reveal(tx, id, 'ann', ''))).rejects.toMatchObject({
    code: '23514',
  });
  expect(await db.database.transaction((tx) => letters.reveal(tx, id + 1, 'ann', 'x'))).toBeUndefined();
});

test('nothing of an ephemeral event is kept but where it stood and why', async () => {
  await append([rejection(1, { ephemeral: true })], [record(1)]);
  expect(await db.database.query('select kept, payload, headers, record_key, detail from tocsin.dead_letter')).toEqual([
    { kept: 'ephemeral', payload: null, headers: null, record_key: null, detail: 'found a byte 0xff' },
  ]);
});

test('a flood of more than 1,000 letters a minute and partition keeps offsets and reasons alone', async () => {
  const many = Array.from({ length: 700 }, (_, i) => i);
  const bare = await append(
    many.map((i) => rejection(i)),
    many.map((i) => record(i)),
  );
  const more = await append(
    many.map((i) => rejection(700 + i)),
    many.map((i) => record(700 + i)),
  );
  expect([bare, more]).toEqual([0, 1_400 - fullLettersAMinute]);
  const counts = await db.database.query(
    'select kept, count(*) as n, count(payload) as payloads, min(record_offset) as first from tocsin.dead_letter group by kept order by kept',
  );
  expect(counts).toEqual([
    { kept: 'all', n: 1_000, payloads: 1_000, first: 0 },
    { kept: 'place', n: 400, payloads: 0, first: 1_000 },
  ]);
  await db.clock.advance('1 minute');
  expect(await append([rejection(2_000)], [record(2_000)])).toBe(0);
});

test('content is gone after 14 days, the letter after 90', async () => {
  await append([rejection(1)], [record(1)]);
  await db.clock.advance('13 days');
  expect(await db.database.transaction((tx) => letters.expire(tx))).toBe(0);
  await db.clock.advance('1 day');
  expect(await db.database.transaction((tx) => letters.expire(tx))).toBe(1);
  expect(await db.database.query('select kept, payload, record_key from tocsin.dead_letter')).toEqual([
    { kept: 'expired', payload: null, record_key: null },
  ]);
  await db.clock.advance('76 days');
  await db.database.transaction((tx) => letters.expire(tx));
  expect(await letters.list(db.database)).toEqual([]);
});

test('a letter goes back to its topic as it was, once, and says who sent it', async () => {
  await kafka.create('tocsin.outputs');
  const headers = { ce_id: Buffer.from('7'), twice: [Buffer.from('a'), Buffer.from('b')] };
  await append(
    [rejection(1), rejection(2, { reason: 'unreadable' }), rejection(3, { ephemeral: true })],
    [record(1, { headers }), record(2), record(3)],
  );
  const publisher = new Publisher(kafka.options);
  const replay = () => db.database.transaction((tx) => letters.replay(tx, publisher, 'ann', { reason: 'not_json' }));
  expect(await replay()).toBe(1);
  expect(await replay()).toBe(0);
  await publisher.close();
  const back: StreamRecord[] = [];
  for await (const records of readRange(kafka.options, { topic: 'tocsin.outputs', partition: 0, from: 0 }))
    back.push(...records);
  expect(back).toHaveLength(1);
  expect(back[0]).toMatchObject({ key: Buffer.from('acc'), value: Buffer.from([0xff, 0, 0x7b]), headers });
  expect((await letters.list(db.database)).map(({ replayedBy }) => replayedBy)).toEqual(['ann', null, null]);
});

test('no rejection, no statement', async () => {
  expect(await append([], [record(1)])).toBe(0);
  expect(await db.database.query('select * from tocsin.dead_letter_minute')).toEqual([]);
});
