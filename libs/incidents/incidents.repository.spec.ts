import { jest } from '@jest/globals';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { aFinding, noon } from './builders.js';
import { Findings } from './findings.repository.js';
import { defaultOpening } from './incident.js';
import { Incidents, type NewOther } from './incidents.repository.js';
import { Recording } from './recording.repository.js';

jest.setTimeout(120_000);

let db: TestDatabase;
const incidents = new Incidents();
const findings = new Findings();
const recording = new Recording();
const ann = { who: 'ann', why: 'on it' };

beforeEach(async () => {
  db = await testDatabase();
  await db.clock.set(new Date(noon + 1_000));
});
afterEach(() => db.drop());

async function open(account: string, count = 1): Promise<string> {
  const all = Array.from({ length: count }, (_, i) => aFinding({ account, output: `${account}-${i}`, at: noon + i }));
  return db.database.transaction(async (tx) => {
    const fresh = await recording.append(tx, all);
    return (await recording.settle(tx, { findings: fresh, policy: defaultOpening })).opened[0]!.id;
  });
}

function other(over: Partial<NewOther> = {}): NewOther {
  return {
    kind: 'external',
    routingKey: 'k1',
    dedupKey: 'disk',
    title: 'Disk full',
    severity: 'SEV1',
    actor: { who: 'alertmanager' },
    ...over,
  };
}

test('two people who acknowledge at once leave one entry and one name', async () => {
  const id = await open('a');
  const both = await Promise.all(
    ['ann', 'ben'].map((who) => db.database.transaction((tx) => incidents.acknowledge(tx, id, { who }))),
  );
  expect(both.map((decision) => decision!.outcome).sort()).toEqual(['already', 'changed']);
  const { items } = await incidents.timeline(db.database, id);
  expect(items.map(({ what }) => what)).toEqual(['opened', 'acknowledged']);
  const { acknowledgedBy } = (await incidents.get(db.database, id))!;
  expect(items[1]!.who).toBe(acknowledgedBy);
});

test('an incident that does not exist is undefined, not an error', async () => {
  const none = await db.database.transaction((tx) => incidents.resolve(tx, 'nope', 'mitigated', ann));
  expect(none).toBeUndefined();
  expect(await incidents.get(db.database, 'nope')).toBeUndefined();
});

test('lists page from the newest to the end without a gap, filtered by status, severity and time', async () => {
  const ids: string[] = [];
  for (const account of ['a', 'b', 'c', 'd', 'e']) ids.push(await open(account));
  await db.database.transaction((tx) => incidents.acknowledge(tx, ids[0]!, ann));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await incidents.list(db.database, { limit: 2, cursor });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual([...ids].reverse());
  expect((await incidents.list(db.database, { status: 'acknowledged' })).items.map(({ id }) => id)).toEqual([ids[0]]);
  expect((await incidents.list(db.database, { severity: 'SEV1' })).items).toEqual([]);
  expect((await incidents.list(db.database, { since: new Date(noon + 2_000) })).items).toEqual([]);
  await expect(incidents.list(db.database, { cursor: 'rubbish' })).rejects.toThrow('cursor');
});

test('findings page in the order of event time, and the newest can come first', async () => {
  const incident = await open('a', 5);
  const first = await findings.list(db.database, { incident, limit: 3 });
  const rest = await findings.list(db.database, { incident, limit: 3, cursor: first.next! });
  expect([...first.items, ...rest.items].map(({ event }) => event!.id)).toEqual(['a-0', 'a-1', 'a-2', 'a-3', 'a-4']);
  expect(rest.next).toBeNull();
  const newest = await findings.list(db.database, { incident, newestFirst: true, limit: 1 });
  expect(newest.items[0]!.event!.id).toBe('a-4');
});

test("another tool's alarm is one open incident a dedup key and routing key, until it is resolved", async () => {
  const send = (over: Partial<NewOther> = {}) => db.database.transaction((tx) => incidents.openOther(tx, other(over)));
  const all = await Promise.all([send(), send(), send(), send()]);
  expect(all.filter(({ outcome }) => outcome === 'opened')).toHaveLength(1);
  expect(new Set(all.map(({ incident }) => incident.id)).size).toBe(1);
  expect((await send({ routingKey: 'k2' })).outcome).toBe('opened');
  const resolved = await db.database.transaction((tx) =>
    incidents.actOnOther(tx, other(), { do: 'resolve', resolution: 'resolved' }, { who: 'alertmanager' }),
  );
  expect(resolved!.outcome).toBe('changed');
  const nothing = await db.database.transaction((tx) =>
    incidents.actOnOther(tx, other(), { do: 'acknowledge' }, { who: 'alertmanager' }),
  );
  expect(nothing).toBeUndefined();
  const anew = await send();
  expect(anew.outcome).toBe('opened');
  expect(anew.incident).toMatchObject({ kind: 'external', title: 'Disk full', severity: 'SEV1', round: 1 });
  expect(await incidents.get(db.database, anew.incident.id)).toMatchObject({ findings: 0 });
});

test('test pages are in no list unless asked for', async () => {
  const { routingKey: _, ...rest } = other({ kind: 'synthetic', dedupKey: 'x' });
  await db.database.transaction((tx) => incidents.openOther(tx, rest));
  expect((await incidents.list(db.database)).items).toEqual([]);
  expect((await incidents.list(db.database, { kind: 'synthetic' })).items).toHaveLength(1);
});

test('re-opening is refused while another incident of the same key is open', async () => {
  const send = () => db.database.transaction((tx) => incidents.openOther(tx, other()));
  const { incident } = await send();
  await db.database.transaction((tx) => incidents.resolve(tx, incident.id, 'mitigated', ann));
  await db.clock.advance('1 second');
  const second = await send();
  const refused = await db.database.transaction((tx) => incidents.reopen(tx, incident.id, ann));
  expect(refused).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining(String(second.incident.number)),
  });
  await db.database.transaction((tx) => incidents.resolve(tx, second.incident.id, 'mitigated', ann));
  const reopened = await db.database.transaction((tx) => incidents.reopen(tx, incident.id, ann));
  expect(reopened).toMatchObject({ outcome: 'changed', incident: { status: 'open', round: 2 } });
});

test('a link stands in both timelines, once', async () => {
  const [a, b] = [await open('a'), await open('b')];
  const link = () => db.database.transaction((tx) => incidents.link(tx, a, b, ann));
  expect([await link(), await link()]).toEqual([true, false]);
  for (const id of [a, b])
    expect((await incidents.timeline(db.database, id)).items.filter(({ what }) => what === 'linked')).toHaveLength(1);
  expect((await incidents.links(db.database, a)).map(({ id }) => id)).toEqual([b]);
});

test('two incidents merged into each other at once end as one open', async () => {
  const [a, b] = [await open('a'), await open('b')];
  const merge = (from: string, to: string) => db.database.transaction((tx) => incidents.merge(tx, from, to, ann));
  const outcomes = (await Promise.all([merge(a, b), merge(b, a)])).map((decision) => decision!.outcome);
  expect(outcomes.sort()).toEqual(['changed', 'refused']);
  expect((await incidents.list(db.database, { status: 'open' })).items).toHaveLength(1);
});

test('precision comes from reviews, with an interval, and disagreement is shown', async () => {
  const incident = await open('a', 4);
  const { items } = await findings.list(db.database, { incident });
  const review = (i: number, reviewer: string, label: 'true' | 'false' | 'unsure') =>
    db.database.transaction((tx) => findings.review(tx, items[i]!.id, reviewer, label, 'seen'));
  await review(0, 'ann', 'true');
  await review(0, 'ben', 'true');
  await review(1, 'ann', 'true');
  await review(1, 'ben', 'false');
  await review(2, 'ann', 'true');
  await review(2, 'ann', 'false');
  expect(await db.database.transaction((tx) => findings.review(tx, 'nope', 'ann', 'true'))).toBe(false);
  const [row] = await findings.precision(db.database, new Date(noon), new Date(noon + 60_000));
  expect(row).toMatchObject({
    detector: 'rules',
    reviewed: 3,
    confirmed: 1,
    refuted: 1,
    unsure: 1,
    shared: 2,
    agreed: 1,
    precision: 0.5,
  });
  expect(row!.interval.low).toBeGreaterThan(0);
  expect((await findings.list(db.database, { unreviewed: true })).items).toHaveLength(1);
});
