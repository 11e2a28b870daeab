/**
 * Promises 5, 6 and 14 between two copies on two partitions: what both see is one finding, what they complete together
 * is one incident, and a copy that holds another bundle is named.
 */
import { randomUUID } from 'node:crypto';
import { Bundles } from '../../libs/policy/index.js';
import { output } from '../harness/events.js';
import { addTruth, expectTruth, metric, ofRules, patiently } from '../harness/reading.js';
import { freePort, tocsin, type AppProcess, type Tocsin } from '../harness/tocsin.js';
import { phrases, truth, truthPolicy, truthRules } from '../harness/truth.js';
import { until } from '../harness/until.js';

const threeVoices = `title: Whisper
id: 0b5e55ed-0000-4000-8000-000000000001
logsource: { product: tocsin, category: output }
detection:
  seen:
    output.text|contains: 'quiet copper bell'
  condition: seen
level: low
---
title: Whispers of four conversations
id: 0b5e55ed-0000-4000-8000-000000000002
correlation:
  type: value_count
  rules: [0b5e55ed-0000-4000-8000-000000000001]
  group-by: [account.id]
  timespan: 1h
  condition: { field: conversation, gte: 4 }
  generate: true
level: high
`;
let running: Tocsin;
let copies: readonly AppProcess[];
let ports: readonly number[];

beforeAll(async () => {
  running = await tocsin({
    config: { 'policy.yml': truthPolicy, ...truthRules(), 'rules/whisper/rule.yml': threeVoices },
    partitions: 2,
  });
  await running.start(['api']);
  ports = [await freePort(), await freePort()];
  copies = [await start(0), await start(1)];
}, 180_000);
afterAll(() => running?.close(), 60_000);

function start(copy: number): Promise<AppProcess> {
  return running.start(['monitor'], { env: { TOCSIN_HEALTH_PORT: String(ports[copy]) } });
}

/** The same values to both partitions at once. */
async function toBoth(left: readonly object[], right: readonly object[] = left): Promise<void> {
  await Promise.all([
    running.produce('outputs', left, { partition: 0 }),
    running.produce('outputs', right, { partition: 1 }),
  ]);
}

test('partitions that complete one threshold together open one incident', async () => {
  const accounts = Array.from({ length: 40 }, (_, n) => `whisper-${n}`);
  const voices = (from: number) =>
    [from, from + 1].flatMap((conversation) =>
      accounts.map((account) => output({ account, conversation: `${conversation}`, text: 'a quiet copper bell' })),
    );
  await toBoth(voices(1), voices(3));
  const opened = async () => (await ofRules(running, '0b5e55ed')).map(({ key }) => key['account'] ?? '').sort();
  await until('every threshold', async () => (await opened()).length >= accounts.length, patiently);
  await toBoth([output({ account: 'behind', text: phrases[0] })]);
  await until(
    'what is behind',
    async () => (await ofRules(running)).some(({ key }) => key['account'] === 'behind'),
    patiently,
  );
  expect(await opened()).toEqual(accounts.toSorted());
}, 300_000);

test('an event produced to two partitions is one finding, and two copies that see an account open one incident', async () => {
  const part = truth(700, 4_000, { hitEvery: 25, accounts: 60 });
  await toBoth(part.values, part.values.toReversed());
  // Behind all of it, so that what came twice has been seen by both when these are there.
  const last = [truth(701, 50), truth(702, 50)] as const;
  await toBoth(last[0].values, last[1].values);
  await expectTruth(running, addTruth(part, addTruth(...last)));
}, 300_000);

async function doctorOfCopies(): Promise<{ ok: boolean; said: string } | undefined> {
  const { stdout } = await running.verb(['doctor', '--json']);
  const parts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { part: string; ok: boolean; said: string });
  return parts.find(({ part }) => part === 'copies');
}

test('a bundle that a copy cannot adopt changes nothing there: its gauge says so, and the doctor names it', async () => {
  expect(await doctorOfCopies()).toMatchObject({ ok: true });
  // As another version of Tocsin would leave it; `apply` itself refuses such a folder.
  const foreign = { hash: randomUUID().replaceAll('-', ''), files: { 'policy.yml': 'model_name: [' } };
  await running.db.database.transaction((tx) => new Bundles().apply(tx, foreign, 'another version'));
  for (const port of ports)
    await until('the gauge', async () => (await metric(port, 'tocsin_bundle_bad')) === 1, patiently);
  await toBoth([output({ account: 'under the old one', text: phrases[0] })]);
  await until(
    'the old rules to find',
    async () => (await ofRules(running)).some(({ key }) => key['account'] === 'under the old one'),
    patiently,
  );

  // Two minutes are a copy's time to adopt; after three it is told.
  await running.db.clock.advance('3 minutes');
  const told = await until('the doctor', async () => (await doctorOfCopies())?.ok === false && doctorOfCopies(), {
    ...patiently,
    everyMs: 2_000,
  });
  for (const { pid } of copies) expect(told.said).toMatch(new RegExp(`monitor \\(\\S+ ${pid} `));

  expect((await running.verb(['apply'])).code).toBe(0);
  for (const port of ports)
    await until('the gauge', async () => (await metric(port, 'tocsin_bundle_bad')) === 0, patiently);
  await until('all to agree', async () => (await doctorOfCopies())?.ok, { ...patiently, everyMs: 2_000 });
}, 400_000);
