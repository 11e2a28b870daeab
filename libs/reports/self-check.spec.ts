/** Protocol assurance and drift: what they say, and that two reporters say it once. */
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { assure, type ProtocolCounts, type StageTraffic } from './assurance.js';
import { driftOf, type Rate, type RateWindows } from './drift.js';
import { aBundle, policyWith } from './reports.fixture.js';
import { oncePerPeriod } from './reports.repository.js';
import { checkAssurance, checkDrift } from './self-check.repository.js';

const nothing: ProtocolCounts = { outputs: 0, feedback: 0, ran: {}, flagged: {} };
const bundle = aBundle({
  policy: policyWith({ output_index: '72h' }).replace(
    'safety_protocols_enabled: [content_filter]',
    'safety_protocols_enabled: [content_filter, rate_limit, user_feedback_loop]\n    requests_per_minute: 10',
  ),
});

function checks(over: Partial<StageTraffic>): string[] {
  const traffic = { model: 'Harbor', stage: 'Limited Beta', day: nothing, week: nothing, past: nothing, ...over };
  return assure(bundle.policies, [traffic]).map(({ check }) => check);
}
const ranOn = (outputs: number, ran: number, flagged = 0): ProtocolCounts => ({
  outputs,
  feedback: 0,
  ran: { content_filter: ran },
  flagged: { content_filter: flagged },
});

test('a protocol that is missing on over 5 % of a thousand outputs is a finding', () => {
  expect(checks({ day: ranOn(1_000, 949) })).toEqual(['content_filter_missing']);
  expect(checks({ day: ranOn(1_000, 950) })).toEqual([]);
  expect(checks({ day: ranOn(999, 0), week: ranOn(999, 0) })).toEqual([]);
  // A small deployment has its thousand in a week.
  expect(checks({ day: ranOn(200, 0), week: ranOn(1_400, 0) })).toEqual(['content_filter_missing']);
});

test('a protocol that never flags is a finding only where its own past flagged', () => {
  const day = ranOn(1_000, 1_000, 0);
  expect(checks({ day })).toEqual([]);
  expect(checks({ day, past: ranOn(20_000, 20_000, 200) })).toEqual(['content_filter_silent']);
  expect(checks({ day, past: ranOn(20_000, 20_000, 60) })).toEqual([]);
  expect(checks({ day: ranOn(1_000, 1_000, 1), past: ranOn(20_000, 20_000, 200) })).toEqual([]);
});

test('feedback that stopped is a finding where its past over a thousand outputs expects some', () => {
  const day = ranOn(1_000, 1_000);
  expect(checks({ day, past: { ...ranOn(10_000, 10_000), feedback: 100 } })).toEqual(['no_feedback']);
  expect(checks({ day, past: { ...ranOn(900, 900), feedback: 100 } })).toEqual([]);
  expect(checks({ day: { ...day, feedback: 1 }, past: { ...ranOn(10_000, 10_000), feedback: 100 } })).toEqual([]);
});

const rate = (findings: number, outputs: number): Rate => ({ findings, outputs });
function drifts(over: Partial<RateWindows>): string[] {
  // A finding a hundred outputs, and a hundred outputs an hour.
  const usual = { hour: rate(1, 100), sixHours: rate(6, 600), threeDays: rate(72, 7_200), past: rate(672, 67_200) };
  return driftOf([{ model: 'Harbor', stage: 's', detector: 'rules', ...usual, ...over }]).map(({ check }) => check);
}

test('a surge is drift when a short and a long window agree, and neither alone', () => {
  expect(drifts({})).toEqual([]);
  expect(drifts({ hour: rate(20, 100) })).toEqual([]);
  expect(drifts({ sixHours: rate(40, 600) })).toEqual([]);
  expect(drifts({ hour: rate(20, 100), sixHours: rate(40, 600) })).toEqual(['surge']);
  expect(drifts({ sixHours: rate(20, 600), threeDays: rate(250, 7_200) })).toEqual(['surge']);
  // Over for now: the last hours are ordinary again.
  expect(drifts({ threeDays: rate(250, 7_200) })).toEqual([]);
});

test('a detector that falls silent is drift, one without a past is not', () => {
  expect(drifts({ hour: rate(0, 100), sixHours: rate(0, 600), threeDays: rate(3, 7_200) })).toEqual(['quiet']);
  expect(drifts({ hour: rate(20, 100), sixHours: rate(40, 600), past: rate(9, 9_999) })).toEqual([]);
  // Two findings of one quiet hour are no surge, whatever the factor.
  expect(drifts({ hour: rate(2, 5), sixHours: rate(3, 10), past: rate(1, 50_000), threeDays: rate(3, 100) })).toEqual(
    [],
  );
});

describe('on a database', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
    await db.clock.set('2026-11-20T12:30:00Z');
    const tally = (minute: string, measure: string, label: string, count: number) =>
      db.database.query(
        `insert into tocsin.tally values ($1, 'Harbor', 'Limited Beta', 'production', $2, $3, 't', 0, $4)`,
        [minute, measure, label, count],
      );
    await tally('2026-11-01T12:00:00Z', 'outputs', '', 50_000);
    await tally('2026-11-01T12:00:00Z', 'findings', 'rules', 50);
    await tally('2026-11-19T12:00:00Z', 'outputs', '', 2_000);
    await tally('2026-11-19T12:00:00Z', 'protocol', 'content_filter ran', 1_000);
    await tally('2026-11-20T11:30:00Z', 'outputs', '', 1_000);
    await tally('2026-11-20T11:30:00Z', 'findings', 'rules', 100);
    await db.database.query(
      `insert into tocsin.output_index
       select '2026-11-19', gen_random_uuid(), 't', 0, n, 's', 'busy', 'Harbor', 'Limited Beta', '2026-11-19T12:00:30Z'
         from generate_series(1, 11) n`,
    );
  });
  afterAll(() => db.drop());

  test('two reporters write each finding about a stage once, and its incident with it', async () => {
    const responder = 'oncall@example.org';
    for (let round = 0; round < 2; round++) {
      await Promise.all(
        ['one', 'two'].flatMap(() => [
          oncePerPeriod(db.database, 'assurance', '2026-11-20', (tx) => checkAssurance(tx, bundle, responder)),
          oncePerPeriod(db.database, 'drift', '2026-11-20T12Z', (tx) => checkDrift(tx, bundle, responder)),
        ]),
      );
    }
    // The next hour says nothing new of the same day.
    await db.database.transaction((tx) => checkDrift(tx, bundle, responder));
    const findings = await db.database.query<{ detector: string; label: string }>(
      `select detector, label from tocsin.finding order by 1, 2`,
    );
    expect(findings).toEqual([
      { detector: 'assurance', label: 'content_filter_missing' },
      { detector: 'assurance', label: 'rate_limit_exceeded' },
      { detector: 'drift', label: 'surge rules' },
    ]);
    const incidents = await db.database.query<{ severity: string; title: string }>(
      `select severity, title from tocsin.incident order by severity, title`,
    );
    expect(incidents.map(({ severity }) => severity)).toEqual(['SEV3', 'SEV4', 'SEV4']);
    expect(incidents[1]!.title).toContain('1 account got over 10 outputs in a minute, at most 11');
    expect(incidents[2]!.title).toContain('content_filter did not run on 50.0 % of 2,000 outputs');
  });
});
