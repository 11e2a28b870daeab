import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem } from '../config-file/index.js';
import { defaultPlan, parsePlan } from './plan.js';
import { diffPlans, formatChange } from './plan-diff.js';
import { planInForce } from './plan-in-force.js';
import { severityOf } from './escalation.js';

const file = (name: string) => readFileSync(join(import.meta.dirname, 'testdata', name), 'utf8');
const said = (name: string) => parsePlan(file(name), 'plan.yml').problems.map(formatProblem);

test('a plan that says everything is read without a word', () => {
  const { plan, problems } = parsePlan(file('full.good.yml'), 'plan.yml');
  expect(problems).toEqual([]);
  expect(plan?.severities.SEV1).toMatchObject({ acknowledge_within: 300_000, update_every: 1_800_000 });
  expect(plan?.responders['ann']?.rules[0]?.tell).toEqual([
    { contact: 'phone', after: 0 },
    { contact: 'mail', after: 120_000 },
  ]);
});

test('a value that is wrong in itself is told where it stands', () => {
  expect(said('names.bad.yml')).toEqual([
    'plan.yml:11:11 schedules.primary.zone: found "Europe/Berln", wanted an IANA time zone such as Europe/Berlin',
  ]);
});

test('every name that does not exist and every time that runs backwards is told where it stands', () => {
  const problems = said('agreement.bad.yml').map((line) => line.replace(/^plan\.yml:(\d+):\d+ /, '$1: '));
  expect(problems).toEqual([
    '2: found the escalation policy "pgae", wanted one of page, none; did you mean "page"?',
    '3: found the role "comander", wanted one of commander; did you mean "commander"?',
    '7: found the schedule "primry", wanted one of primary; did you mean "primary"?',
    '7: found the responder "an", wanted one of ann; did you mean "ann"?',
    '8: found less than 10s, wanted at least 10s',
    '12: found "2026-02-30", wanted a day of the calendar',
    '12: found the responder "bob", wanted one of ann',
    '13: found "2026-03-02T09:00", wanted a time after 2026-03-02T10:00',
    '16: warning: ann has no verified contact method',
    '18: found the contact "mail" a second time, wanted it once',
    '19: found the contact "phone", wanted one of mail, mail',
    '20: found nothing to match, wanted one field at least: it would silence everything',
    '21: wanted either weekly, or both from and to',
  ]);
});

test('the default plan pages its responder for SEV1 and SEV2, mails SEV3, lists SEV4, and bears the link as runbook', () => {
  const plan = defaultPlan({ responder: 'oncall@example.com', runbook: 'wiki/plan' });
  expect(plan.responders['default']?.contacts).toMatchObject([{ channel: 'email', address: 'oncall@example.com' }]);
  expect(Object.entries(plan.severities).map(([severity, demand]) => `${severity} ${demand?.policy}`)).toEqual([
    'SEV1 page',
    'SEV2 page',
    'SEV3 mail',
    'SEV4 none',
  ]);
  expect(plan.runbook).toBe('wiki/plan');
  expect(severityOf('critical', plan)).toBe('SEV1');
});

test('the same plan has the same hash wherever it comes from, and a link becomes its runbook', () => {
  const { plan } = parsePlan(file('full.good.yml'), 'plan.yml');
  if (!plan) throw new Error('the plan is wrong');
  const { runbook: _, ...bare } = plan;
  const link = { planTaken: { runbook: plan.runbook ?? '' } };
  expect(planInForce({ plan: bare, ...link }, 'a@example.com').plan.runbook).toBe(plan.runbook);
  expect(planInForce({ plan, ...link }, 'a@example.com').hash).toBe(
    planInForce({ plan: structuredClone(plan), ...link }, 'b@example.com').hash,
  );
  expect(planInForce(link, 'a@example.com').hash).not.toBe(planInForce(link, 'b@example.com').hash);
});

test('a diff names each change by its path, contacts by name, and shows no secret', () => {
  const { plan: before } = parsePlan(file('full.good.yml'), 'plan.yml');
  const { plan: after } = parsePlan(
    file('full.good.yml')
      .replace('wait: 15m', 'wait: 20m')
      .replace('      - { name: mail, channel: email, address: ann@example.com }\n', '')
      .replace('tell: [phone, { contact: mail, after: 2m }]', 'tell: [phone]')
      .replace('secrets_env: PUSH_SECRETS', 'secrets: [a secret of sixteen letters]'),
    'plan.yml',
  );
  if (!before || !after) throw new Error('a plan is wrong');
  expect(diffPlans(before, after).map(formatChange)).toEqual([
    '~ escalation_policies.security.steps[1].wait: 15m -> 20m',
    '- responders.ann.contacts[mail]: {"name":"mail","verified":true,"channel":"email","address":"ann@example.com"}',
    '- responders.ann.contacts[phone].secrets_env: [hidden]',
    '+ responders.ann.contacts[phone].secrets: [hidden]',
    '- responders.ann.rules[0].tell[1]: {"contact":"mail","after":120000}',
  ]);
  expect(diffPlans(before, before)).toEqual([]);
});
