import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputEvent } from '../events/index.js';
import { conformance, conformanceFinding, conformanceOf, stageIndex, stageKey } from './index.js';
import { parsePolicy } from './policy.js';

const audited = (date: string) => `\naudits: [{ dataset: tuning set, date: ${date} }]\n`;
const bare = readFileSync(join(import.meta.dirname, 'testdata/seed.good.yml'), 'utf8');
const seed = bare + audited('2026-05-01');
const index = (change: (text: string) => string = (text) => text) =>
  stageIndex([parsePolicy(change(seed), 'p.yml').policy!]);
const noon = Date.parse('2026-05-01T12:10:00Z');
const minute = 60_000;
const day = 86_400_000;

let offset = 0;
const output = (more: Partial<OutputEvent> & { audience?: string } = {}): OutputEvent => {
  const { audience = 'trusted_partners', ...rest } = more;
  return {
    kind: 'output',
    source: 's',
    id: String(offset),
    at: noon,
    day: '2026-05-01',
    ephemeral: false,
    mended: 0,
    origin: { topic: 'tocsin.outputs', partition: 0, offset: offset++, index: 0 },
    model: 'MyGenerativeAI',
    version: 'v1.0-alpha',
    stage: 'Limited Beta',
    account: { id: 'a', audience },
    output: 'text',
    cut: false,
    toolCalls: [],
    safety: {},
    purpose: 'production',
    ...rest,
  };
};
const none = new Map<string, number>();
const checks = (events: readonly OutputEvent[], stages = index(), starts: ReadonlyMap<string, number> = none) =>
  conformanceOf(events, stages, starts).findings.map(({ label }) => label);

test('a stage that keeps to its policy makes no finding', () => {
  expect(checks([output(), output({ stage: 'Internal Alpha', audience: 'internal_devs' })])).toEqual([]);
});

test('outputs from outside the audience make one finding a stage and hour, however many they are', () => {
  const outsiders = [0, 1, 20, 55].map((minutes) => output({ audience: 'public', at: noon + minutes * minute }));
  const { findings, counts } = conformanceOf(outsiders, index(), none);
  expect(findings.map(({ label, title, level, group }) => ({ label, title, level, group }))).toEqual(
    [1, 2].map(() => ({
      label: 'audience',
      title: 'Stage "Limited Beta" serves accounts from outside its audience "trusted_partners"',
      level: 'medium',
      group: { check: 'audience', model: 'MyGenerativeAI', stage: 'Limited Beta' },
    })),
  );
  expect(counts.get('audience')).toBe(4);
});

test('the finding of an hour has one id, whichever output brings it, and another in the next hour', () => {
  const id = (at: number, account = 'a') =>
    conformanceOf([output({ at, account: { id: account, audience: 'public' } })], index(), none).findings[0]!.id;
  expect(id(noon)).toBe(id(noon + 30 * minute, 'b'));
  expect(id(noon)).not.toBe(id(noon + 60 * minute));
});

test('no audience is unverified: never passed, and for a person to look at', () => {
  const event = output();
  const { findings } = conformanceOf([{ ...event, account: { id: 'a' } }], index(), none);
  expect(findings).toMatchObject([{ label: 'audience_unverified', level: 'low', reviewOnly: true }]);
});

test('a full release asks nobody for an audience; an internal one does', () => {
  const strategy = (name: string) => index((text) => text.replace('"staged_release"', name));
  expect(checks([output({ audience: 'public' })], strategy('full_release'))).toEqual([]);
  expect(checks([output({ audience: 'public' })], strategy('internal_only'))).toEqual(['audience']);
});

test('a stage that runs without a completed risk assessment is a finding', () => {
  const pending = index((text) => text.replaceAll('"completed"', 'in_progress'));
  expect(conformanceOf([output()], pending, none).findings).toMatchObject([
    { label: 'risk_assessment', title: 'Stage "Limited Beta" runs while its risk assessment is in progress' },
  ]);
});

test("a stage past its duration is a finding, by the policy's date or else by its first event", () => {
  const start = new Map([[stageKey('MyGenerativeAI', 'Limited Beta'), noon - 60 * day]]);
  expect(checks([output()], index(), start)).toEqual(['duration']);
  expect(checks([output({ at: noon - minute })], index(), start)).toEqual([]);
  const dated = index((text) =>
    text.replace('    duration_days: 60\n', '    duration_days: 60\n    started_on: 2026-04-01\n'),
  );
  expect(checks([output()], dated, start)).toEqual([]);
  expect(checks([output({ at: Date.parse('2026-05-31T00:00:00Z') })], dated, none)).toEqual(['duration']);
});

test('unknown models, versions and stages are one finding a model and hour', () => {
  const events = [
    output({ model: 'Stranger' }),
    output({ model: 'Stranger', stage: 'x' }),
    output({ model: undefined }),
    output({ version: 'v9' }),
    output({ stage: 'production' }),
    output({ stage: undefined }),
  ];
  const { findings, counts } = conformanceOf(events, index(), none);
  expect(findings.map(({ label, title }) => [label, title])).toEqual([
    ['unknown_model', 'Outputs name a model that no policy knows: "Stranger"'],
    ['unknown_model', 'Outputs name no model'],
    ['unknown_version', 'Outputs name a version that no policy knows: "v9"'],
    ['unknown_stage', 'Outputs name a stage that no policy knows: "production"'],
  ]);
  expect(Object.fromEntries(counts)).toEqual({ unknown_model: 3, unknown_version: 1, unknown_stage: 2 });
  // Whoever invents names opens one incident, not one a name.
  expect(new Set(findings.slice(0, 2).map(({ group }) => JSON.stringify(group))).size).toBe(1);
});

test('tests and controls are no breach of a stage, but they too must be known', () => {
  expect(checks([output({ audience: 'public', purpose: 'red_team' })])).toEqual([]);
  expect(conformanceOf([output({ model: 'x', purpose: 'control' })], index(), none).findings[0]!.subject.purpose).toBe(
    'control',
  );
});

test("a batch tells each stage's earliest output, so that its clock can start", () => {
  const { firsts } = conformanceOf([output(), output({ at: noon - minute }), output({ stage: 'x' })], index(), none);
  expect([...firsts.values()]).toEqual([{ model: 'MyGenerativeAI', stage: 'Limited Beta', at: noon - minute }]);
});

test('findings hold no content and stand in shadow where the policy says so', () => {
  const [finding] = conformanceOf([output({ audience: 'public' })], index(), none, true).findings;
  expect(finding).toMatchObject({ shadow: true, spans: [], task: true });
  expect(finding).not.toHaveProperty('excerpt');
  expect(finding).not.toHaveProperty('event');
});

test('a dataset audit that is missing or older than the stage is a finding a day, for the reports', () => {
  const starts = new Map([[stageKey('MyGenerativeAI', 'Limited Beta'), noon - day]]);
  const of = (text: string, events = [output()]) =>
    conformanceOf(events, stageIndex([parsePolicy(text, 'p.yml').policy!]), starts).findings;
  expect(of(bare)).toMatchObject([
    { label: 'dataset_audit', level: 'low', title: 'Stage "Limited Beta" runs with no dataset audit on record' },
  ]);
  expect(of(bare)[0]).not.toHaveProperty('task');
  expect(of(bare, [output(), output({ at: noon + 5 * 60 * minute })])).toHaveLength(1);
  expect(of(bare + audited('2026-04-29'))).toMatchObject([
    { title: 'Stage "Limited Beta" runs with a last dataset audit of 2026-04-29, from before the stage' },
  ]);
  expect(of(bare + audited('2026-04-30'))).toEqual([]);
  expect(of(bare.replace('dataset_audits, ', ''))).toEqual([]);
});

test('a batch finds and counts what its outputs do one by one', () => {
  const stages = index((text) => text.replace('"completed"', 'pending'));
  const starts = new Map([[stageKey('MyGenerativeAI', 'Limited Beta'), noon - 60 * day + 30 * minute]]);
  const any = fc.record({
    model: fc.constantFrom('MyGenerativeAI', 'x', 'y', undefined),
    version: fc.constantFrom('v1.0-alpha', 'v2'),
    stage: fc.constantFrom('Internal Alpha', 'Limited Beta', 'z', undefined),
    purpose: fc.constantFrom<OutputEvent['purpose']>('production', 'production', 'red_team', 'control'),
    account: fc.constantFrom<OutputEvent['account']>(
      { id: 'a' },
      { id: 'a', audience: 'internal_devs' },
      { id: 'a', audience: 'trusted_partners' },
    ),
    at: fc.integer({ min: 0, max: 180 }).map((minutes) => noon + minutes * minute),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 30 }), (parts) => {
      const events = parts.map((part) => output(part));
      const facts = events.flatMap((event) =>
        conformance(event, stages.choose(event), starts).map((fact) => ({ fact, event })),
      );
      const { findings, counts } = conformanceOf(events, stages, starts);
      const ids = new Set(facts.map(({ fact, event }) => conformanceFinding(fact, event).id));
      expect(new Set(findings.map(({ id }) => id))).toEqual(ids);
      expect(findings).toHaveLength(ids.size);
      expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(facts.length);
    }),
    { numRuns: 200 },
  );
});
