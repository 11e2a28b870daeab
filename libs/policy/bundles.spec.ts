import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { until } from '../../test/harness/until.js';
import { shippedBounds } from '../detection/index.js';
import { metricsText } from '../telemetry/index.js';
import {
  BundleHolder,
  type BundleHolderOptions,
  bundleOf,
  Bundles,
  noteStarts,
  readStarts,
  stageKey,
  Thresholds,
  type Bundle,
} from './index.js';

const seed = readFileSync(join(import.meta.dirname, 'testdata/seed.good.yml'), 'utf8');
const bundleWith = (more: string): Bundle => bundleOf({ 'policy.yml': `${seed}\n${more}\n` }).bundle!;
const one = bundleWith('# one');
const two = bundleWith('# two');

let db: TestDatabase;
const bundles = new Bundles();
const thresholds = new Thresholds();
const holders: { close(): Promise<void> }[] = [];
const apply = (bundle: Pick<Bundle, 'hash' | 'files'>, who = 'ann') =>
  db.database.transaction((tx) => bundles.apply(tx, bundle, who));
/** One that only looks when told to, unless it listens. */
const hold = async <Prepared = void>(options: Partial<BundleHolderOptions<Prepared>> = {}) => {
  const holder = await BundleHolder.open<Prepared>({
    database: db.database,
    app: 'monitor',
    pollMs: 3_600_000,
    ...options,
  });
  holders.push(holder);
  return holder;
};
const metric = async (name: string) => new RegExp(`^${name} (\\S+)$`, 'm').exec((await metricsText()).body)?.[1];

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.database.query(`truncate bundle, bundle_application, bundle_copy, stage_start, threshold restart identity`);
  await db.database.query(`update clock set frozen_at = null, offset_by = '0'`);
});
afterEach(async () => {
  for (const holder of holders.splice(0)) await holder.close();
});

test('applying makes a bundle the active one, with who and when, and applying it again changes nothing', async () => {
  await db.clock.set('2026-03-01T09:00:00Z');
  expect(await bundles.newest(db.database)).toBeUndefined();
  expect(await apply(one)).toMatchObject({ outcome: 'applied', hash: one.hash, appliedBy: 'ann' });
  expect(await apply(one, 'ben')).toEqual({ outcome: 'unchanged' });
  expect(await bundles.newest(db.database)).toMatchObject({
    hash: one.hash,
    files: one.files,
    appliedAt: new Date('2026-03-01T09:00:00Z'),
    appliedBy: 'ann',
  });
});

test('going back to an older bundle is an application of its own', async () => {
  for (const bundle of [one, two, one]) await apply(bundle);
  expect((await bundles.history(db.database)).map(({ hash }) => hash)).toEqual([one.hash, two.hash, one.hash]);
  expect(await bundles.files(db.database, two.hash)).toEqual(two.files);
  expect(bundleOf((await bundles.newest(db.database))!.files).bundle!.hash).toBe(one.hash);
});

test('two who apply at once are one after the other', async () => {
  await Promise.all([one, two, one, two, one, two].map((bundle) => apply(bundle)));
  const history = await bundles.history(db.database);
  for (const [index, { hash }] of history.entries()) expect(hash).not.toBe(history[index + 1]?.hash);
});

test('a holder without a bundle says so, and is ready once there is one', async () => {
  const holder = await hold({ listenUrl: db.url });
  expect(() => holder.current()).toThrow('tocsin apply');
  expect(holder.reason()).toContain('tocsin apply');
  await apply(one);
  await holder.ready();
  expect(holder.current().hash).toBe(one.hash);
  expect(holder.reason()).toBeUndefined();
});

test('a copy adopts the newest bundle on a notification', async () => {
  await apply(one);
  const holder = await hold({ listenUrl: db.url });
  await apply(two);
  await until('the bundle to be adopted', () => holder.current().hash === two.hash, { withinMs: 30_000 });
});

test('a copy that hears nothing adopts it by polling', async () => {
  await apply(one);
  const holder = await hold({ pollMs: 20 });
  await apply(two);
  await until('the bundle to be adopted', () => holder.current().hash === two.hash, { withinMs: 30_000 });
});

test('a bad bundle changes nothing and says so in a gauge, until a good one comes', async () => {
  await apply(one);
  const holder = await hold();
  await apply({ hash: 'f'.repeat(32), files: { 'policy.yml': 'nonsense: 1\n' } });
  await holder.look();
  expect(holder.current().hash).toBe(one.hash);
  expect(await metric('tocsin_bundle_bad')).toBe('1');
  expect(await bundles.copies(db.database)).toMatchObject([
    { app: 'monitor', hash: one.hash, refusedHash: 'f'.repeat(32) },
  ]);
  await apply(two);
  await holder.look();
  expect(holder.current().hash).toBe(two.hash);
  expect(await metric('tocsin_bundle_bad')).toBe('0');
});

test('a bundle that cannot be prepared is refused, and one whose files make another hash', async () => {
  await apply(one);
  const prepared: string[] = [];
  const holder = await hold({
    prepare: (bundle) => {
      prepared.push(bundle.hash);
      if (bundle.hash === two.hash) throw new Error('does not compile');
      return `made of ${bundle.hash}`;
    },
  });
  for (const bundle of [two, { hash: 'e'.repeat(32), files: two.files }]) {
    await apply(bundle);
    await holder.look();
    expect(holder.current().hash).toBe(one.hash);
  }
  expect(prepared).toEqual([one.hash, two.hash]);
  expect(holder.prepared()).toBe(`made of ${one.hash}`);
});

test('copies that hold another bundle for 2 minutes are named, the others are not', async () => {
  await db.clock.set('2026-03-01T09:00:00Z');
  await apply(one);
  await hold({ app: 'monitor' });
  const other = await hold({ app: 'pager' });
  await apply(two);
  await other.look();
  const disagreeing = async () =>
    (await bundles.copies(db.database)).filter(({ disagrees }) => disagrees).map(({ app }) => app);
  await db.clock.advance('119 seconds');
  expect(await disagreeing()).toEqual([]);
  await db.clock.advance('1 second');
  expect(await disagreeing()).toEqual(['monitor']);
});

test('a copy that is closed is forgotten, and one that is silent for a minute is gone', async () => {
  await apply(one);
  const holder = await hold({ app: 'pager' });
  await hold({ app: 'monitor' });
  await holder.close();
  expect((await bundles.copies(db.database)).map(({ app }) => app)).toEqual(['monitor']);
  await db.database.query(`update bundle_copy set seen_at = seen_at - interval '61 seconds'`);
  expect(await bundles.copies(db.database)).toEqual([]);
});

const proposal = {
  model: 'MyGenerativeAI',
  stage: 'Limited Beta',
  detector: 'disinformation',
  value: 0.7,
  ...shippedBounds.disinformation,
  grounds: { outputs: 12_000 },
};
const beta = { model: 'MyGenerativeAI', version: 'v1.0-alpha', stage: 'Limited Beta' };
const propose = (more: Partial<typeof proposal> = {}) =>
  db.database.transaction((tx) => thresholds.propose(tx, { ...proposal, ...more }, 'tocsin'));
const publish = (version: number, from?: Date) =>
  db.database.transaction((tx) => thresholds.publish(tx, version, 'ann', from));

test('a threshold is in force once a person publishes it, from then on, and every copy adopts it', async () => {
  await db.clock.set('2026-03-01T09:00:00Z');
  await apply(one);
  const holder = await hold({ listenUrl: db.url });
  const inForce = () => holder.stages().choose(beta).thresholds.disinformation;
  const version = await propose();
  await holder.look();
  expect(inForce()).toEqual({ value: shippedBounds.disinformation.floor });
  expect(await publish(version)).toMatchObject({ outcome: 'published', threshold: { version, publishedBy: 'ann' } });
  await until('the threshold to be adopted', () => inForce().value === 0.7, { withinMs: 30_000 });
  expect(inForce()).toEqual({ value: 0.7, version });
  expect(await thresholds.inForce(db.database, new Date('2026-03-01T08:59:59Z'))).toEqual([]);
});

test('one published for later comes into force by itself', async () => {
  await db.clock.set('2026-03-01T09:00:00Z');
  await apply(one);
  const holder = await hold();
  await publish(await propose(), new Date('2026-03-02T00:00:00Z'));
  await holder.look();
  expect(holder.stages().choose(beta).thresholds.disinformation.version).toBeUndefined();
  await db.clock.advance('1 day');
  await holder.look();
  expect(holder.stages().choose(beta).thresholds.disinformation.value).toBe(0.7);
});

test('a replay finds the threshold that was in force at its time', async () => {
  await db.clock.set('2026-03-01T09:00:00Z');
  await publish(await propose({ value: 0.6 }));
  await db.clock.advance('1 day');
  await publish(await propose({ value: 0.8 }));
  const at = async (time: string) => (await thresholds.inForce(db.database, new Date(time))).map(({ value }) => value);
  expect(await at('2026-03-01T10:00:00Z')).toEqual([0.6]);
  expect(await at('2026-03-02T10:00:00Z')).toEqual([0.8]);
});

test('a proposal is answered once, a newer one stands in for it, and nobody publishes outside the bounds', async () => {
  const first = await propose();
  const second = await propose({ value: 0.75 });
  expect((await thresholds.waiting(db.database)).map(({ version }) => version)).toEqual([second]);
  expect(await publish(first)).toEqual({ outcome: 'answered' });
  expect(await publish(second)).toMatchObject({ outcome: 'published' });
  expect(await publish(second)).toEqual({ outcome: 'answered' });
  expect(await publish(9_999)).toEqual({ outcome: 'unknown' });
  const third = await propose();
  expect(await db.database.transaction((tx) => thresholds.decline(tx, third, 'ann'))).toEqual({ outcome: 'declined' });
  await expect(propose({ value: 0.99 })).rejects.toMatchObject({ code: '23514' });
});

test('the policy publishes the first threshold of a stage where it says so, and never a later one', async () => {
  const offer = (publishFirst: boolean, more: Partial<typeof proposal> = {}) =>
    db.database.transaction((tx) => thresholds.offer(tx, { ...proposal, ...more }, publishFirst));
  expect(await offer(false)).toMatchObject({ published: false });
  const both = await Promise.all([offer(true), offer(true)]);
  expect(both.filter(({ published }) => published)).toHaveLength(1);
  expect(await offer(true)).toMatchObject({ published: false });
  expect(await offer(true, { stage: 'Internal Alpha' })).toMatchObject({ published: true });
  const inForce = await thresholds.inForce(db.database, await db.database.now());
  expect(inForce.map(({ stage, publishedBy }) => [stage, publishedBy])).toEqual([
    ['Internal Alpha', 'policy'],
    ['Limited Beta', 'policy'],
  ]);
});

test("a stage's first event is noted once, by two batches at once too", async () => {
  const firsts = (at: number) =>
    new Map(['a', 'b'].map((stage) => [stageKey('m', stage), { model: 'm', stage, at }] as const));
  await Promise.all([1_000, 2_000].map((at) => db.database.transaction((tx) => noteStarts(tx, firsts(at), new Map()))));
  const starts = await readStarts(db.database);
  expect([...starts.keys()]).toEqual(expect.arrayContaining([stageKey('m', 'a'), stageKey('m', 'b')]));
  await db.database.transaction((tx) => noteStarts(tx, firsts(3_000), new Map()));
  expect(await readStarts(db.database)).toEqual(starts);
});
