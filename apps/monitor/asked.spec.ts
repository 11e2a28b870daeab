import { bundleOf, type Bundle } from '../../libs/policy/index.js';
import { anOutput } from '../../libs/incidents/builders.js';
import { askedOf } from './asked.js';
import type { Judged } from './judge.js';

function bundleWith(more: string): Bundle {
  const { bundle, problems } = bundleOf({
    'policy.yml': `
model_name: m
version: v1
deployment_strategy: full_release
release_stages:
  - name: s
    audience: public
    duration_days: 30
    risk_assessment_status: completed
    safety_protocols_enabled: [moderation_api]
risk_mitigation_plan: []
monitoring_frequency: daily
incident_response_plan: a/wiki/page
${more}`,
  });
  if (!bundle) throw new Error(JSON.stringify(problems));
  return bundle;
}

const judged = (id: string): Judged => {
  const event = anOutput({ id });
  return { origin: event.origin, ephemeral: false, event, findings: [], signals: [], scores: {} };
};
const moderated = `
services: { moderation: { url: "https://moderation.example.org", per_day: 500, sample: 0.5 } }
egress: { moderation: sentence }`;

test('without a service a batch is asked nothing', () => {
  expect(askedOf([judged('a')], new Set(), bundleWith(''))).toEqual([]);
});

test('each output of a batch is asked about by its own policy, a duplicate is not asked about again', () => {
  const bundle = bundleWith(moderated);
  const [first, second, again] = [judged('a'), judged('b'), judged('a')];
  const findingOnly: Judged = { origin: first.origin, ephemeral: true, findings: [], signals: [], scores: {} };
  const asked = askedOf([first, second, again, findingOnly], new Set([again]), bundle);
  expect(asked.map(({ kind, event, form }) => [kind, event.id, form])).toEqual([
    ['moderation', 'a', 'sentence'],
    ['moderation', 'b', 'sentence'],
  ]);
});

test('budget and sample of a service are read from the policy', () => {
  expect(bundleWith(moderated).policies[0]!.services.moderation).toEqual({
    url: 'https://moderation.example.org',
    allowPrivate: false,
    perDay: 500,
    sample: 0.5,
  });
});
