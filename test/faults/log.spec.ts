/**
 * Promise 1 where the log itself changes: retention that overtook the position, and a topic made anew under it. A hole
 * is passed and counted; a position beyond the end stops its partition until a person decides.
 */
import { output } from '../harness/events.js';
import { allIncidents, metric, ofRules, patiently, untilPaged, type ApiFinding } from '../harness/reading.js';
import { freePort, tocsin, type AppProcess, type Tocsin } from '../harness/tocsin.js';
import { phrases, truth, truthPolicy, truthRules } from '../harness/truth.js';
import { until } from '../harness/until.js';

let running: Tocsin;
let port: number;
let monitor: AppProcess;

beforeAll(async () => {
  running = await tocsin({ config: { 'policy.yml': truthPolicy, ...truthRules() }, partitions: 2 });
  await running.start(['api']);
  await running.start(['pager']);
  port = await freePort();
}, 180_000);
afterAll(() => running?.close(), 60_000);

async function startMonitor(ready = true): Promise<void> {
  monitor = await running.start(['monitor'], { env: { TOCSIN_HEALTH_PORT: String(port) }, ready });
}

async function readiness(): Promise<{ ready: boolean; said: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
  return { ready: response.ok, said: await response.text() };
}

function seen(account: string): Promise<unknown> {
  return until(
    `the incident of ${account}`,
    async () => (await ofRules(running)).find(({ key }) => key['account'] === account),
    patiently,
  );
}

test('a hole that retention left is passed and counted, and what follows it is judged once', async () => {
  await startMonitor();
  await running.produce('outputs', [output({ account: 'before the hole', text: phrases[0] })], { partition: 0 });
  await seen('before the hole');
  expect(await monitor.stop()).toBe(0);
  // Offsets 1 to 500; the first 400 of them are gone before anybody read them.
  const part = truth(800, 500);
  await running.produce('outputs', part.values, { partition: 0 });
  await running.admin.fetchTopicOffsets(running.topic('outputs')); // the library looks for the leader in what it knows
  await running.admin.deleteTopicRecords({
    topic: running.topic('outputs'),
    partitions: [{ partition: 0, offset: '401' }],
  });
  await running.produce('outputs', [output({ account: 'behind the hole', text: phrases[0] })], { partition: 0 });
  await startMonitor();
  await seen('behind the hole');
  expect(await metric(port, 'tocsin_stream_hole_offsets_total')).toBe(400);
  const left = new Set(part.values.slice(400).map((value) => (value as { id: string }).id));
  const wanted = [...part.findings].filter((finding) => left.has(finding.split('|')[0] ?? ''));
  const found: string[] = [];
  for (const { id, key } of await ofRules(running)) {
    if (!key['account']?.startsWith('account-800-')) continue;
    for (const { event, rule } of await running.list<ApiFinding>(`/api/v1/incidents/${id}/findings`))
      found.push(`${event?.id}|${rule}`);
  }
  expect(found.sort()).toEqual(wanted.sort());
  expect((await readiness()).ready).toBe(true);
}, 300_000);

test('a topic made anew under a stored position stops its partition, fails readiness, is an incident, and goes on when a person decides', async () => {
  expect(await monitor.stop()).toBe(0);
  const topic = running.topic('outputs');
  await running.admin.deleteTopics({ topics: [topic] });
  await until(
    'the topic to be made anew',
    async () => {
      await running.admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
      return (await running.admin.fetchTopicOffsets(topic)).every(({ high }) => high === '0');
    },
    patiently,
  );
  await until(
    'the new topic to take records',
    async () => {
      await running.produce('outputs', [output({ account: 'unread', text: phrases[1] })], { partition: 0 });
      return true;
    },
    patiently,
  );

  await startMonitor(false);
  const { said } = await until(
    'readiness to fail for it',
    async () => {
      const now = await readiness();
      return !now.ready && now.said.includes('beyond the end of the log') && now;
    },
    patiently,
  );
  expect(said).toContain('tocsin positions reset');
  const incident = await until(
    'the incident',
    async () => (await allIncidents(running)).find(({ title }) => title.startsWith('Partition 0 of tocsin.outputs')),
    patiently,
  );
  const timeline = await running.list<{ what: string; why?: string }>(`/api/v1/incidents/${incident.id}/timeline`);
  expect(timeline.find(({ what }) => what === 'opened')?.why).toContain('beyond the end of the log');
  await untilPaged(running, [incident]);
  // The other partition goes on meanwhile.
  await running.produce('outputs', [output({ account: 'the other partition', text: phrases[1] })], { partition: 1 });
  await seen('the other partition');
  expect((await ofRules(running)).some(({ key }) => key['account'] === 'unread')).toBe(false);

  const reset = await running.verb(['positions', 'reset', 'tocsin.outputs', '--partition', '0', '--to', 'earliest']);
  expect(reset).toMatchObject({ code: 0 });
  await seen('unread');
  await until('readiness', async () => (await readiness()).ready, patiently);
  expect(await monitor.stop()).toBe(0);
}, 400_000);
