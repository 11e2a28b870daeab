/** A week that had everything, written as rows: what the tests of reports read. Times are of week 2026-W47 in Berlin. */
import type { TestDatabase } from '../../test/harness/database.js';
import { bundleOf, Bundles, type Bundle } from '../policy/index.js';

/** Words that stand in rows as content, and must stand in no report. */
export const content = 'wire the money to the account that I sent you';

const policy = `
model_name: Harbor
version: "2.1"
deployment_strategy: staged_release
release_stages:
  - name: Limited Beta
    audience: partners
    duration_days: 30
    risk_assessment_status: completed
    safety_protocols_enabled: [content_filter]
    started_on: 2026-10-01
  - name: General
    audience: public
    duration_days: 365
    risk_assessment_status: pending
    safety_protocols_enabled: [content_filter, user_feedback_loop]
risk_mitigation_plan:
  - disinformation_detection: external_api_integration
    bias_reduction: fairness_metrics
  - impersonation_prevention: user_identity_verification
monitoring_frequency: daily
incident_response_plan: plan.yml
timezone: Europe/Berlin
output_index: off
`;

const plan = `
responders:
  ann: { zone: Europe/Berlin, contacts: [{ name: mail, channel: email, address: ann@example.org }] }
  ben: { zone: America/New_York, contacts: [{ name: mail, channel: email, address: ben@example.org }] }
schedules:
  primary:
    zone: Europe/Berlin
    layers: [{ starts: 2026-01-05, ends: 2026-12-01, responders: [ann] }]
escalation_policies:
  page: { steps: [{ tell: [{ schedule: primary }] }, { tell: [{ responder: ben }] }] }
severities:
  SEV1: { policy: page, update_every: 2h }
  SEV2: { policy: page }
stakeholders:
  safety: { contacts: [{ name: lead, channel: email, address: lead@example.org }] }
  board: { contacts: [{ name: board, channel: email, address: board@example.org }] }
`;

const watchlist = `
- id: moon-cheese
  claim: The moon is made of cheese.
  narrative: space
  provenance: { added_by: ann, reviewed_by: ben, source: test, status: active }
`;

export function aBundle(over: { readonly policy?: string; readonly plan?: string } = {}): Bundle {
  const { bundle, problems } = bundleOf({
    'policy.yml': over.policy ?? policy,
    'plan.yml': over.plan ?? plan,
    'watchlist.yml': watchlist,
  });
  if (!bundle) throw new Error(problems.map(({ message }) => message).join('\n'));
  return bundle;
}

export async function applied(db: TestDatabase, bundle: Bundle): Promise<void> {
  await db.database.transaction((tx) => new Bundles().apply(tx, bundle, 'test'));
}

/** Policy as above with another frequency or zone. */
export function policyWith(change: Readonly<Record<string, string>>): string {
  return Object.entries(change).reduce(
    (text, [field, value]) => text.replace(new RegExp(`^${field}: .*$`, 'm'), `${field}: ${value}`),
    policy,
  );
}

/** Fills the week; the clock is set to the Monday after it. */
export async function fillWeek(db: TestDatabase): Promise<void> {
  await db.clock.set('2026-11-23T06:00:00Z');
  for (const statement of [...incidents, ...findings, ...paging, ...counts]) await db.database.query(statement);
}

function incident(
  id: string,
  over: Partial<
    Record<'severity' | 'detector' | 'rule' | 'stage' | 'opened' | 'purpose' | 'title' | 'kind', string>
  > & {
    acknowledged?: string;
    resolved?: string;
    resolution?: string;
    reopened?: string;
  } = {},
): string[] {
  const opened = over.opened ?? '2026-11-17T10:00:00Z';
  const text = (value: string | undefined) => (value === undefined ? 'null' : `'${value.replaceAll("'", "''")}'`);
  const status = over.resolved ? 'resolved' : over.acknowledged ? 'acknowledged' : 'open';
  const event = (at: string, who: string, what: string, details = 'null') =>
    `insert into tocsin.incident_event (incident, at, who, what, details) values ('${id}', '${at}', '${who}', '${what}', ${details})`;
  return [
    `insert into tocsin.incident (id, kind, title, status, severity, detector, rule, key, key_hash, stage, model, purpose,
       opened_at, event_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution)
     values ('${id}', '${over.kind ?? 'detection'}', ${text(over.title ?? `Incident ${id}`)}, '${status}', '${over.severity ?? 'SEV2'}',
       '${over.detector ?? 'rules'}', ${text(over.rule)}, '{}', '${id}', '${over.stage ?? 'Limited Beta'}', 'Harbor',
       ${text(over.purpose ?? 'production')}, '${opened}', '${opened}', ${text(over.acknowledged)},
       ${over.acknowledged ? "'ann'" : 'null'}, ${text(over.resolved)}, ${over.resolved ? "'ann'" : 'null'},
       ${over.resolved ? `'${over.resolution ?? 'resolved'}'` : 'null'})`,
    event(opened, 'tocsin', 'opened'),
    ...(over.reopened ? [event(over.reopened, 'ann', 'reopened')] : []),
    ...(over.acknowledged ? [event(over.acknowledged, 'ann', 'acknowledged')] : []),
    ...(over.resolved
      ? [event(over.resolved, 'ann', 'resolved', `'{"resolution": "${over.resolution ?? 'resolved'}"}'`)]
      : []),
  ];
}

const incidents = [
  ...incident('a', {
    rule: 'scam',
    acknowledged: '2026-11-17T10:05:00Z',
    resolved: '2026-11-17T12:00:00Z',
    resolution: 'false_positive',
  }),
  ...incident('b', { rule: 'scam', acknowledged: '2026-11-17T10:15:00Z', resolved: '2026-11-18T10:00:00Z' }),
  ...incident('c', { severity: 'SEV1', detector: 'feedback', opened: '2026-11-18T03:00:00Z' }),
  ...incident('d', {
    severity: 'SEV1',
    detector: 'disinformation',
    opened: '2026-11-19T09:00:00Z',
    acknowledged: '2026-11-19T09:10:00Z',
  }),
  // Opened again a day later: its round begins there.
  ...incident('e', {
    opened: '2026-11-19T08:00:00Z',
    reopened: '2026-11-20T08:00:00Z',
    acknowledged: '2026-11-20T08:01:00Z',
    resolved: '2026-11-20T09:00:00Z',
  }),
  ...incident('f', { purpose: 'red_team' }),
  ...incident('g', { kind: 'synthetic', acknowledged: '2026-11-17T10:00:01Z' }),
  // The week before, and just outside on both sides in Berlin.
  ...incident('h', { rule: 'scam', opened: '2026-11-11T10:00:00Z', acknowledged: '2026-11-11T10:20:00Z' }),
  ...incident('i', { opened: '2026-11-15T22:59:59Z' }),
  ...incident('j', { opened: '2026-11-22T23:00:00Z' }),
  `insert into tocsin.incident_event (incident, at, who, what, details)
   values ('c', '2026-11-18T04:00:00Z', 'tocsin', 'round 1: every step is exhausted and nobody acknowledged', '{"state": "exhausted"}')`,
];

function finding(id: string, over: Partial<Record<string, string>> = {}): string {
  const row: Record<string, string> = {
    incident: 'null',
    detector: "'rules'",
    rule: 'null',
    matched: "'scam'",
    at: "'2026-11-17T10:00:00Z'",
    recorded_at: "'2026-11-17T10:00:01Z'",
    account: "'acme'",
    shadow: 'false',
    label: "'matched'",
    ...Object.fromEntries(Object.entries(over).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
  return `insert into tocsin.finding (id, event_source, event_id, detector_version, title, score, level, spans, excerpt,
            key_hash, review_only, model, stage, version, ${Object.keys(row).join(', ')})
          values ('${id}', 'chat', '${id}', '1', 'A finding', 0.9, 'high', '[]', '${content}', 'k', false, 'Harbor',
            'Limited Beta', '2.1', ${Object.values(row).join(', ')})`;
}

const claim = { detector: "'disinformation'", matched: "'moon-cheese'", label: "'promotes'" };
const findings = [
  finding('f1', { incident: "'a'", rule: "'scam'" }),
  finding('f2', { incident: "'b'", rule: "'scam'", recorded_at: "'2026-11-17T12:00:00Z'" }),
  finding('f3', { ...claim, incident: "'d'" }),
  finding('f4', { ...claim, account: "'other'" }),
  finding('f5', { ...claim, shadow: 'true', matched: "'gone-entry'" }),
  finding('f6', { detector: "'conformance'", label: "'audience'" }),
  `insert into tocsin.review values ('f1', 'ann', 'false', 'benign', '2026-11-18T00:00:00Z'),
     ('f2', 'ann', 'true', null, '2026-11-18T00:00:00Z'), ('f2', 'ben', 'true', null, '2026-11-18T00:00:00Z'),
     ('f5', 'ann', 'true', null, '2026-11-18T00:00:00Z')`,
];

let notified = 0;
function page(responder: string, at: string, over: { kind?: string; state?: string; channel?: string } = {}): string[] {
  const id = `n${notified++}`;
  const { kind = 'page', state = 'sent', channel = 'email' } = over;
  const outcome = state === 'sent' ? `'sent', null` : `'refused', 'smtp_550'`;
  return [
    `insert into tocsin.notification (id, kind, incident, round, step, responder, contact, channel, lane, plan, severity,
       state, due_at, created_at, attempts, sent_at)
     values ('${id}', '${kind}', 'c', 1, 0, '${responder}', 'mail', '${channel}', '${channel === 'email' ? 'mail' : 'http'}',
       'p', 1, '${state}', '${at}', '${at}', 1, ${state === 'sent' ? `'${at}'` : 'null'})`,
    `insert into tocsin.delivery_attempt values ('${id}', 1, '${at}', ${outcome}, ${10 + notified})`,
  ];
}

const paging = [
  ...page('ann', '2026-11-18T02:00:00Z'), // 03:00 in Berlin
  ...page('ann', '2026-11-18T02:14:00Z'),
  ...page('ann', '2026-11-18T09:00:00Z'),
  ...page('ben', '2026-11-18T02:00:00Z'), // 21:00 in New York
  ...page('ben', '2026-11-18T05:00:00Z', { channel: 'webhook' }), // midnight there
  ...page('ben', '2026-11-18T05:00:00Z', { state: 'refused' }),
  ...page('ann', '2026-11-18T03:00:00Z', { kind: 'synthetic' }),
  ...page('ann', '2026-11-11T10:00:00Z'),
];

function tally(minute: string, measure: string, label: string, count: number, over: { purpose?: string } = {}): string {
  return `insert into tocsin.tally values ('${minute}', 'Harbor', 'Limited Beta', '${over.purpose ?? 'production'}',
            '${measure}', '${label}', 'tocsin.outputs', 0, ${count})`;
}

const tuesday = '2026-11-17T10:00:00Z';
const counts = [
  tally(tuesday, 'outputs', '', 12_000),
  tally('2026-11-20T10:00:00Z', 'outputs', '', 8_000),
  tally('2026-11-10T10:00:00Z', 'outputs', '', 10_000),
  tally(tuesday, 'outputs', '', 40, { purpose: 'control' }),
  tally(tuesday, 'control', 'compliance', 40, { purpose: 'control' }),
  tally(tuesday, 'control_found', 'compliance', 34, { purpose: 'control' }),
  tally(tuesday, 'findings', 'rules', 60),
  tally(tuesday, 'findings', 'disinformation', 3),
  tally(tuesday, 'rule_hits', 'scam', 50),
  tally(tuesday, 'rule_hits', 'phishing', 10),
  tally('2026-11-10T10:00:00Z', 'rule_hits', 'scam', 70),
  tally(tuesday, 'feedback', 'appeal', 2),
  tally(tuesday, 'language', 'en', 15_000),
  tally(tuesday, 'language', 'de', 1_000),
  tally(tuesday, 'conformance', 'unknown_version', 7),
  tally(tuesday, 'unchecked', 'fact_check', 5),
  tally(tuesday, 'group', 'x', 1_000),
  tally(tuesday, 'group_found', 'x', 20),
  `insert into tocsin.dead_letter (topic, partition, record_offset, event_index, reason, kept, headers, payload, appended_at)
   values ('tocsin.outputs', 0, 1, 0, 'not_json', 'all', '{}', convert_to('${content}', 'UTF8'), '${tuesday}'),
          ('tocsin.outputs', 0, 2, 0, 'not_json', 'all', '{}', convert_to('${content}', 'UTF8'), '${tuesday}')`,
  `insert into tocsin.waiting_reference (event_source, event_id, kind, reference_id, state, arrived_at)
   values ('web', 'r1', 'feedback', 'x', 'unmatched', '${tuesday}')`,
  `insert into tocsin.flood values ('scam', '${tuesday}', '${tuesday}', null)`,
  `insert into tocsin.stage_start values ('Harbor', 'Limited Beta', '2026-10-02T00:00:00Z')`,
  `insert into tocsin.threshold (model, stage, detector, value, floor, ceiling, grounds, proposed_at, proposed_by)
   values ('Harbor', 'Limited Beta', 'compliance', 0.71, 0.5, 0.98, '{}', '${tuesday}', 'tocsin')`,
];
