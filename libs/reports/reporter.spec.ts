/** Reporters on a real database and a real SMTP server: each period's report once, late after an outage, until it is taken. */
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { mailServer, type MailServer } from '../../test/harness/mail-server.js';
import { until } from '../../test/harness/until.js';
import type { Bundle } from '../policy/index.js';
import { ReportMail } from './mail.channel.js';
import { Reporter, type Duty } from './reporter.worker.js';
import { aBundle, content, fillWeek, policyWith } from './reports.fixture.js';
import { Reports } from './reports.repository.js';

let db: TestDatabase;
let mail: MailServer;
let refuseWith: number | undefined;
const tried: string[] = [];
const open: ReportMail[] = [];

beforeEach(async () => {
  db = await testDatabase();
  refuseWith = undefined;
  tried.length = 0;
  mail = await mailServer({
    answer: async ({ messageId }) => {
      tried.push(messageId);
      if (refuseWith !== undefined) throw Object.assign(new Error('not now'), { responseCode: refuseWith });
    },
  });
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await mail.close();
  await db.drop();
});

function reporter(bundle: Bundle = aBundle(), options: { servers?: string[]; duties?: Duty[]; pollMs?: number } = {}) {
  const channel = new ReportMail({
    servers: options.servers ?? [mail.url],
    from: 'Tocsin <tocsin@example.org>',
    consoleUrl: 'https://tocsin.test/reports',
  });
  open.push(channel);
  return new Reporter({
    database: db.database,
    mail: channel,
    bundle: () => bundle,
    defaultResponder: 'oncall@example.org',
    ...(options.duties && { duties: options.duties }),
    ...(options.pollMs !== undefined && { pollMs: options.pollMs }),
  });
}

const subjects = () => mail.received.map(({ to, mail: { subject } }) => `${to[0]}: ${subject?.split(':')[0]}`).sort();
const dueNow = () =>
  db.database.query(`update tocsin.report_delivery set due_at = '2000-01-01' where state = 'waiting'`);

test('two reporters send each period’s report once to every stakeholder', async () => {
  const [a, b] = [reporter(), reporter()];
  await db.clock.set('2026-11-22T12:00:00Z');
  await Promise.all([a.round(), b.round()]);
  expect(mail.received).toHaveLength(0);
  await db.clock.set('2026-11-22T23:01:00Z'); // a minute past midnight in Berlin, Monday
  await Promise.all([a.round(), b.round()]);
  await Promise.all([b.round(), a.round()]);
  expect(subjects()).toEqual([
    'board@example.org: Daily monitoring report, 2026-11-22',
    'board@example.org: Weekly monitoring report, 2026-W47',
    'lead@example.org: Daily monitoring report, 2026-11-22',
    'lead@example.org: Weekly monitoring report, 2026-W47',
  ]);
  expect(new Set(mail.received.map(({ messageId }) => messageId)).size).toBe(4);
});

test('what was missed while every reporter was down is sent late and says so', async () => {
  const weekly = aBundle({ policy: policyWith({ monitoring_frequency: 'weekly' }) });
  await db.clock.set('2026-11-20T12:00:00Z');
  await reporter(weekly).round();
  await db.clock.set('2026-12-06T23:05:00Z'); // Monday in Berlin, over two weeks on
  await reporter(weekly).round();
  const toLead = mail.received.filter(({ to }) => to[0] === 'lead@example.org');
  expect(toLead.map(({ mail: { subject } }) => subject)).toEqual([
    'Weekly monitoring report, 2026-W47: 0 incidents (late)',
    'Weekly monitoring report, 2026-W48: 0 incidents (late)',
    'Weekly monitoring report, 2026-W49: 0 incidents',
  ]);
  expect(toLead[0]!.mail.text).toContain('This report is late: its week ended 14 d ago');
  expect(toLead[0]!.mail.html).toContain('This report is late: its week ended 14 d ago');
  expect(toLead[2]!.mail.text).not.toContain('late');
  const listed = await new Reports().list(db.database, { limit: 10 });
  expect(listed.map(({ period, late }) => [period, late])).toEqual([
    ['2026-W49', false],
    ['2026-W48', true],
    ['2026-W47', true],
  ]);
});

test('a report is sent again until a mail server takes it, under the same Message-ID', async () => {
  const weekly = aBundle({ policy: policyWith({ monitoring_frequency: 'weekly' }), plan: defaultPeople });
  const one = reporter(weekly);
  await db.clock.set('2026-11-22T12:00:00Z');
  await one.round();
  await db.clock.set('2026-11-22T23:01:00Z');
  refuseWith = 451;
  await one.round();
  await dueNow();
  await one.round();
  expect(mail.received).toHaveLength(0);
  refuseWith = undefined;
  // The mail server was away for so long that the report is late by now.
  await db.clock.set('2026-11-23T02:00:00Z');
  await dueNow();
  await one.round();
  await dueNow();
  await one.round();
  expect(mail.received).toHaveLength(1);
  expect(tried.length).toBeGreaterThanOrEqual(3);
  expect(new Set(tried).size).toBe(1);
  expect(mail.received[0]!.to).toEqual(['oncall@example.org']);
  expect(mail.received[0]!.mail.subject).toContain('(late)');
});

test('a report that a mail server refuses for good is not tried for ever, and its reason is kept', async () => {
  const one = reporter();
  await db.clock.set('2026-11-22T12:00:00Z');
  await one.round();
  await db.clock.set('2026-11-22T23:01:00Z');
  refuseWith = 550;
  await one.round();
  await dueNow();
  await one.round();
  expect(tried).toHaveLength(4);
  const [listed] = await new Reports().list(db.database, { limit: 1 });
  expect(listed).toMatchObject({ refused: 2, waiting: 0, sentAt: null });
});

test('a second mail server takes what the first one cannot be asked for', async () => {
  const one = reporter(aBundle(), { servers: ['smtp://127.0.0.1:1', mail.url] });
  await db.clock.set('2026-11-22T12:00:00Z');
  await one.round();
  await db.clock.set('2026-11-22T23:01:00Z');
  await one.round();
  expect(mail.received).toHaveLength(4);
});

test('a reporter that dies while it makes a report holds it up until its lease ends, and never sends a second', async () => {
  const reports = new Reports();
  const survivor = reporter();
  await db.clock.set('2026-11-22T12:00:00Z');
  await survivor.round();
  await db.clock.set('2026-11-22T23:01:00Z');
  const taken = [await reports.take(db.database), await reports.take(db.database)];
  expect(new Set(taken.map((one) => one?.period.kind))).toEqual(new Set(['daily', 'weekly']));
  await survivor.round();
  expect(mail.received).toHaveLength(0);
  await db.database.query(`update tocsin.report set lease_until = '2000-01-01' where lease_until is not null`);
  await survivor.round();
  expect(mail.received).toHaveLength(4);
  const ghost = { subject: 's', text: 't', html: 'h' };
  const kept = await db.database.transaction((tx) => reports.keep(tx, taken[0]!, ghost, ['x@example.org'], 'b'));
  expect(kept).toBe(false);
});

test('a mail that was taken and never ended is sent again by another, under the same Message-ID', async () => {
  const reports = new Reports();
  const failing = new Reporter({
    database: db.database,
    mail: { send: async () => Promise.reject(new Error('killed')) },
    bundle: () => aBundle(),
    defaultResponder: 'oncall@example.org',
  });
  await db.clock.set('2026-11-22T12:00:00Z');
  await failing.round();
  await db.clock.set('2026-11-22T23:01:00Z');
  await expect(failing.round()).rejects.toThrow('killed');
  await reporter().round();
  expect(mail.received).toHaveLength(3);
  await dueNow();
  await reporter().round();
  expect(mail.received).toHaveLength(4);
  expect(await reports.takeDelivery(db.database)).toBeUndefined();
});

test('a report that the policy no longer asks for is planned no more', async () => {
  await db.clock.set('2026-11-22T12:00:00Z');
  await reporter().round();
  const weekly = aBundle({ policy: policyWith({ monitoring_frequency: 'weekly' }) });
  await reporter(weekly).round();
  await db.clock.set('2026-11-22T23:01:00Z');
  await reporter(weekly).round();
  expect(subjects().every((subject) => subject.includes('Weekly'))).toBe(true);
  // Asked for again weeks later, it owes nothing for the time between.
  await db.clock.set('2026-12-02T12:00:00Z');
  await reporter().round();
  expect(subjects().filter((subject) => subject.includes('Daily'))).toEqual([]);
});

test('the mail as it arrives: text and HTML, the chart inside it, and nothing that a model said', async () => {
  await db.clock.set('2026-11-20T12:00:00Z');
  await reporter().round();
  await fillWeek(db);
  await reporter().round();
  const weekly = mail.received.find(({ mail: { subject } }) => subject?.startsWith('Weekly'))!;
  const { text, html, attachments, headers } = weekly.mail;
  expect(attachments).toHaveLength(1);
  expect(attachments[0]).toMatchObject({ contentType: 'image/png', cid: 'chart@tocsin', related: true });
  expect(attachments[0]!.content.subarray(1, 4).toString()).toBe('PNG');
  // mailparser puts the picture where the HTML refers to it.
  expect(html).toContain('src="data:image/png;base64,');
  expect(text).toContain('SEV1        2            0      +2');
  expect(text).toContain('False alarms: incidents closed as false                    1            0');
  expect(text).toContain('In the console: https://tocsin.test/reports');
  expect(html).toContain('href="https://tocsin.test/reports"');
  expect(headers.get('auto-submitted')).toBe('auto-generated');
  for (const { mail: received } of mail.received) {
    expect(received.text).not.toContain(content);
    expect(received.html).not.toContain(content);
  }
});

test('a duty is done once a period by two reporters, and again where it failed', async () => {
  const done: string[] = [];
  let fail = true;
  const duties: Duty[] = [
    {
      name: 'count',
      every: 'daily',
      run: async (tx) => {
        const [row] = await tx.query<{ periods: number }>(`select count(*) as periods from tocsin.upkeep`);
        if (fail) {
          fail = false;
          throw new Error('not this time');
        }
        done.push(`${tx.now.toISOString()} ${row!.periods}`);
      },
    },
  ];
  const [a, b] = [reporter(aBundle(), { duties }), reporter(aBundle(), { duties })];
  await db.clock.set('2026-11-20T12:00:00Z');
  await a.round();
  expect(done).toEqual([]);
  await Promise.all([a.round(), b.round()]);
  await Promise.all([a.round(), b.round()]);
  expect(done).toEqual(['2026-11-20T12:00:00.000Z 1']);
  await db.clock.set('2026-11-21T12:00:00Z');
  await Promise.all([a.round(), b.round()]);
  expect(done).toHaveLength(2);
});

test('a running reporter goes on by itself and ends when it is closed', async () => {
  const one = reporter(aBundle(), { pollMs: 50 });
  await db.clock.set('2026-11-22T12:00:00Z');
  one.start();
  try {
    await until('the running periods to be planned', async () => {
      const [row] = await db.database.query<{ count: number }>('select count(*) as count from tocsin.report');
      return row!.count === 2;
    });
    await db.clock.set('2026-11-22T23:01:00Z');
    await until('all four mails', () => mail.received.length === 4, { withinMs: 60_000 });
    await until('a round to end well', () => one.health() === undefined);
  } finally {
    await one.close();
  }
  expect(mail.received).toHaveLength(4);
});

const defaultPeople = `
responders:
  ann: { contacts: [{ name: mail, channel: email, address: ann@example.org }] }
escalation_policies:
  page: { steps: [{ tell: [{ responder: ann }] }] }
severities:
  SEV1: { policy: page }
`;
