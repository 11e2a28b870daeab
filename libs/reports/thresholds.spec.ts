/** Thresholds are proposed from the deployment's own scores, once a version and again when they move (promise 10). */
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { Thresholds, type Bundle } from '../policy/index.js';
import { aBundle, policyWith } from './reports.fixture.js';
import { offerThresholds } from './thresholds.repository.js';

let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
  await db.clock.set('2026-11-20T12:00:00Z');
});
afterEach(() => db.drop());

async function scores(bucket: number, count: number, version = '2.1', detector = 'compliance'): Promise<void> {
  await db.database.query(
    `insert into tocsin.score_count values ('2026-11-10', 'Harbor', $1, 'Limited Beta', $2, $3, 't', 0, $4)`,
    [version, detector, bucket, count],
  );
}
const offer = (which: 'new' | 'again', bundle: Bundle = aBundle()) =>
  db.database.transaction((tx) => offerThresholds(tx, bundle, which));
const waiting = () => new Thresholds().waiting(db.database);

test('9,999 outputs propose nothing, 10,000 propose a threshold at which a thousandth is reported', async () => {
  await scores(10, 9_900);
  await scores(700, 99);
  await offer('new');
  expect(await waiting()).toEqual([]);
  await scores(20, 1);
  await offer('new');
  const [proposal] = await waiting();
  expect(proposal).toMatchObject({ model: 'Harbor', stage: 'Limited Beta', detector: 'compliance', value: 0.701 });
  expect(proposal!.grounds).toMatchObject({ version: '2.1', outputs: 10_000 });
});

test('all outputs of the stage count towards the ten thousand, those of accounts beyond their twenty a day too', async () => {
  await scores(10, 500);
  await db.database.query(
    `insert into tocsin.tally values ('2026-11-11T00:00:00Z', 'Harbor', 'Limited Beta', 'production', 'outputs', '', 't', 0, 10000)`,
  );
  await offer('new');
  expect(await waiting()).toHaveLength(1);
});

test('two reporters on one day propose once', async () => {
  await scores(10, 10_000);
  await offer('new');
  await offer('new');
  const all = await db.database.query(`select version from tocsin.threshold`);
  expect(all).toHaveLength(1);
});

test('each week it is proposed again where it has moved, and a new version is asked anew', async () => {
  await scores(10, 10_000);
  await offer('again');
  expect(await waiting()).toEqual([]);
  await offer('new');
  const [first] = await waiting();
  await offer('again');
  expect((await waiting())[0]!.version).toBe(first!.version);
  await scores(800, 300);
  await offer('again');
  const [moved] = await waiting();
  expect(moved!.version).toBeGreaterThan(first!.version);
  expect(moved!.value).toBeGreaterThan(first!.value);
});

test('what people confirmed to be misuse does not raise its own threshold', async () => {
  await scores(10, 10_000);
  await scores(800, 300);
  for (let n = 0; n < 300; n++) {
    await db.database.query(
      `insert into tocsin.finding (id, detector, detector_version, title, label, score, level, matched, spans, at,
         recorded_at, key_hash, model, version, stage, shadow, review_only)
       values ($1, 'compliance', '1', 't', 'complied', 0.8001, 'high', 'm', '[]', '2026-11-12', '2026-11-12', 'k',
         'Harbor', '2.1', 'Limited Beta', false, false)`,
      [`f${n}`],
    );
    await db.database.query(`insert into tocsin.review values ($1, 'ann', 'true', null, '2026-11-13')`, [`f${n}`]);
  }
  await offer('new');
  expect((await waiting())[0]).toMatchObject({ value: 0.5 });
});

test('the policy’s own number and versions out of force are left alone', async () => {
  await scores(10, 10_000, '1.9');
  await offer('new');
  await scores(10, 10_000);
  const own = policyWith({}).replace(
    'started_on: 2026-10-01',
    'started_on: 2026-10-01\n    thresholds: { compliance: 0.6 }',
  );
  await offer('new', aBundle({ policy: own }));
  expect(await waiting()).toEqual([]);
});

test('the policy may publish the first by itself, and never the second', async () => {
  const publishing = aBundle({ policy: `${policyWith({})}publish_first_threshold: true\n` });
  await scores(10, 10_000);
  await offer('new', publishing);
  expect(await waiting()).toEqual([]);
  const inForce = await new Thresholds().inForce(db.database, await db.database.now());
  expect(inForce).toMatchObject([{ detector: 'compliance', publishedBy: 'policy' }]);
  await scores(800, 300);
  await offer('again', publishing);
  expect(await waiting()).toHaveLength(1);
});
