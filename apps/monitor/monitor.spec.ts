/** The monitor on a real broker and a real PostgreSQL: what is produced to Kafka is what the database then says. */
import { jest } from '@jest/globals';
import { Health } from '../../libs/telemetry/index.js';
import { bundleOf, Bundles, type Files } from '../../libs/policy/index.js';
import { Findings, Incidents, Outputs, Tallies } from '../../libs/incidents/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { feedback, output } from '../../test/harness/events.js';
import { testKafka, type TestKafka } from '../../test/harness/kafka.js';
import { until } from '../../test/harness/until.js';
import type { RunningApp } from '../app.js';
import { readConfig, type Config } from '../config.js';
import { startMonitor } from './start.js';

// Each wait may take a minute on a busy machine, and a test has a few.
jest.setTimeout(240_000);
const long = { withinMs: 60_000 };
const policy = `
model_name: MyGenerativeAI
version: v1.0-alpha
deployment_strategy: staged_release
release_stages:
  - name: Internal Alpha
    audience: internal_devs
    duration_days: 30
    risk_assessment_status: completed
    safety_protocols_enabled: [content_filter]
risk_mitigation_plan: []
monitoring_frequency: daily
incident_response_plan: a/wiki/page
sources:
  - source: test/moderator
    verdicts: [moderation]
  - source: test/quiet
    retention: none
`;
const rule = (id: string, word: string, level: string) => `
title: Says ${word}
id: ${id}
logsource: { product: tocsin, category: output }
detection: { selection: { 'output.text|contains': '${word}' }, condition: selection }
level: ${level}
`;
const files: Files = {
  'policy.yml': policy,
  'rules/high.yml': rule('11111111-1111-4111-8111-111111111111', 'xyzzy', 'high'),
  'rules/low.yml': rule('22222222-2222-4222-8222-222222222222', 'plugh', 'low'),
  'rules/three.yml': `
title: Three in an hour
id: 33333333-3333-4333-8333-333333333333
correlation:
  type: event_count
  rules: [22222222-2222-4222-8222-222222222222]
  group-by: [account.id]
  timespan: 1h
  condition: { gte: 3 }
  generate: true
level: medium
`,
};

let db: TestDatabase;
let kafka: TestKafka;
const running: RunningApp[] = [];
const incidents = new Incidents();
const findings = new Findings();

beforeEach(async () => {
  db = await testDatabase();
  kafka = await testKafka();
  await kafka.create('tocsin.outputs', 2);
  const { bundle, problems } = bundleOf(files);
  if (!bundle) throw new Error(JSON.stringify(problems));
  await db.database.transaction((tx) => new Bundles().apply(tx, bundle, 'test'));
});
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
  await kafka.close();
  await db.drop();
});

async function start(): Promise<RunningApp & { failed: unknown[]; health: Health }> {
  const { config, problems } = readConfig(
    {
      TOCSIN_KAFKA_BROKERS: kafka.options.brokers.join(','),
      TOCSIN_TOPIC_PREFIX: kafka.options.prefix,
      TOCSIN_GROUP: kafka.options.group,
      TOCSIN_DATABASE_URL: db.url,
      TOCSIN_DEFAULT_RESPONDER: 'ann@example.org',
    },
    ['monitor'],
  );
  if (!config) throw new Error((problems ?? []).join('; '));
  const failed: unknown[] = [];
  const health = new Health();
  const app = await startMonitor({ config: config satisfies Config, health, fail: (error) => failed.push(error) });
  running.push(app);
  return { ...app, failed, health };
}

async function send(topic: string, events: readonly unknown[], partition = 0): Promise<void> {
  await kafka.send(
    topic,
    events.map((event) => ({
      partition,
      value: Buffer.isBuffer(event) || event === null ? event : JSON.stringify(event),
      headers: { 'content-type': 'application/cloudevents+json' },
    })),
  );
}

function verdict(of: string, detector: string, label: string, source: string) {
  const data = { output: { source: 'test/gateway', id: of }, detector, label, score: 0.9 };
  return { specversion: '1.0', type: 'tocsin.verdict.v1', source, id: `v-${of}`, time: new Date().toISOString(), data };
}

async function all() {
  return (await incidents.list(db.database, { limit: 100 })).items;
}

async function deadLetters(): Promise<string[]> {
  return (await db.database.query<{ reason: string }>('select reason from tocsin.dead_letter order by id')).map(
    ({ reason }) => reason,
  );
}

async function sum(measure: string): Promise<number> {
  const rows = await new Tallies().sum(db.database, new Date(0), new Date('2100-01-01'), [measure]);
  return rows.reduce((total, { count }) => total + count, 0);
}

test('a record becomes a finding, an incident with masked evidence, and a page that waits to be sent', async () => {
  await start();
  const text = 'Say xyzzy to jane@mail.example at once.';
  await send('tocsin.outputs', [output({ id: 'hit', text, account: 'acme' }), output({ id: 'miss', account: 'acme' })]);
  const [incident] = await until('an incident', async () => ((await all()).length > 0 ? all() : false), long);
  expect(incident).toMatchObject({
    title: 'Says xyzzy',
    severity: 'SEV2',
    status: 'open',
    rule: '11111111-1111-4111-8111-111111111111',
    key: { account: 'acme' },
    model: 'MyGenerativeAI',
    stage: 'Internal Alpha',
    findings: 1,
  });
  const { items } = await findings.list(db.database, { incident: incident!.id });
  expect(items).toMatchObject([
    { event: { source: 'test/gateway', id: 'hit' }, excerpt: 'Say xyzzy to [e-mail] at once.' },
  ]);
  const evidence = await db.database.query('select state, output from tocsin.evidence');
  expect(evidence).toEqual([{ state: 'kept', output: 'Say xyzzy to [e-mail] at once.' }]);
  const pages = await db.database.query<{ n: number }>('select count(*) as n from tocsin.notification');
  expect(pages[0]!.n).toBeGreaterThan(0);
  await until('tallies', async () => (await sum('outputs')) === 2, long);
});

test('the same event produced twice is one finding, and the copy is tallied as a duplicate', async () => {
  await start();
  const twice = output({ id: 'hit', text: 'xyzzy' });
  await send('tocsin.outputs', [twice, twice], 0);
  await send('tocsin.outputs', [twice], 1);
  await until('all three records', async () => (await sum('outputs')) + (await sum('duplicates')) === 3, long);
  expect(await all()).toMatchObject([{ findings: 1 }]);
  expect([await sum('outputs'), await sum('duplicates')]).toEqual([1, 2]);
});

test('a batch that loses races and runs again counts its scores as if it had run once', async () => {
  const claim = 'Vaccines contain microchips that track people';
  const { bundle } = bundleOf({
    ...files,
    'policy.yml': policy.replace('plan: []', 'plan: [{ disinformation_detection: [built_in] }]'),
    'watchlist.yml': `- { id: chips, claim: "${claim}", status: contested, added_by: test }`,
  });
  await db.database.transaction((tx) => new Bundles().apply(tx, bundle!, 'test'));
  // A sequence goes on counting when its transaction is undone: the first two attempts lose.
  await db.database.query(`create sequence attempts`);
  await db.database.query(`
    create function lose() returns trigger language plpgsql as $$
    begin
      if nextval('attempts') <= 2 then raise exception 'lost' using errcode = '40001'; end if;
      return null;
    end $$`);
  await db.database.query(
    `create trigger lose before insert on tocsin.score_count for each statement execute function lose()`,
  );
  const events = Array.from({ length: 12 }, (_, i) => output({ id: `${i}`, account: 'acme', text: `${claim}.` }));
  await send('tocsin.outputs', events);
  await start();
  await until('all of them', async () => (await sum('outputs')) === 12, long);
  const scores = 'select sum(count)::int as count from tocsin.score_count where detector = $1';
  expect(await db.database.query(scores, ['disinformation'])).toEqual([{ count: 12 }]);
});

test('poison records are dead letters and what stands around them is judged, also behind a NUL', async () => {
  // Stands for whatever the database will not take of a record that the decoder let through.
  await db.database.query(`alter table tocsin.finding add constraint no_such check (account <> 'refused')`);
  const app = await start();
  await send('tocsin.outputs', [
    Buffer.from('no JSON'),
    output({ id: 'nul', text: 'xy\u0000 xyzzy', account: 'nul\u0000account' }),
    null,
    output({ id: 'refused', text: 'xyzzy', account: 'refused' }),
    output({ id: 'surrogate', text: 'xyzzy \ud800', account: 'other' }),
  ]);
  await until('the last of them', async () => (await all()).some(({ key }) => key['account'] === 'other'), long);
  expect(new Set(await deadLetters())).toEqual(new Set(['invalid_json', 'refused_by_database', 'tombstone']));
  expect(new Set((await all()).map(({ key }) => key['account']))).toEqual(new Set(['nul\ufffdaccount', 'other']));
  expect(app.failed).toEqual([]);
});

test('two partitions that complete one threshold together open one incident with all its findings', async () => {
  await start();
  const low = (id: string) => output({ id, text: 'plugh', account: 'acme' });
  await Promise.all([send('tocsin.outputs', [low('a'), low('b')], 0), send('tocsin.outputs', [low('c')], 1)]);
  const [incident] = await until('an incident', async () => ((await all()).length > 0 ? all() : false), long);
  expect(incident).toMatchObject({ severity: 'SEV3', title: 'Three in an hour', findings: 4 });
  expect(await all()).toHaveLength(1);
  // The members came in other batches: their records are read from Kafka again, outside of any transaction.
  const states = () =>
    db.database.query<{ id: string; state: string }>('select event_id as id, state from tocsin.evidence order by 1');
  await until('the evidence', async () => (await states()).filter(({ state }) => state === 'kept').length === 3, long);
  expect((await states()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('a record behind an incident that cannot be read does not hold up the next one', async () => {
  const first = await start();
  await send(
    'tocsin.outputs',
    ['lost', 'there'].map((id) => output({ id, text: 'xyzzy', account: 'acme' })),
  );
  const states = () =>
    db.database.query<{ id: string; state: string }>('select event_id as id, state from tocsin.evidence order by 1');
  await until('the evidence', async () => (await states()).filter(({ state }) => state === 'kept').length === 2, long);
  await first.close();
  await db.database.query(`
    update tocsin.evidence
       set state = 'due', prompt = null, output = null, due_at = tocsin.now(),
           topic = case event_id when 'lost' then 'tocsin.missing' else topic end`);
  // Both are due at every look, the lost one first: no pause after a failure parts them.
  const due = `update tocsin.evidence set due_at = tocsin.now() - case event_id when 'lost' then interval '2 hours' else interval '1 hour' end
                where state = 'due'`;
  await db.database.query(due);
  await start();
  const there = async () => {
    await db.database.query(due);
    return (await states()).some(({ state }) => state === 'kept');
  };
  await until('the other record', there, long);
  expect(await states()).toEqual([
    { id: 'lost', state: 'due' },
    { id: 'there', state: 'kept' },
  ]);
});

test('a rule that floods keeps one finding an account and hour, still opens incidents, and one SEV3 says so', async () => {
  await start();
  const time = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 300_000).toISOString();
  const wave = (name: string, count: number, hits: number) =>
    Array.from({ length: count }, (_, i) =>
      output({
        id: `${name}-${i}`,
        time,
        account: `${name}-${i % 3}`,
        text: i % (count / hits) === 0 ? 'xyzzy' : 'nothing',
      }),
    );
  await send('tocsin.outputs', wave('first', 1_200, 120));
  await until('the first wave', async () => (await sum('outputs')) === 1_200, long);
  const flood = async () => (await all()).filter(({ detector }) => detector === 'flood');
  expect(await flood()).toMatchObject([{ severity: 'SEV3', kind: 'operation', findings: 0 }]);
  await send('tocsin.outputs', wave('second', 300, 300));
  await until('the second wave', async () => (await sum('outputs')) === 1_500, long);
  const second = (await all()).filter(({ key }) => key['account']?.startsWith('second'));
  expect(second.map(({ severity, findings: kept }) => [severity, kept])).toEqual([
    ['SEV2', 1],
    ['SEV2', 1],
    ['SEV2', 1],
  ]);
  expect(await sum('rule_hits')).toBe(420);
  expect(await flood()).toHaveLength(1);
});

test('reports that come before their output, and after it, open one incident on its account', async () => {
  await start();
  const early = ['r1', 'r2'].map((reporter) => feedback({ of: 'told', reporter, category: 'disinformation' }));
  await send('tocsin.feedback', early);
  await until(
    'waiting reports',
    async () => (await new Outputs().listWaiting(db.database, 'waiting')).length === 2,
    long,
  );
  await send('tocsin.outputs', [output({ id: 'told', account: 'liar' })]);
  await until('the index', async () => (await sum('outputs')) === 1, long);
  await send('tocsin.feedback', [
    feedback({ of: { source: 'test/gateway', id: 'told' }, reporter: 'r3', category: 'disinformation' }),
  ]);
  const ofAccount = async () => (await all()).filter(({ key }) => key['account'] === 'liar');
  await until('an incident of the account', async () => (await ofAccount()).length > 0, long);
  expect(await ofAccount()).toMatchObject([{ detector: 'feedback', severity: 'SEV3' }]);
  expect(await new Outputs().listWaiting(db.database, undefined)).toEqual([]);
});

test('reports that name no source and come before their output are one incident of the output, once it is known', async () => {
  await start();
  const early = ['r1', 'r2', 'r3'].map((reporter) => feedback({ of: { id: 'told' }, reporter }));
  await send('tocsin.feedback', early);
  await until(
    'waiting reports',
    async () => (await new Outputs().listWaiting(db.database, 'waiting')).length === 3,
    long,
  );
  const ofOutput = async () => (await all()).flatMap(({ key }) => key['output'] ?? []);
  expect(await ofOutput()).toEqual([]);
  await send('tocsin.outputs', [output({ id: 'told', account: 'liar' })]);
  await until('the join', async () => (await new Outputs().listWaiting(db.database, undefined)).length === 0, long);
  expect(await ofOutput()).toEqual(['test/gateway told']);
});

test('a waiting event that a detector throws on once joined is ended, and the others are joined', async () => {
  await start();
  const spoken = ['broken', 'sound'].map((of) => verdict(of, 'moderation', 'hate/threatening', 'test/moderator'));
  await send('tocsin.verdicts', spoken);
  const waiting = () => new Outputs().listWaiting(db.database, undefined);
  await until('waiting verdicts', async () => (await waiting()).length === 2, long);
  // Stands for whatever a detector does not expect of an event that waited.
  await db.database.query(`update tocsin.waiting_reference set event = event - 'label' where event_id = 'v-broken'`);
  await send('tocsin.outputs', [output({ id: 'broken', account: 'acme' }), output({ id: 'sound', account: 'acme' })]);
  await until('an incident', async () => (await all()).length === 1, long);
  await until('its end', async () => (await waiting()).every(({ state }) => state !== 'waiting'), long);
  expect(await waiting()).toMatchObject([{ eventId: 'v-broken', state: 'unmatched' }]);
});

test('names too long for an index row are dead letters, and the partition goes on', async () => {
  const name = () => Array.from({ length: 512 }, () => String.fromCharCode(0x4e00 + Math.random() * 0x5000)).join('');
  await kafka.create('tocsin.feedback', 1);
  const { failed } = await start();
  await send('tocsin.feedback', [{ ...feedback({ of: 'never', id: name() }), source: name() }]);
  const strange = output({ id: name(), source: name(), text: 'xyzzy', model: name(), version: name(), stage: name() });
  await send('tocsin.outputs', [strange, output({ text: 'xyzzy' })]);
  await until('an incident', async () => (await incidents.list(db.database)).items.length > 0, long);
  const letters = () => db.database.query(`select topic, reason from tocsin.dead_letter order by topic`);
  await until('the letters', async () => (await letters()).length === 2, long);
  expect(await letters()).toEqual(
    ['feedback', 'outputs'].map((topic) => ({ topic: `tocsin.${topic}`, reason: 'refused_by_database' })),
  );
  expect(failed).toEqual([]);
});

test("a verdict of an allowed source is a finding on the output's account; others are dead letters", async () => {
  await start();
  await send('tocsin.outputs', [output({ id: 'judged', account: 'acme' })]);
  await until('the index', async () => (await sum('outputs')) === 1, long);
  const spoken = ['test/stranger', 'test/moderator'].map((source) =>
    verdict('judged', 'moderation', 'hate/threatening', source),
  );
  await send('tocsin.verdicts', spoken);
  await until('an incident', async () => (await all()).length === 1, long);
  expect(await all()).toMatchObject([{ detector: 'harmful', severity: 'SEV2', key: { account: 'acme' } }]);
  expect(await deadLetters()).toEqual(['verdict_not_allowed']);
  const evidence = () => db.database.query('select event_id, state from tocsin.evidence');
  await until('the evidence', async () => JSON.stringify(await evidence()).includes('kept'), long);
  expect(await evidence()).toEqual([{ event_id: 'judged', state: 'kept' }]);
});

test('an event whose source keeps nothing leaves a finding without a word of it', async () => {
  await start();
  await send('tocsin.outputs', [
    output({ id: 'quiet', text: 'the secret xyzzy', source: 'test/quiet', account: 'acme' }),
  ]);
  const [incident] = await until('an incident', async () => ((await all()).length > 0 ? all() : false), long);
  const { items } = await findings.list(db.database, { incident: incident!.id });
  expect(items[0]!.excerpt).toBeUndefined();
  expect(await db.database.query('select * from tocsin.evidence')).toEqual([]);
});

test('stopped and started again, two copies read on where it was and count everything once', async () => {
  const first = await start();
  const batch = (name: string) =>
    Array.from({ length: 40 }, (_, i) => output({ id: `${name}-${i}`, text: i % 10 ? 'nothing' : 'xyzzy' }));
  await send('tocsin.outputs', batch('a'), 0);
  await until('the first', async () => (await sum('outputs')) > 0, long);
  await first.close();
  await send('tocsin.outputs', batch('b'), 0);
  await send('tocsin.outputs', batch('c'), 1);
  await Promise.all([start(), start()]);
  await until('all', async () => (await sum('outputs')) === 120, long);
  expect(await all()).toMatchObject([{ findings: 12 }]);
  expect(await sum('duplicates')).toBe(0);
});
