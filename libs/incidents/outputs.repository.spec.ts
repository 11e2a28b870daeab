import { jest } from '@jest/globals';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import type { FeedbackEvent, OutputEvent } from '../events/index.js';
import { Bundles } from '../policy/index.js';
import { aFinding, anOutput, noon } from './builders.js';
import { Floods } from './floods.repository.js';
import { joinReference, Outputs } from './outputs.repository.js';
import { Reporters } from './reporters.repository.js';
import { Tallies } from './tallies.repository.js';
import { TallySheet } from './tally.js';
import { keepUp } from './upkeep.repository.js';

jest.setTimeout(120_000);

let db: TestDatabase;
const outputs = new Outputs();
const threeDays = 72 * 3_600_000;

beforeEach(async () => {
  db = await testDatabase();
  await db.clock.set(new Date(noon));
});
afterEach(() => db.drop());

function index(...events: OutputEvent[]): Promise<ReadonlySet<number>> {
  return db.database.transaction((tx) => outputs.index(tx, events));
}

function feedback(id: string, over: Partial<FeedbackEvent> = {}): FeedbackEvent {
  return {
    kind: 'feedback',
    source: 'app',
    id,
    at: noon,
    day: '2026-03-02',
    origin: { topic: 'tocsin.feedback', partition: 0, offset: 0, index: 0 },
    ephemeral: false,
    mended: 0,
    output: { id: 'o-1' },
    account: { id: 'reporter' },
    comment: 'this is a lie',
    ...over,
  };
}

test('a reporter is known since the first report, and seen again once a day at most', async () => {
  const reporters = new Reporters();
  const seen = async (at: number) => {
    const events = [feedback('f-1', { at }), feedback('f-2', { at })];
    await db.database.transaction(async (tx) => reporters.note(tx, events, await reporters.known(tx, events)));
    const known = await reporters.known(db.database, events);
    return [known.firstSeen('reporter'), known.lastSeen('reporter')];
  };
  expect(await seen(noon - 5_000)).toEqual([noon - 5_000, noon]);
  await db.clock.advance('1 hour');
  expect(await seen(noon)).toEqual([noon - 5_000, noon]);
  await db.clock.advance('2 days');
  expect(await seen(noon)).toEqual([noon - 5_000, noon + 49 * 3_600_000]);
});

test("a producer's duplicate is known, in the same batch and in a later one", async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => anOutput({ id })) as [OutputEvent, OutputEvent, OutputEvent];
  expect([...(await index(a, b, a))]).toEqual([2]);
  expect([...(await index(c, b))]).toEqual([1]);
  expect([...(await index(anOutput({ id: 'a', source: 'other' })))]).toEqual([]);
});

test('a reference is joined with or without its source, and several matches are ambiguous, not guessed', async () => {
  await index(
    anOutput({ id: 'a', account: { id: 'acme' } }),
    anOutput({ id: 'b' }),
    anOutput({ id: 'b', source: 'other' }),
  );
  const found = await outputs.find(db.database, [
    { id: 'a' },
    { id: 'a', source: 'chat' },
    { id: 'a', source: 'nobody' },
    { id: 'b' },
    { id: 'b', source: 'other' },
  ]);
  expect(found).toMatchObject([
    { found: 'one', output: { account: 'acme', source: 'chat' } },
    { found: 'one' },
    { found: 'none' },
    { found: 'several', matches: 2 },
    { found: 'one', output: { source: 'other' } },
  ]);
});

test('a reference is found by its hash alone: before PostgreSQL 18 the key must begin with it', async () => {
  const [key] = await db.database.query<{ key: string }>(
    `select pg_get_constraintdef(oid) as key from pg_constraint where conname = 'output_index_key'`,
  );
  expect(key).toEqual({ key: 'PRIMARY KEY (hash, day)' });
});

test('an output indexed under two days is one output', async () => {
  await index(anOutput({ id: 'a' }));
  await index(anOutput({ id: 'a', day: '2026-03-03' }));
  expect(await outputs.find(db.database, [{ id: 'a' }])).toMatchObject([{ found: 'one' }]);
});

test('feedback that came first is joined later by whoever takes it, and keeps no text', async () => {
  const early = feedback('f-1');
  await db.database.transaction((tx) => outputs.wait(tx, [{ event: early, found: { found: 'none' } }]));
  expect(JSON.stringify(await db.database.query('select * from tocsin.waiting_reference'))).not.toContain('lie');
  const take = () => db.database.transaction((tx) => outputs.takeWaiting(tx, 10));
  expect(await take()).toEqual([]);
  await db.clock.advance('1 second');
  const [first] = await take();
  expect(first!.event).toMatchObject({ id: 'f-1', account: { id: 'reporter' } });
  expect(await take()).toEqual([]);
  await index(anOutput({ id: 'o-1', account: { id: 'acme' } }));
  const [found] = await outputs.find(db.database, [first!.event.output]);
  if (found?.found !== 'one') throw new Error('not found');
  expect(joinReference(first!.event, found.output)).toMatchObject({
    output: { source: 'chat', id: 'o-1' },
    reported: { account: 'acme', model: 'm', stage: 's' },
  });
  await db.database.transaction((tx) => outputs.joined(tx, first!.event));
  expect(await outputs.listWaiting(db.database, undefined)).toEqual([]);
});

test('an ambiguous reference is kept and shown', async () => {
  await db.database.transaction((tx) =>
    outputs.wait(tx, [{ event: feedback('f'), found: { found: 'several', matches: 2 } }]),
  );
  expect(await outputs.listWaiting(db.database, 'ambiguous')).toMatchObject([{ referenceId: 'o-1', matches: 2 }]);
});

test('days are made ahead, rows of the default partition move into theirs, and old days go', async () => {
  await index(anOutput({ id: 'a' }), anOutput({ id: 'far', day: '2031-01-01' }));
  expect(await keepUp(db.database, threeDays)).toBe(true);
  const where = () =>
    db.database.query<{ table: string; rows: number }>(
      `select tableoid::regclass::text as table, count(*) as rows from tocsin.output_index group by 1 order by 1`,
    );
  expect(await where()).toEqual([
    { table: 'output_index_20260302', rows: 1 },
    { table: 'output_index_default', rows: 1 },
  ]);
  expect([...(await index(anOutput({ id: 'a' })))]).toEqual([0]);
  await db.clock.advance('5 days');
  await keepUp(db.database, threeDays);
  expect(await where()).toEqual([{ table: 'output_index_default', rows: 1 }]);
  await keepUp(db.database, threeDays);
});

test('two copies keep up one after the other or not at all', async () => {
  const both = await Promise.all([keepUp(db.database, threeDays), keepUp(db.database, threeDays)]);
  expect(both).toContain(true);
});

test('a bundle that is being applied keeps nobody from making the days', async () => {
  await db.database.transaction(async (tx) => {
    await new Bundles().apply(tx, { hash: 'a'.repeat(32), files: {} }, 'test');
    expect(await keepUp(db.database, threeDays)).toBe(true);
  });
});

test('tallies of two partitions are summed on read', async () => {
  const tallies = new Tallies();
  for (const partition of [0, 1, 1])
    await db.database.transaction((tx) => {
      const sheet = new TallySheet();
      sheet.add({ at: noon, model: 'm', stage: 's', purpose: 'production' }, 'outputs', '', 3);
      return tallies.add(tx, 'tocsin.outputs', partition, sheet);
    });
  const [from, to] = [new Date(noon), new Date(noon + 60_000)];
  expect(await tallies.sum(db.database, from, to)).toMatchObject([{ measure: 'outputs', model: 'm', count: 9 }]);
  expect(await tallies.series(db.database, from, to, 'outputs', 60)).toEqual([{ at: from, label: '', count: 9 }]);
});

test('a flood keeps one finding an account, rule and hour, and lifts itself after ten quiet minutes', async () => {
  const floods = new Floods();
  const begin = () => db.database.transaction((tx) => floods.over(tx, ['rule-1']));
  expect([await begin(), await begin()]).toEqual([['rule-1'], []]);
  const flooding = await floods.active(db.database);
  const many = ['a', 'a', 'b'].map((account, i) => aFinding({ account, output: `${i}` }));
  const calm = aFinding({ rule: 'rule-2', output: 'calm' });
  const contain = () => db.database.transaction((tx) => floods.contain(tx, [...many, calm], flooding));
  const kept = (await contain()).map(({ id }) => id);
  expect(kept).toEqual([many[0]!.id, many[2]!.id, calm.id]);
  expect((await contain()).map(({ id }) => id)).toEqual(kept);
  await db.clock.advance('9 minutes');
  expect(await db.database.transaction((tx) => floods.lift(tx))).toEqual([]);
  await db.clock.advance('1 minute');
  expect(await db.database.transaction((tx) => floods.lift(tx))).toEqual(['rule-1']);
  expect([...(await floods.active(db.database))]).toEqual([]);
  expect(await begin()).toEqual(['rule-1']);
});
