import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem } from '../config-file/index.js';
import { parsePolicy, type Policy } from './policy.js';
import { policyFile, scoredDetectors } from './schema.js';

const folder = join(import.meta.dirname, 'testdata');
const cases = readdirSync(folder).sort();
const textOf = (file: string) => readFileSync(join(folder, file), 'utf8');
const fields = Object.keys(policyFile.shape).join(', ');

test.each(cases.filter((file) => file.endsWith('.good.yml')))('%s loads', (file) => {
  const { policy, problems } = parsePolicy(textOf(file), file);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(policy).toBeDefined();
});

test.each(cases.filter((file) => file.endsWith('.bad.yml')))('%s is refused for the reasons that it lists', (file) => {
  const text = textOf(file);
  const expected = [...text.matchAll(/^# expect: (.*)$/gm)].map(
    ([, said]) => `${file}:${said!.replace('FIELDS', fields).replace('DETECTORS', scoredDetectors.join(', '))}`,
  );
  expect(parsePolicy(text, file).problems.map(formatProblem)).toEqual(expected);
});

const good = (file: string): Policy => parsePolicy(textOf(file), file).policy!;

test("the user's own policy loads exactly as it stands, with the defaults of all that it does not say", () => {
  const { policy, problems } = parsePolicy(textOf('seed.good.yml'), 'policy.yml');
  expect(problems.map(formatProblem)).toEqual([
    'policy.yml:17:33 warning: disinformation_detection: external_api_integration has no address, so reports will say "unchecked": add services.fact_check.url',
    'policy.yml:19:33 warning: impersonation_prevention: user_identity_verification has no address, so reports will say "unchecked": add services.identity.url, or a source with `verified_as: true`',
  ]);
  expect(policy).toEqual({
    file: 'policy.yml',
    model: 'MyGenerativeAI',
    versions: ['v1.0-alpha'],
    strategy: 'staged_release',
    stages: [
      {
        name: 'Internal Alpha',
        audience: 'internal_devs',
        durationDays: 30,
        riskAssessment: 'completed',
        protocols: ['content_filter', 'rate_limit'],
        requestsPerMinute: 60,
        thresholds: {},
      },
      {
        name: 'Limited Beta',
        audience: 'trusted_partners',
        durationDays: 60,
        riskAssessment: 'completed',
        protocols: ['content_filter', 'moderation_api', 'user_feedback_loop'],
        requestsPerMinute: 60,
        thresholds: {},
      },
    ],
    mitigation: {
      disinformation: true,
      factCheck: true,
      datasetAudits: true,
      fairnessMetrics: true,
      impersonation: true,
      identityVerification: true,
    },
    frequency: 'daily',
    timezone: 'UTC',
    incidentResponsePlan: { kind: 'link', text: 'link_to_internal_wiki/incident_plan' },
    personas: [],
    shadow: [],
    publishFirstThreshold: false,
    outputIndexMs: 72 * 3_600_000,
    sources: [],
    services: {},
    egress: { fact_check: 'none', moderation: 'none', identity: 'none', embeddings: 'none' },
    audits: [],
  });
});

test('every optional field is read, and days begin at midnight of the zone', () => {
  const policy = good('everything.good.yml');
  expect(policy.versions).toEqual(['2.0', '2.1']);
  expect(policy.stages[0]).toMatchObject({
    startedAt: Date.parse('2026-03-28T23:00:00Z'),
    requestsPerMinute: 120,
    thresholds: { disinformation: 0.7, harmful: 0.9 },
  });
  expect(policy.incidentResponsePlan).toMatchObject({ kind: 'link', url: 'https://wiki.example.org/harbor/incidents' });
  expect(policy.sources[0]).toEqual({
    source: '//gateway.example.org/*',
    verdicts: [],
    purposes: ['red_team', 'control'],
    verifiedAs: true,
    ephemeral: false,
  });
  expect(policy.services.identity).toEqual({ url: 'http://identity.internal:8080', allowPrivate: true });
  expect(policy.egress).toEqual({ fact_check: 'sentence', moderation: 'none', identity: 'text', embeddings: 'none' });
  expect(policy.outputIndexMs).toBe(3 * 86_400_000);
});

const seed = textOf('seed.good.yml');
const warnings = (more: string) =>
  parsePolicy(`${seed}\n${more}`, 'policy.yml')
    .problems.filter(({ line }) => line > 22)
    .map(({ message }) => message);

test('a service that nothing may leave for is a warning', () => {
  expect(warnings('services: { moderation: { url: "https://m.example.org" } }')).toEqual([
    'services.moderation: nothing may leave for it, so reports will say "unchecked": add egress.moderation: sentence (or text)',
  ]);
  expect(warnings('services: { moderation: { url: "https://m.example.org" } }\negress: { moderation: text }')).toEqual(
    [],
  );
});

test('a threshold outside the shipped bounds is held at them, and that is said', () => {
  const text = seed.replace(
    '    duration_days: 30\n',
    '    duration_days: 30\n    thresholds: { disinformation: 0.1 }\n',
  );
  expect(parsePolicy(text, 'p.yml').problems.map(formatProblem)).toContain(
    'p.yml:9:35 warning: thresholds.disinformation: found 0.1, which is held at 0.5; wanted 0.5 to 0.9, the bounds from development data',
  );
});

test('an output index that is off has no length', () => {
  expect(parsePolicy(`${seed}\noutput_index: off\n`, 'p.yml').policy).not.toHaveProperty('outputIndexMs');
});

test('a version that is not among the versions in force is a warning', () => {
  expect(warnings('versions: [v2]')).toEqual([
    'versions: "v1.0-alpha" is not among them, so its outputs are of an unknown version; wanted all versions in force',
  ]);
  expect(warnings('versions: [v2, v1.0-alpha]')).toEqual([]);
});

test('a switch that the plan does not name is off', () => {
  const { policy } = parsePolicy(
    seed.replace(/risk_mitigation_plan:\n( {2}- .*\n)+/, 'risk_mitigation_plan: []\n'),
    'p.yml',
  );
  expect(Object.values(policy!.mitigation)).toEqual([false, false, false, false, false, false]);
});
