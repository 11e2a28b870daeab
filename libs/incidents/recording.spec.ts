import { jest } from '@jest/globals';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { sqlState, type Tx } from '../database/index.js';
import { aCorrelation, aFinding, anOutput, aSignal, noon } from './builders.js';
import type { Finding } from './finding.js';
import { defaultOpening, keyHash, keyOf, type Incident } from './incident.js';
import { Findings } from './findings.repository.js';
import { Incidents } from './incidents.repository.js';
import { Recording, type Outcome } from './recording.repository.js';
import { outputSubject } from './finding.js';

jest.setTimeout(120_000);

let db: TestDatabase;
const incidents = new Incidents();
const findings = new Findings();
const recording = new Recording();
const correlations = new Map([['three-in-an-hour', aCorrelation()]]);
const ann = { who: 'ann' };

beforeAll(async () => {
  db = await testDatabase({ poolSize: 30 });
});
beforeEach(() => db.clock.set(new Date(noon + 1_000)));
afterAll(() => db.drop());

async function record(tx: Tx, all: readonly Finding[], copy = recording): Promise<Outcome> {
  const fresh = await copy.append(tx, all);
  return copy.settle(tx, { findings: fresh, policy: defaultOpening });
}

function once(all: readonly Finding[], copy?: Recording): Promise<Outcome> {
  return db.database.transaction((tx) => record(tx, all, copy));
}

/** Again on a lost race, as the transport does. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!['40001', '40P01', '23505'].includes(sqlState(error) ?? '')) throw error;
    }
  }
}

async function ofAccount(account: string): Promise<Incident[]> {
  const { items } = await incidents.list(db.database, { limit: 100 });
  return items.filter(({ key }) => key['account'] === account);
}

async function timelineOf(id: string): Promise<string[]> {
  return (await incidents.timeline(db.database, id)).items.map(({ what, why }) =>
    what === 'grown' ? `${what} ${why}` : what,
  );
}

test('a high finding opens an incident, and the same event produced twice is no news', async () => {
  const finding = aFinding({ account: 'twice' });
  const first = await once([finding]);
  expect(first.opened).toMatchObject([
    { severity: 'SEV2', status: 'open', key: { account: 'twice' }, round: 1, lateMs: 0 },
  ]);
  const second = await once([finding, finding]);
  expect(second).toEqual({ opened: [], reopened: [], raised: [], grown: [] });
  expect(await ofAccount('twice')).toMatchObject([{ findings: 1 }]);
});

test('two partitions that complete one threshold together open one incident', async () => {
  for (let round = 0; round < 25; round++) {
    const account = `together-${round}`;
    const signals = [0, 1, 2].map((i) =>
      aSignal({ account, eventId: outputSubject('chat', `${round}-${i}`), at: noon + i }),
    );
    const partition = (mine: typeof signals) =>
      again(() =>
        db.database.transaction(async (tx) => {
          const completions = await recording.completeWindows(tx, mine, correlations);
          return recording.settle(tx, { findings: [], completions, policy: defaultOpening });
        }),
      );
    const outcomes = await Promise.all([partition(signals.slice(0, 2)), partition(signals.slice(2))]);
    expect(outcomes.flatMap(({ opened }) => opened)).toHaveLength(1);
    expect(await ofAccount(account)).toMatchObject([{ severity: 'SEV3', rule: 'three-in-an-hour', findings: 1 }]);
  }
});

test('two copies that open one incident agree on it, and every finding is in it', async () => {
  for (let round = 0; round < 15; round++) {
    const account = `copies-${round}`;
    const outcomes = await Promise.all(
      [0, 1, 2, 3].map((copy) =>
        again(() => once([aFinding({ account, output: `${round}-${copy}` })], new Recording())),
      ),
    );
    expect(outcomes.flatMap(({ opened }) => opened)).toHaveLength(1);
    expect(await ofAccount(account)).toMatchObject([{ findings: 4 }]);
  }
});

test('the same findings inserted in opposite order by two batches never deadlock', async () => {
  for (let round = 0; round < 5; round++) {
    const all = Array.from({ length: 300 }, (_, i) =>
      aFinding({ account: `order-${i % 20}`, output: `${round}-${i}` }),
    );
    await Promise.all([once(all, new Recording()), once([...all].reverse(), new Recording())]);
  }
});

test('a storm on one incident that is being resolved is in it or in its next round, and nothing is lost or refused', async () => {
  const account = 'storm';
  const [{ id }] = (await once([aFinding({ account, output: 'first' })])).opened as [Incident];
  const batches = Array.from({ length: 20 }, (_, batch) =>
    again(() =>
      once(
        Array.from({ length: 60 }, (__, i) => aFinding({ account, output: `${batch}-${i}` })),
        new Recording(),
      ),
    ),
  );
  const resolving = [0, 1, 2].map(() => db.database.transaction((tx) => incidents.resolve(tx, id, 'mitigated', ann)));
  const outcomes = await Promise.all([...batches, ...resolving.map(async (one) => void (await one))]);
  await Promise.all(resolving);
  const found = await ofAccount(account);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ id, findings: 1_201 });
  // Batches side by side see their own findings alone; whoever comes last, or the chore, writes what is missing.
  await Promise.all([0, 1].map(() => db.database.transaction((tx) => recording.noteGrowth(tx))));
  const told = await timelineOf(id);
  for (const note of ['opened', 'grown 10 findings', 'grown 100 findings', 'grown 1000 findings'])
    expect(told.filter((what) => what === note)).toHaveLength(1);
  const reopenings = outcomes.flatMap((outcome) => outcome?.reopened ?? []);
  expect(told.filter((what) => what === 'reopened')).toHaveLength(reopenings.length);
  expect((await incidents.get(db.database, id))!.round).toBe(1 + reopenings.length);
});

test('growing takes no lock that another batch waits for', async () => {
  const account = 'side-by-side';
  await once([aFinding({ account, output: 'first' })]);
  await db.database.transaction(async (slow) => {
    await slow.query('set local idle_in_transaction_session_timeout = 0'); // a busy machine may be slow in between
    await record(slow, [aFinding({ account, output: 'slow' })]);
    // Would wait for `slow` forever if growing were exclusive; a deadline says so instead of hanging.
    await db.database.transaction(async (quick) => {
      await quick.query(`set local lock_timeout = '20s'`);
      await record(quick, [aFinding({ account, output: 'quick' })]);
    });
  });
  expect(await ofAccount(account)).toMatchObject([{ findings: 3 }]);
});

test('the timeline refuses to be changed, shortened or emptied', async () => {
  await once([aFinding({ account: 'append-only' })]);
  for (const statement of [
    `update tocsin.incident_event set why = 'never mind'`,
    `delete from tocsin.incident_event`,
    `truncate tocsin.incident_event`,
  ])
    await expect(db.database.query(statement)).rejects.toThrow('append-only');
});

test('a resolved incident opens again within a day, a new one opens after it', async () => {
  const account = 'returns';
  const [{ id }] = (await once([aFinding({ account, output: '1' })])).opened as [Incident];
  await db.database.transaction((tx) => incidents.acknowledge(tx, id, ann));
  await db.database.transaction((tx) => incidents.resolve(tx, id, 'mitigated', ann));
  await db.clock.advance('23 hours');
  const soon = await once([aFinding({ account, output: '2', at: noon + 23 * 3_600_000 })]);
  expect(soon.reopened).toMatchObject([{ id, status: 'open', round: 2 }]);
  expect(await incidents.get(db.database, id)).toMatchObject({ status: 'open', round: 2, findings: 2 });
  expect((await incidents.get(db.database, id))!.acknowledgedBy).toBeUndefined();
  await db.database.transaction((tx) => incidents.resolve(tx, id, 'mitigated', ann));
  await db.clock.advance('25 hours');
  const later = await once([aFinding({ account, output: '3', at: noon + 48 * 3_600_000 })]);
  expect(later.opened).toHaveLength(1);
  expect(await timelineOf(id)).toEqual(['opened', 'acknowledged', 'resolved', 'reopened', 'resolved']);
});

test('an incident called a false positive takes further findings in silence, a worse one opens it again', async () => {
  const account = 'false';
  const [{ id }] = (await once([aFinding({ account, output: '1' })])).opened as [Incident];
  await db.database.transaction((tx) => incidents.markFalse(tx, id, { who: 'ann', why: 'a quotation' }));
  expect(await once([aFinding({ account, output: '2' })])).toMatchObject({ opened: [], reopened: [], grown: [id] });
  expect(await incidents.get(db.database, id)).toMatchObject({ status: 'resolved', findings: 2 });
  const worse = await once([aFinding({ account, output: '3', level: 'critical' })]);
  expect(worse.reopened).toMatchObject([{ id, severity: 'SEV1' }]);
});

test('a worse finding raises an open incident and says so; earlier findings that waited join a completed correlation', async () => {
  const account = 'waits';
  const members = [0, 1, 2].map((i) => aFinding({ account, output: `${i}`, level: 'low', at: noon + i }));
  const signals = members.map((finding, i) =>
    aSignal({ account, eventId: outputSubject('chat', `waits-${i}`), at: noon + i, finding: finding.id }),
  );
  let opened: readonly Incident[] = [];
  for (const [i, member] of members.entries())
    opened = await db.database.transaction(async (tx) => {
      const fresh = await recording.append(tx, [member]);
      const completions = await recording.completeWindows(tx, [signals[i]!], correlations);
      return (await recording.settle(tx, { findings: fresh, completions, policy: defaultOpening })).opened;
    });
  expect(opened).toMatchObject([{ severity: 'SEV3', rule: 'three-in-an-hour' }]);
  const { id } = opened[0]!;
  expect(await incidents.get(db.database, id)).toMatchObject({ findings: 4 });
  const worse = { ...aFinding({ account, output: 'worse', level: 'critical' }), rule: 'three-in-an-hour' };
  expect((await once([worse])).raised).toMatchObject([{ id, severity: 'SEV1' }]);
  expect(await timelineOf(id)).toEqual(['opened', 'severity changed']);
});

test('the same signal again completes nothing, and used ones do not count again', async () => {
  const account = 'used';
  const signal = (i: number) => aSignal({ account, eventId: outputSubject('chat', `used-${i}`), at: noon + i });
  const complete = (...which: number[]) =>
    db.database.transaction((tx) => recording.completeWindows(tx, which.map(signal), correlations));
  expect(await complete(0, 1)).toHaveLength(0);
  expect(await complete(0, 1, 1)).toHaveLength(0);
  expect(await complete(2)).toHaveLength(1);
  expect(await complete(2, 3, 4)).toHaveLength(0);
  expect(await complete(5)).toHaveLength(1);
});

test('red-team signals complete windows of their own', async () => {
  const at = (i: number, purpose: string) =>
    aSignal({
      account: 'mixed',
      eventId: outputSubject('chat', `mixed-${i}`),
      at: noon + i,
      subject: { account: 'mixed', purpose },
    });
  const completions = await db.database.transaction((tx) =>
    recording.completeWindows(tx, [at(0, 'production'), at(1, 'red_team'), at(2, 'production')], correlations),
  );
  expect(completions).toEqual([]);
});

test('a judgement by another version of a detector supersedes the finding and opens what it now may', async () => {
  const account = 'superseded';
  expect((await once([aFinding({ account, level: 'low' })])).opened).toEqual([]);
  const { opened } = await once([aFinding({ account, level: 'high', detectorVersion: '2', score: 0.9 })]);
  expect(opened).toHaveLength(1);
  const { items } = await findings.list(db.database, { account });
  expect(items).toMatchObject([{ level: 'high', detectorVersion: '2', score: 0.9, incident: opened[0]!.id }]);
});

test('the records behind an incident are copied masked, and what may not be kept is not', async () => {
  const text = 'Write to jane@mail.example and say so.';
  const records = new Map(
    [
      anOutput({ id: 'kept', output: text, prompt: 'call 0171 2345678' }),
      anOutput({ id: 'ephemeral', output: text, ephemeral: true }),
    ].map((event) => [event.id, event]),
  );
  const account = 'evidence';
  const origin = { topic: 'tocsin.outputs', partition: 2, offset: 9 };
  const all = ['kept', 'ephemeral', 'earlier'].map((output) => aFinding({ account, output, origin }));
  const { opened } = await db.database.transaction(async (tx) => {
    const fresh = await recording.append(tx, all);
    return recording.settle(tx, { findings: fresh, policy: defaultOpening, evidence: (_, id) => records.get(id) });
  });
  const rows = await db.database.query(
    `select event_id, state, prompt, output from tocsin.evidence where incident = $1 order by event_id`,
    [opened[0]!.id],
  );
  expect(rows).toEqual([
    { event_id: 'earlier', state: 'due', prompt: null, output: null },
    { event_id: 'kept', state: 'kept', prompt: 'call [phone]', output: 'Write to [e-mail] and say so.' },
  ]);
});

test('a merged incident sends later findings of its key to where it went', async () => {
  const [into] = (await once([aFinding({ account: 'into' })])).opened as [Incident];
  const [from] = (await once([aFinding({ account: 'from', output: '1' })])).opened as [Incident];
  const merged = await db.database.transaction((tx) => incidents.merge(tx, from.id, into.id, ann));
  expect(merged).toMatchObject({ outcome: 'changed', incident: { mergedInto: into.id } });
  expect(await once([aFinding({ account: 'from', output: '2' })])).toMatchObject({ grown: [into.id] });
  expect(await incidents.get(db.database, into.id)).toMatchObject({ findings: 3 });
  expect(await incidents.get(db.database, from.id)).toMatchObject({ status: 'resolved', findings: 0 });
  await db.database.transaction((tx) => incidents.resolve(tx, into.id, 'mitigated', ann));
  expect((await once([aFinding({ account: 'from', output: '3' })])).opened).toHaveLength(1);
});

test("a group of the rule's own and the account by default make the key", () => {
  expect(keyHash(keyOf(aFinding({ account: 'a' })))).not.toBe(keyHash(keyOf(aFinding({ account: 'b' }))));
  const grouped = { group: { conversation: 'c' } };
  expect(keyHash(keyOf(aFinding({ account: 'a', ...grouped })))).toBe(
    keyHash(keyOf(aFinding({ account: 'b', ...grouped }))),
  );
});
