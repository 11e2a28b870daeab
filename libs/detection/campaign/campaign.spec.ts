import { testDatabase, type TestDatabase } from '../../../test/harness/database.js';
import { defaultOpening, findingId, Incidents, Recording, type Finding, type Incident } from '../../incidents/index.js';
import { shippedWeights } from '../weights.repository.js';
import { CampaignWorker } from './campaign.worker.js';

let db: TestDatabase;
const { background } = shippedWeights();
const noon = Date.parse('2026-03-02T12:00:00Z');
const recording = new Recording();
const incidents = new Incidents();

beforeEach(async () => {
  db = await testDatabase();
  await db.clock.set(new Date(noon + 1_000));
});
afterEach(() => db.drop());

const water = (n: number) =>
  `The reservoir of Oldham was poisoned by the council, and number ${n} of the witnesses was silenced before the vote.`;
const bank = (n: number) =>
  `Savings at the Harbour bank will be frozen on Friday, said a clerk who hid ${n} letters from the press.`;

function suspect(text: string, account: string, output: string): Finding {
  return {
    id: findingId(`chat\u0001${output}`, 'disinformation', 'x'),
    event: { source: 'chat', id: output },
    detector: 'disinformation',
    detectorVersion: '1',
    title: 'Promotes something',
    label: 'promotes',
    score: 0.8,
    level: 'medium',
    matched: 'x',
    spans: [],
    excerpt: text,
    at: noon,
    subject: { account, model: 'm', purpose: 'production' },
    shadow: false,
    reviewOnly: false,
  };
}

const append = (findings: readonly Finding[]) => db.database.transaction((tx) => recording.append(tx, findings));
const worker = () => new CampaignWorker(db.database, { background, policy: () => defaultOpening });
const open = async (): Promise<Incident[]> =>
  (await incidents.list(db.database, { limit: 100 })).items.filter(({ status }) => status !== 'resolved');
const clusters = () =>
  db.database.query<{ id: string; cluster: string }>(
    'select id, cluster from tocsin.finding where detector <> $1 order by id',
    ['campaign'],
  );

test('one message from five accounts opens one incident, from four none', async () => {
  const one = worker();
  await append([1, 2, 3, 4].map((n) => suspect(water(n), `a${n}`, `o${n}`)));
  expect(await one.step()).toMatchObject({ outcome: 'done', placed: 4 });
  expect(await open()).toEqual([]);
  await append([suspect(water(5), 'a5', 'o5'), suspect(bank(1), 'a6', 'o6')]);
  await one.step();
  expect(await open()).toMatchObject([{ severity: 'SEV2', detector: 'campaign' }]);
  const rows = await clusters();
  expect(new Set(rows.map(({ cluster }) => cluster)).size).toBe(2);
});

test('a copy that starts in mid-campaign goes on where the other one was', async () => {
  await append([1, 2, 3].map((n) => suspect(water(n), `a${n}`, `o${n}`)));
  await worker().step();
  await append([4, 5].map((n) => suspect(water(n), `a${n}`, `o${n}`)));
  await worker().step();
  expect(await open()).toHaveLength(1);
  expect(new Set((await clusters()).map(({ cluster }) => cluster)).size).toBe(1);
});

test('two copies that take turns and step at once keep one cluster a message', async () => {
  const copies = [worker(), worker()];
  for (let round = 0; round < 4; round++) {
    await append([0, 1, 2].map((n) => suspect(water(round * 3 + n), `a${round}-${n}`, `o${round}-${n}`)));
    await Promise.all(copies.map((copy) => copy.step()));
    await copies[round % 2]?.step();
  }
  const rows = await clusters();
  expect(rows).toHaveLength(12);
  expect(new Set(rows.map(({ cluster }) => cluster)).size).toBe(1);
});

test('a text that bridges two clusters makes them one, under the smaller id, and joins their incidents', async () => {
  const left = 'The reservoir of Oldham was poisoned by the mayor and the pharmacists.';
  const right = 'Witnesses of the poisoned reservoir were silenced before the council election in spring.';
  const bridge = `${left} ${right}`;
  const one = worker();
  await append([1, 2, 3, 4, 5].map((n) => suspect(left, `l${n}`, `left${n}`)));
  await append([1, 2, 3, 4, 5].map((n) => suspect(right, `r${n}`, `right${n}`)));
  await one.step();
  expect(await open()).toHaveLength(2);
  const before = [...new Set((await clusters()).map(({ cluster }) => cluster))].sort();
  expect(before).toHaveLength(2);
  await append([1, 2, 3, 4, 5].map((n) => suspect(bridge, `b${n}`, `bridge${n}`)));
  await one.step();
  expect([...new Set((await clusters()).map(({ cluster }) => cluster))]).toEqual([before[0]]);
  expect(await open()).toHaveLength(1);
});
