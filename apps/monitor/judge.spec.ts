import { jest } from '@jest/globals';
import type { FeedbackEvent, OutputEvent } from '../../libs/events/index.js';
import { anOutput } from '../../libs/incidents/builders.js';
import type { Signal } from '../../libs/incidents/index.js';
import { bundleOf } from '../../libs/policy/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { compile } from './compile.js';
import { byHalves } from './halves.js';
import { judge, judgeUnjoined } from './judge.js';

jest.setTimeout(120_000);

const { bundle } = bundleOf({
  'policy.yml': `
model_name: m
version: v1
deployment_strategy: full_release
release_stages:
  - { name: s, audience: all, duration_days: 30, risk_assessment_status: completed, safety_protocols_enabled: [] }
risk_mitigation_plan: []
monitoring_frequency: daily
incident_response_plan: a/wiki/page
shadow: [Says plugh]
`,
  'rules/plugh.yml': `
title: Says plugh
id: 22222222-2222-4222-8222-222222222222
logsource: { product: tocsin, category: output }
detection: { selection: { 'output.text|contains': 'plugh' }, condition: selection }
level: high
`,
});
if (!bundle) throw new Error('the bundle of this test is broken');
const grounds = { bundle, compiled: compile(bundle), stages: bundle.stages, starts: new Map<string, number>() };
const known = { model: 'm', version: 'v1', stage: 's', account: { id: 'a', audience: 'all' } };

test('an event on which a detector throws is a rejection that quotes nothing, and the others are judged', () => {
  const poison: OutputEvent = Object.defineProperty(anOutput({ ...known, id: 'poison' }), 'output', {
    get() {
      throw new TypeError('cannot read the secret text');
    },
  });
  const { judged, rejections } = judge(
    [anOutput({ ...known, id: 'a' }), poison, anOutput({ ...known, id: 'b' })],
    grounds,
  );
  expect(judged.map(({ event }) => event?.id)).toEqual(['a', 'b']);
  expect(rejections).toMatchObject([{ reason: 'detector_failed', detail: 'a detector threw TypeError' }]);
});

test('feedback on which a detector throws is a dead letter and does not wait for its output', () => {
  const poison = Object.defineProperty(
    {
      ...(anOutput({ id: 'f' }) as object),
      kind: 'feedback',
      output: { id: 'o' },
      account: { id: 'reporter' },
    } as FeedbackEvent,
    'comment',
    {
      get() {
        throw new TypeError('no');
      },
    },
  );
  const { judged, rejections, waiting } = judge([poison], grounds, [{ found: 'none' }]);
  expect({ judged, waiting }).toEqual({ judged: [], waiting: [] });
  expect(rejections).toMatchObject([{ reason: 'detector_failed' }]);
});

test('a report that names no source counts towards its output once: not before it is known, or known never to come', () => {
  const report = {
    ...(anOutput({ id: 'f' }) as object),
    kind: 'feedback',
    output: { id: 'o' },
    reported: { account: 'liar' },
    account: { id: 'reporter' },
    rating: -1,
  } as FeedbackEvent;
  const none = { found: 'none' } as const;
  const nobody = { firstSeen: () => undefined, lastSeen: () => undefined };
  const groups = (signals: readonly Signal[] = []) => signals.map(({ group }) => group);
  const { judged, waiting } = judge([report], grounds, [none]);
  expect(waiting).toHaveLength(1);
  expect(groups(judged[0]?.signals)).toEqual([{ account: 'liar' }]);
  expect(groups(judgeUnjoined(report, none, grounds, nobody)?.signals)).toEqual([{ output: 'o' }]);
  expect(groups(judge([report], grounds, [{ found: 'several', matches: 2 }]).judged[0]?.signals)).toHaveLength(2);
  const named = { ...report, output: { source: 'chat', id: 'o' } };
  expect(groups(judge([named], grounds, [none]).judged[0]?.signals)).toHaveLength(2);
  expect(judgeUnjoined(named, none, grounds, nobody)).toBeUndefined();
});

test('a rule that the policy puts in shadow by its title finds in shadow', () => {
  const { judged } = judge([anOutput({ ...known, output: 'plugh' })], grounds);
  expect(judged[0]!.findings).toMatchObject([{ shadow: true, level: 'high' }]);
});

test('outputs of a model that nobody knows are one finding an hour, however many', () => {
  const strangers = Array.from({ length: 50 }, (_, i) => anOutput({ id: `${i}`, model: 'stranger' }));
  const { judged, conformance } = judge(strangers, grounds);
  expect(judged.flatMap(({ findings }) => findings)).toMatchObject([
    { detector: 'conformance', label: 'unknown_model' },
  ]);
  expect(conformance.counts.get('unknown_model')).toBe(50);
});

describe('what PostgreSQL refuses', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
    await db.database.query('create table kept (n int check (n <> 13))');
  });
  afterAll(() => db.drop());

  test('is found by halves: one bad row of 1,000 costs 21 attempts at most and the rest is kept', async () => {
    let attempts = 0;
    const numbers = Array.from({ length: 1_000 }, (_, i) => i);
    const { refused } = await db.database.transaction((tx) =>
      byHalves(tx, numbers, async (some) => {
        attempts++;
        await tx.query('insert into kept select unnest($1::int[])', [some]);
      }),
    );
    expect(refused).toEqual([{ item: 13, state: '23514' }]);
    expect(attempts).toBeLessThanOrEqual(21);
    expect(await db.database.query('select count(*) as n from kept')).toEqual([{ n: 999 }]);
    await db.database.query('truncate kept');
  });

  test('is also a name too long for an index row, which names of 512 letters of three bytes can be', async () => {
    await db.database.query('create table named (id text, source text, primary key (id, source))');
    const name = () => Array.from({ length: 512 }, () => String.fromCharCode(0x4e00 + Math.random() * 0x5000)).join('');
    const names = ['short', name()];
    const { refused } = await db.database.transaction((tx) =>
      byHalves(tx, names, (some) => tx.query('insert into named select n, n from unnest($1::text[]) as n', [some])),
    );
    expect(refused).toEqual([{ item: names[1], state: '54000' }]);
    expect(await db.database.query('select id from named')).toEqual([{ id: 'short' }]);
  });

  test('is not a lost race or a bug: those end the attempt', async () => {
    const failing = (error: Error) =>
      db.database.transaction((tx) => byHalves(tx, [1, 2], () => Promise.reject(error)));
    await expect(failing(Object.assign(new Error('unique'), { code: '23505' }))).rejects.toThrow('unique');
    await expect(failing(new TypeError('bug'))).rejects.toThrow('bug');
  });
});
