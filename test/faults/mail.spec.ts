/**
 * Promise 11 against mail servers that misbehave and pagers that are killed: each incident is paged at least once, and
 * what comes twice bears the same Message-ID. A storm is bundled, and a hung api stops nobody.
 */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../harness/events.js';
import { mailServer, type MailServer, type ReceivedMail } from '../harness/mail-server.js';
import { names, ofRules, patiently, untilPaged, type ApiIncident } from '../harness/reading.js';
import { tocsin, type AppProcess, type Tocsin } from '../harness/tocsin.js';
import { phrases, truthPolicy, truthRules } from '../harness/truth.js';
import { until } from '../harness/until.js';

/** Nobody is told twice of one incident while these tests run. */
const plan = `responders:
  ann: { contacts: [{ name: mail, channel: email, address: ann@example.org }] }
escalation_policies:
  page: { steps: [{ tell: [{ responder: ann }] }] }
severities:
  SEV1: { policy: page, acknowledge_within: 1h }
  SEV2: { policy: page, acknowledge_within: 1h }
  SEV3: { policy: none }
  SEV4: { policy: none }
fallback: ann
`;
let mail: MailServer;
let running: Tocsin;
let pager: AppProcess;
let api: AppProcess;
/** What the mail server says of a message once it has read it; undefined: 250. */
let answer: ((mail: ReceivedMail) => Promise<void>) | undefined;
/** True: hangs up on whoever connects. */
let refusing = false;
const asked: string[] = [];

beforeAll(async () => {
  mail = await mailServer({
    onConnect: (_, done) => (refusing ? done(Object.assign(new Error('not now'), { responseCode: 421 })) : done()),
    async answer(one) {
      // The pager's own alarms are no part of this.
      if (!/\/incidents\/[0-9a-f]{32}/.test(one.mail.text ?? '')) return;
      asked.push(one.messageId);
      await answer?.(one);
    },
  });
  running = await tocsin({ config: { 'policy.yml': truthPolicy, 'plan.yml': plan, ...truthRules() }, mail });
  api = await running.start(['api']);
  await running.start(['monitor']);
  pager = await running.start(['pager']);
}, 180_000);
afterAll(async () => {
  await running?.close();
  await mail?.close();
}, 60_000);

/** Opens an incident for each of `count` new accounts. */
async function open(count: number): Promise<ApiIncident[]> {
  const mark = randomUUID().slice(0, 8);
  const accounts = new Set(Array.from({ length: count }, (_, n) => `${mark}-${n}`));
  await running.produce(
    'outputs',
    [...accounts].map((account) => output({ account, text: `well, ${phrases[0]}` })),
  );
  return until(
    `${count} incidents`,
    async () => {
      const found = (await ofRules(running)).filter(({ key }) => accounts.has(key['account'] ?? ''));
      return found.length === count && found;
    },
    patiently,
  );
}

function mailsOf(incident: ApiIncident): ReceivedMail[] {
  return mail.received.filter((one) => names(one, incident));
}

test('a mail server that hangs up on everybody delays a page and loses none', async () => {
  refusing = true;
  const incidents = await open(2);
  await until(
    'a try that failed',
    async () => {
      const [notification] = await running.list<{ attempts: { outcome: string }[] }>(
        `/api/v1/incidents/${incidents[0]!.id}/notifications`,
      );
      return notification?.attempts.some(({ outcome }) => outcome === 'retry');
    },
    patiently,
  );
  expect(incidents.flatMap(mailsOf)).toEqual([]);
  refusing = false;
  await untilPaged(running, incidents);
}, 300_000);

test('a mail that is answered 4xx is sent again under the same Message-ID until it is taken', async () => {
  let refusals = 2;
  asked.length = 0;
  answer = async () => {
    if (refusals-- > 0) throw Object.assign(new Error('greylisted'), { responseCode: 451 });
  };
  const incidents = await open(1);
  await untilPaged(running, incidents);
  answer = undefined;
  expect(asked.length).toBeGreaterThanOrEqual(3);
  expect(new Set(asked).size).toBe(1);
  expect(new Set(mailsOf(incidents[0]!).map(({ messageId }) => messageId))).toEqual(new Set([asked[0]]));
}, 300_000);

test('a mail server that takes a mail and never answers gets the same Message-ID again, marked as a possible duplicate', async () => {
  asked.length = 0;
  let hung = false;
  answer = async () => {
    if (hung) return;
    hung = true;
    await new Promise(() => undefined);
  };
  const incidents = await open(1);
  await untilPaged(running, incidents);
  answer = undefined;
  expect(asked.length).toBeGreaterThanOrEqual(2);
  expect(new Set(asked).size).toBe(1);
  expect(mailsOf(incidents[0]!)[0]!.raw).toMatch(/^X-Tocsin-Possible-Duplicate: yes\r?$/m);
}, 300_000);

test('a mail that is refused for good is said to be refused, and the pager goes on', async () => {
  const refused = new Set<string>();
  answer = async ({ messageId }) => {
    if (refused.size > 0 && !refused.has(messageId)) return;
    refused.add(messageId);
    throw Object.assign(new Error('no such user'), { responseCode: 550 });
  };
  const [first] = await open(1);
  await until(
    'the refusal to be told',
    async () => {
      const all = await running.list<{ state: string; attempts: { outcome: string }[] }>(
        `/api/v1/incidents/${first!.id}/notifications`,
      );
      return all.some(({ state, attempts }) => state === 'refused' && attempts.at(-1)?.outcome === 'refused');
    },
    patiently,
  );
  await untilPaged(running, await open(1));
  answer = undefined;
}, 300_000);

test('a hung api does not stop the pager', async () => {
  const hit = output({ account: `hung-${randomUUID()}`, text: phrases[1] });
  const before = mail.received.length;
  api.signal('SIGSTOP');
  try {
    await running.produce('outputs', [hit]);
    await until('the page', () => mail.received.length > before, patiently);
  } finally {
    api.signal('SIGCONT');
  }
  const incident = await until(
    'the api to answer again',
    async () => (await ofRules(running)).find(({ key }) => key['account'] === hit.data.account.id),
    patiently,
  );
  await untilPaged(running, [incident]);
}, 300_000);

test('two pagers killed in the middle of 100 pages: all are paged, and what came twice bears one Message-ID', async () => {
  // Each page by itself, and slowly enough that the burst is under way when the pagers die.
  writeFileSync(join(running.configDir, 'plan.yml'), `${plan}bundling: { on: false }\n`);
  expect(await running.verb(['apply'])).toMatchObject({ code: 0 });
  answer = () => new Promise((resolve) => setTimeout(resolve, 300));
  const copies = [pager, await running.start(['pager'])];
  const opening: Promise<ApiIncident[]>[] = [];
  for (let n = 0; n < 4; n++) {
    const before = asked.length;
    opening.push(open(25));
    await until('pages under way', () => asked.length > before, patiently);
    await copies[n % 2]!.stop('SIGKILL');
    copies[n % 2] = await running.start(['pager']);
  }
  const incidents = (await Promise.all(opening)).flat();
  await untilPaged(running, incidents);
  answer = undefined;
  for (const incident of incidents) {
    const ids = new Set(mailsOf(incident).map(({ messageId }) => messageId));
    expect([incident.number, ids.size]).toEqual([incident.number, 1]);
  }
  for (const copy of copies) expect(copy.running()).toBe(true);
  expect(await copies[1]!.stop()).toBe(0);
  pager = copies[0]!;
}, 400_000);

test('1,000 incidents opened in a minute: each is named in a mail, by few mails', async () => {
  writeFileSync(join(running.configDir, 'plan.yml'), plan);
  expect(await running.verb(['apply'])).toMatchObject({ code: 0 });
  const before = mail.received.length;
  const incidents = await open(1_000);
  await untilPaged(running, incidents);
  const mails = mail.received.slice(before);
  // Twenty singly, then one bundle at once and one each 15 s: a mail an incident would be a thousand.
  expect(mails.length).toBeLessThan(200);
  const numbers = new Set(incidents.map(({ number }) => number));
  expect(numbers.size).toBe(1_000);
  expect(await pager.stop()).toBe(0);
}, 500_000);
