/** From an output on Kafka to a fact-checker's word and back through Kafka: monitor and verifier, real servers. */
import type { ServerResponse } from 'node:http';
import { bundleOf, Bundles, type Files } from '../../libs/policy/index.js';
import { Health } from '../../libs/telemetry/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { output } from '../../test/harness/events.js';
import { httpReceiver, type HttpReceiver } from '../../test/harness/http-receiver.js';
import { testKafka, type TestKafka } from '../../test/harness/kafka.js';
import { until } from '../../test/harness/until.js';
import type { RunningApp, StartApp } from '../app.js';
import { readConfig } from '../config.js';
import { startMonitor } from '../monitor/start.js';
import { startVerifier } from './start.js';

const long = { withinMs: 60_000 };
const claim = 'Vaccines contain microchips that track people';
const sentence = 'Vaccines contain microchips that track people, and they do not want you to know.';
const policy = (services: string) => `
model_name: MyGenerativeAI
version: v1.0-alpha
deployment_strategy: staged_release
release_stages:
  - name: Internal Alpha
    audience: internal_devs
    duration_days: 30
    risk_assessment_status: completed
    safety_protocols_enabled: [content_filter]
risk_mitigation_plan:
  - disinformation_detection: [built_in, external_api_integration]
monitoring_frequency: daily
incident_response_plan: a/wiki/page
${services}
`;
// Contested: a match is for a person to read, and so is put to the fact-checkers.
const watchlist = `- { id: chips, claim: "${claim}", status: contested, added_by: test }`;

let db: TestDatabase;
let kafka: TestKafka;
let factChecker: HttpReceiver;
let reply: (response: ServerResponse) => void;
const running: RunningApp[] = [];

beforeEach(async () => {
  db = await testDatabase();
  kafka = await testKafka();
  await kafka.create('tocsin.outputs');
  factChecker = await httpReceiver((_, response) => reply(response));
});
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
  await factChecker.close();
  await kafka.close();
  await db.drop();
});

async function apply(services: string): Promise<void> {
  const files: Files = { 'policy.yml': policy(services), 'watchlist.yml': watchlist };
  const { bundle, problems } = bundleOf(files);
  if (!bundle) throw new Error(JSON.stringify(problems));
  await db.database.transaction((tx) => new Bundles().apply(tx, bundle, 'test'));
}

const asksFactCheckers = () => `
services: { fact_check: { url: "${factChecker.url}", allow_private: true } }
egress: { fact_check: sentence }
`;

async function start(...apps: StartApp[]): Promise<Health> {
  const { config, problems } = readConfig(
    {
      TOCSIN_KAFKA_BROKERS: kafka.options.brokers.join(','),
      TOCSIN_TOPIC_PREFIX: kafka.options.prefix,
      TOCSIN_GROUP: kafka.options.group,
      TOCSIN_DATABASE_URL: db.url,
      TOCSIN_DEFAULT_RESPONDER: 'ann@example.org',
    },
    ['monitor', 'verifier'],
  );
  if (!config) throw new Error((problems ?? []).join('; '));
  const health = new Health();
  const fail = (error: unknown) => {
    throw error;
  };
  for (const app of apps) running.push(await app({ config, health, fail }));
  return health;
}

async function say(id: string): Promise<void> {
  const value = JSON.stringify(output({ id, account: 'acme', text: `Good morning to all. ${sentence}` }));
  await kafka.send('tocsin.outputs', [{ value, headers: { 'content-type': 'application/cloudevents+json' } }]);
}

const checks = () =>
  db.database.query<{ state: string; content: string | null; label: string | null }>(
    'select state, content, label from tocsin.due_check',
  );
const checked = () =>
  db.database.query('select event_id, label, account, model, stage from tocsin.finding where detector = $1', [
    'fact_check',
  ]);

test('an output that tells a contested claim is rated by the fact-checkers, and their word is a finding', async () => {
  const claimReview = [
    { publisher: { name: 'Checkers' }, url: 'https://checkers.example.org/1', textualRating: 'False' },
  ];
  reply = (response) => void response.end(JSON.stringify({ claims: [{ text: claim, claimReview }] }));
  await apply(asksFactCheckers());
  await start(startMonitor, startVerifier);
  await say('told');
  await until('the finding', async () => (await checked()).length > 0, long);
  expect(await checked()).toEqual([
    { event_id: 'told', label: 'false', account: 'acme', model: 'MyGenerativeAI', stage: 'Internal Alpha' },
  ]);
  // One sentence left the house, and nothing of it is kept.
  const [asked] = factChecker.received;
  expect(new URL(asked!.path, factChecker.url).searchParams.get('query')).toBe(sentence);
  await until('the mark', async () => (await checks())[0]?.state === 'done', long);
  expect(await checks()).toEqual([{ state: 'done', content: null, label: 'false' }]);
}, 180_000);

test('an answer that is none is counted as unchecked and finds nothing', async () => {
  reply = (response) => void response.end('<html>all is well</html>');
  await apply(asksFactCheckers());
  await start(startMonitor, startVerifier);
  await say('told');
  const counted = () =>
    db.database.query<{ n: number | null }>(
      `select sum(count)::integer as n from tocsin.tally where measure = 'unchecked' and label = 'fact_check'`,
    );
  await until('the tally', async () => (await counted())[0]?.n === 1, long);
  await until('the mark', async () => (await checks())[0]?.state === 'done', long);
  expect(await checks()).toEqual([{ state: 'done', content: null, label: 'unchecked' }]);
  expect(await checked()).toEqual([]);
}, 180_000);

test('without a service the verifier is ready and the monitor writes no questions', async () => {
  await apply('');
  const health = await start(startMonitor, startVerifier);
  await say('told');
  const judged = () => db.database.query(`select from tocsin.finding where detector = 'disinformation'`);
  await until('the judgement', async () => (await judged()).length === 1, long);
  expect(await checks()).toEqual([]);
  const { checks: said } = await health.readiness();
  expect(said['verifier']).toBe('ok');
}, 180_000);
