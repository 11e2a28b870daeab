/** The report of a whole week from a filled database: what it says, and what it never does. */
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { planInForce } from '../paging/index.js';
import type { Facts } from './facts.js';
import { readFacts } from './facts.repository.js';
import { htmlOf } from './html.js';
import { layOut } from './layout.js';
import { makeReport } from './make-report.repository.js';
import { parsePeriod } from './period.js';
import { inFile, type Rendered } from './render.js';
import type { Report } from './report.js';
import { aBundle, content, fillWeek } from './reports.fixture.js';
import { summarize, type ReportPolicy } from './summarize.js';

const bundle = aBundle();
const policy: ReportPolicy = { ...bundle, plan: planInForce(bundle, 'oncall@example.org').plan };
const week = parsePeriod('weekly', '2026-W47', 'Europe/Berlin')!;
let db: TestDatabase;
let facts: Facts;
let report: Report;
let rendered: Rendered;

beforeAll(async () => {
  db = await testDatabase();
  await fillWeek(db);
  const now = await db.database.now();
  facts = await readFacts(db.database, week, now, 120);
  report = summarize(facts, week, policy);
  rendered = await makeReport(db.database, week, now, { bundle, defaultResponder: 'oncall@example.org', lag: 120 });
}, 120_000);
afterAll(() => db.drop());

test('incidents count in the week they opened in, by the policy’s own midnight, beside the week before', () => {
  expect(report.incidents).toEqual({ now: 5, before: 2 });
  expect(report.bySeverity).toEqual([
    { name: 'SEV1', now: 2, before: 0 },
    { name: 'SEV2', now: 3, before: 2 },
    { name: 'SEV3', now: 0, before: 0 },
    { name: 'SEV4', now: 0, before: 0 },
  ]);
  expect(report.byDetector[0]).toEqual({ name: 'rules', now: 3, before: 2 });
  expect(report.byStage).toEqual([{ name: 'Harbor, Limited Beta', now: 5, before: 2 }]);
});

test('red-team runs and synthetic pages stand apart from what users did', () => {
  expect(report.nonProduction).toEqual({ now: 1, before: 0 });
  expect(report.answers.find(({ what, severity }) => what === 'acknowledge' && severity === undefined)?.count).toBe(4);
  expect(report.pages.map(({ responder, pages }) => [responder, pages.now])).toEqual([
    ['ann', 3],
    ['ben', 2],
  ]);
});

test('times to acknowledge and resolve count from the round’s own beginning, with the period before beside', () => {
  const all = report.answers.find(({ what, severity }) => what === 'acknowledge' && severity === undefined)!;
  // 5 and 15 minutes, 10 minutes, and 1 minute after a re-opening a day later.
  expect(all).toMatchObject({ count: 4, median: 450, medianBefore: 1_200, p90Before: 1_200 });
  expect(all.p90).toBeCloseTo(810);
  const resolved = report.answers.find(({ what, severity }) => what === 'resolve' && severity === 'SEV2')!;
  expect(resolved).toMatchObject({ count: 3, median: 7_200 });
});

test('false alarms and wrongful restrictions stand beside missed misuse', () => {
  expect(report.firstPage).toMatchObject({
    falseAlarms: { now: 1, before: 0 },
    refutedFindings: 1,
    appeals: { now: 2, before: 0 },
    reportedFirst: { now: 1, before: 0 },
    missedControls: { now: 6, before: 0 },
    confirmedInShadow: 1,
  });
});

test('what could not be seen is said, each kind of it', () => {
  const said = report.firstPage.unseen.map(({ what }) => what);
  for (const what of [
    'lag',
    'delay',
    'silence',
    'dead_letters',
    'unmatched',
    'unchecked',
    'unserved',
    'language',
    'index_off',
    'unknown',
  ])
    expect(said).toContain(what);
  const words = report.firstPage.unseen.map(({ text }) => text).join('\n');
  expect(words).toContain('120 records waited in Kafka');
  expect(words).toContain('5.0 % of outputs were in a language that the models do not read');
  expect(words).toContain('20.0 % of outputs did not tell their language');
  expect(words).toContain('5 verdicts of fact_check came back unchecked');
});

test('where everything was seen, the report says only that', () => {
  const quiet = { ...facts.period, tallies: [], deadLetters: [], opened: [] };
  const seen: Facts = {
    ...facts,
    period: quiet,
    references: [],
    delays: { findings: 3, overFiveMinutes: 0, longestSeconds: 2 },
    lag: 0,
    silence: { seconds: 600, from: new Date(week.from) },
  };
  const served = aBundle({
    policy: `
model_name: Harbor
version: "1"
deployment_strategy: full_release
release_stages:
  - { name: General, audience: public, duration_days: 30, risk_assessment_status: completed, safety_protocols_enabled: [] }
risk_mitigation_plan: [{ disinformation_detection: built_in }]
monitoring_frequency: weekly
incident_response_plan: plan.yml
`,
  });
  expect(summarize(seen, week, { ...served, plan: policy.plan }).firstPage.unseen).toEqual([]);
});

test('the loudest rules, floods too, fell or rose against the week before', () => {
  expect(report.loudestRules).toEqual([
    { name: 'scam', now: 50, before: 70 },
    { name: 'phishing', now: 10, before: 0 },
  ]);
  expect(report.floods).toMatchObject([{ subject: 'scam', liftedAt: null }]);
});

test('noise and precision come with the interval that so few reviews allow', () => {
  expect(report.noise).toMatchObject([{ detector: 'rules', rule: 'scam', closed: 2, asFalse: 1 }]);
  const rules = report.precision.find(({ detector }) => detector === 'rules')!;
  expect(rules).toMatchObject({ reviewed: 2, confirmed: 1, refuted: 1, shared: 1, agreed: 1, precision: 0.5 });
  expect(rules.interval.low).toBeCloseTo(0.0945, 3);
  expect(rules.interval.high).toBeCloseTo(0.9055, 3);
});

test('live recall is measured by controls, detector by detector', () => {
  expect(report.recall).toMatchObject([{ name: 'compliance', hits: 34, total: 40 }]);
});

test('watchlist entries that fired stand by topic, those that are gone too', () => {
  expect(report.watchlist).toMatchObject([
    { topic: 'space', findings: 2, entries: [{ entry: 'moon-cheese', accounts: 2, incidents: 1 }] },
    { topic: 'no topic', findings: 1, entries: [{ entry: 'gone-entry', shadow: 1 }] },
  ]);
});

test('nights and interruptions are counted where the person lives', () => {
  const [ann, ben] = report.pages;
  // 03:00, 03:14 and 10:00 in Berlin: the first two are one interruption.
  expect(ann).toMatchObject({ pages: { now: 3, before: 1 }, night: 2, interruptions: 2 });
  expect(ann?.hours[3]).toBe(2);
  expect(ann?.hours[10]).toBe(1);
  // 21:00 and midnight in New York.
  expect(ben).toMatchObject({ night: 1, interruptions: 2 });
  expect(ben?.hours[0]).toBe(1);
  expect(ben?.hours[21]).toBe(1);
});

test('delivery is told by channel, and messages that reached nobody with their last reason', () => {
  expect(report.deliveries).toMatchObject([
    { channel: 'email', attempts: 5, sent: 4, refused: 1, attemptsBefore: 1 },
    { channel: 'webhook', attempts: 1, sent: 1, refused: 0, attemptsBefore: 0 },
  ]);
  expect(report.undelivered).toEqual([{ channel: 'email', reason: 'smtp_550', count: 1 }]);
});

test('escalations that reached their last step, unacknowledged and forgotten incidents are named', () => {
  expect(report.exhausted.map(({ title }) => title)).toEqual(['Incident c']);
  expect(report.unacknowledged.map(({ title }) => title)).toEqual(['Incident c', 'Incident i']);
  // Acknowledged on Thursday and in the week before, and nothing since.
  expect(report.forgotten.map(({ title }) => title)).toEqual(['Incident d', 'Incident h']);
});

test('schedule gaps of the coming 90 days are ahead', () => {
  expect(report.gaps).toMatchObject([{ kind: 'gap', schedule: 'primary', from: Date.parse('2026-11-30T23:00:00Z') }]);
});

test('an override made since fills a gap', async () => {
  await db.database.query(`
    insert into tocsin.schedule_override (id, schedule, responder, from_at, to_at, made_by, made_at)
    values ('o', 'primary', 'ben', '2026-11-30T00:00:00Z', '2027-06-01T00:00:00Z', 'ann', '2026-11-20T00:00:00Z')`);
  const now = await db.database.now();
  const { text } = await makeReport(db.database, week, now, { bundle, defaultResponder: 'oncall@example.org' });
  expect(rendered.text).toContain('SCHEDULE GAPS AHEAD');
  expect(text).not.toContain('SCHEDULE GAPS AHEAD');
});

test('a stage is held with the reasons, and promoted when nothing speaks against it', () => {
  expect(report.stages[0]).toMatchObject({ stage: 'Limited Beta', state: 'hold', day: 53, days: 30 });
  expect(report.stages[0]!.reasons).toEqual([
    '23 days past its 30: decide or extend it',
    'the risk assessment of "General", the next, is pending',
    '4 open incidents of SEV1 or SEV2',
    'audience: 1 finding',
  ]);
  expect(report.stages[1]).toMatchObject({ stage: 'General', state: 'not_started' });
  const clean = facts.stages.map((one) => ({ ...one, open: 0, openSevere: 0, complaints: [] }));
  const [harbor] = bundle.policies;
  const assessed = {
    ...harbor!,
    stages: harbor!.stages.map((stage) => ({ ...stage, riskAssessment: 'completed' as const })),
  };
  const promoted = summarize({ ...facts, stages: clean }, week, { ...policy, policies: [assessed] });
  expect(promoted.stages[0]).toMatchObject({ state: 'promote' });
  const thin = summarize({ ...facts, stages: clean.map((one) => ({ ...one, outputs: 9_999 })) }, week, {
    ...policy,
    policies: [assessed],
  });
  expect(thin.stages[0]).toMatchObject({ state: 'hold' });
});

test('fairness tables stand where the policy asks for them alone', () => {
  expect(report.fairness).toMatchObject([{ name: 'x', hits: 20, total: 1_000 }]);
  const policies = bundle.policies.map((one) => ({
    ...one,
    mitigation: { ...one.mitigation, fairnessMetrics: false },
  }));
  expect(summarize(facts, week, { ...policy, policies }).fairness).toEqual([]);
});

test('the same facts, period and policy give the same report', () => {
  expect(summarize(facts, week, policy)).toEqual(report);
});

test('a week without anything is a report too, and one that is not over says so', async () => {
  const empty = await testDatabase();
  try {
    await empty.clock.set('2026-11-20T12:00:00Z');
    const now = await empty.database.now();
    const { text, subject, chart } = await makeReport(empty.database, week, now, {
      bundle,
      defaultResponder: 'oncall@example.org',
    });
    expect(subject).toBe('Weekly monitoring report, 2026-W47: 0 incidents');
    expect(text).toContain('It is not over');
    expect(chart).toBeUndefined();
  } finally {
    await empty.drop();
  }
});

test('the text is an aligned table that a mail reader shows as it is', () => {
  const lines = rendered.text.split('\n');
  expect(lines[0]).toBe('Weekly monitoring report, 2026-W47: 5 incidents, 5 of SEV1 or SEV2');
  const severity = lines.indexOf('INCIDENTS BY SEVERITY');
  expect(lines.slice(severity + 1, severity + 4)).toEqual([
    'severity  now  week before  change',
    'SEV1        2            0      +2',
    'SEV2        3            2      +1',
  ]);
  expect(lines.indexOf('WRONG IN BOTH DIRECTIONS')).toBeLessThan(lines.indexOf('WHAT COULD NOT BE SEEN'));
  expect(lines.indexOf('WHAT COULD NOT BE SEEN')).toBeLessThan(lines.indexOf('IN SHORT'));
});

test('the chart is a PNG, and the HTML reads whole without it', () => {
  expect(rendered.chart?.subarray(1, 4).toString()).toBe('PNG');
  expect(rendered.html).toContain('src="cid:chart@tocsin"');
  expect(rendered.html).toContain('alt="Incidents over the period: 2 of SEV1, 3 of SEV2; 63 findings."');
  expect(inFile(rendered.html, rendered.chart)).toContain('src="data:image/png;base64,');
  for (const { name } of report.byDetector) expect(rendered.html).toContain(`>${name}</td>`);
});

test('nothing that a model said stands in a report', () => {
  for (const body of [rendered.subject, rendered.text, rendered.html]) expect(body).not.toContain(content);
  expect(JSON.stringify(facts)).not.toContain(content);
});

test('names that look like markup are shown and not obeyed', () => {
  const loud = { ...facts.period.opened[0]!, detector: '<img src=x onerror=alert(1)>', count: 3 };
  const page = layOut(summarize({ ...facts, period: { ...facts.period, opened: [loud] } }, week, policy));
  expect(htmlOf(page)).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(htmlOf(page)).not.toContain('<img');
});
