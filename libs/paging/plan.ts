/**
 * The incident-response plan: who is told of what, how, when, and what happens when nobody answers. This file says
 * what plan.yml may hold; plan-check.ts says what must agree inside it.
 */
import { z } from 'zod';
import { hasErrors, inFileOrder, readYaml, type Problem } from '../config-file/index.js';
import { duration, weekdays, zone } from './time.js';
import { checkPlan } from './plan-check.js';

export const severities = ['SEV1', 'SEV2', 'SEV3', 'SEV4'] as const;
export type Severity = (typeof severities)[number];
/** 1 for SEV1: smaller is more urgent. */
export const rankOf = (severity: Severity): number => severities.indexOf(severity) + 1;

const name = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, {
  error: (issue) => `found "${String(issue.input)}", wanted a name of letters, digits, ".", "_" and "-"`,
});
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, {
  error: (issue) => `found "${String(issue.input)}", wanted a time of day such as "09:00", in quotes`,
});
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, {
  error: (issue) => `found "${String(issue.input)}", wanted a date such as 2026-01-05`,
});
const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?$/, {
  error: (issue) => `found "${String(issue.input)}", wanted a time such as 2026-03-01T09:00, local or with Z or +01:00`,
});
const severity = z.enum(severities);
const textOrList = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform((one) => (typeof one === 'string' ? [one] : one));

/** Hours of the week; a window whose end is not after its beginning runs over midnight and belongs to the day it begins. */
const hours = z.strictObject({
  days: z
    .array(z.enum(weekdays))
    .min(1)
    .default([...weekdays]),
  from: clockTime.default('00:00'),
  to: clockTime.default('24:00'),
});
export type Hours = z.output<typeof hours>;

/** Fields of an incident and what they must equal; `*` in a text stands for anything. All given fields must match. */
const match = z
  .strictObject({
    severity: z.union([severity, z.array(severity).min(1)]).transform((one) => (Array.isArray(one) ? one : [one])),
    detector: textOrList,
    rule: textOrList,
    model: textOrList,
    stage: textOrList,
    service: textOrList,
    title: textOrList,
    key: z.record(z.string(), textOrList),
  })
  .partial();
export type Match = z.output<typeof match>;
/** What a silence or a rule of the plan picks incidents by. */
export const matchSchema = match;

const secrets = {
  /** Standard Webhooks secrets (`whsec_...` or any text); the first signs first, all are sent: two while one is changed. */
  secrets: z.array(z.string().min(16)).max(4).optional(),
  /** Name of an environment variable that holds them, comma-separated. */
  secrets_env: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/)
    .optional(),
};
const contactBase = {
  name,
  /** The operator's word that this reaches the person; false keeps it out until a contact check is confirmed. */
  verified: z.boolean().default(true),
};
const webUrl = z.url({
  protocol: /^https?$/,
  error: (issue) => `found "${String(issue.input)}", wanted an address such as https://host/path`,
});

export const contact = z.discriminatedUnion('channel', [
  z.strictObject({
    ...contactBase,
    channel: z.literal('email'),
    address: z.email({ error: (issue) => `found "${String(issue.input)}", wanted an e-mail address` }),
  }),
  z.strictObject({ ...contactBase, channel: z.literal('webhook'), url: webUrl, ...secrets }),
  z.strictObject({ ...contactBase, channel: z.literal('slack'), url: webUrl }),
  z.strictObject({
    ...contactBase,
    channel: z.literal('pagerduty'),
    routing_key: z.string().min(1).optional(),
    routing_key_env: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/)
      .optional(),
    url: webUrl.default('https://events.pagerduty.com/v2/enqueue'),
  }),
  z.strictObject({
    ...contactBase,
    channel: z.literal('http'),
    url: webUrl,
    method: z.enum(['POST', 'PUT', 'GET']).default('POST'),
    headers: z.record(z.string(), z.string()).default({}),
    /** Text with {{title}}, {{severity}}, {{number}}, {{url}}, {{acknowledge_url}}, {{id}}, {{summary}}, {{responder}}; values are JSON-escaped. */
    body: z.string().default('{"text":"{{summary}}"}'),
    content_type: z.string().default('application/json'),
  }),
]);
export type Contact = z.output<typeof contact>;
export type ChannelName = Contact['channel'];

const rule = z.strictObject({
  severities: z.array(severity).min(1).optional(),
  hours: z.array(hours).min(1).optional(),
  /** In order: each at once, or after a time of its own. */
  tell: z.array(
    z.union([
      name.transform((contact) => ({ contact, after: 0 })),
      z.strictObject({ contact: name, after: duration.default(0) }),
    ]),
  ),
});

const responder = z.strictObject({
  name: z.string().min(1).optional(),
  zone: zone.optional(),
  contacts: z.array(contact).min(1),
  /** The first that fits decides; none fits: the first contact at once. The other contacts stand in when one fails. */
  rules: z.array(rule).default([]),
});
export type Responder = z.output<typeof responder>;

const layer = z.strictObject({
  name: z.string().optional(),
  rotation: z.enum(['daily', 'weekly']).default('weekly'),
  /** Days or weeks of each turn. */
  every: z.int().min(1).max(52).default(1),
  handoff: z
    .strictObject({ at: clockTime.default('09:00'), on: z.enum(weekdays).default('mon') })
    .default({ at: '09:00', on: 'mon' }),
  /** The first hand-off is on or after this day. */
  starts: day,
  ends: day.optional(),
  responders: z.array(name).min(1),
  restrict: z.array(hours).default([]),
});
export type Layer = z.output<typeof layer>;

const override = z.strictObject({
  /** Nobody where absent: a hole that is meant. */
  responder: name.optional(),
  from: instant,
  to: instant,
  reason: z.string().optional(),
});
export type Override = z.output<typeof override>;

const schedule = z.strictObject({
  zone,
  /** A later layer stands above an earlier one wherever it has somebody. */
  layers: z.array(layer).min(1),
  /** Above all layers; of two at once the later listed one. */
  overrides: z.array(override).default([]),
  /** True: hours that nobody covers are meant, no gap is reported. */
  gaps_allowed: z.boolean().default(false),
});
export type Schedule = z.output<typeof schedule>;

const target = z.union([z.strictObject({ responder: name }), z.strictObject({ schedule: name })]);
export type Target = z.output<typeof target>;

const step = z.strictObject({
  tell: z.array(target).min(1),
  /** Until the next step; without it, what the severity's acknowledge_within says. */
  wait: duration.optional(),
});

const escalationPolicy = z.strictObject({
  steps: z.array(step).min(1).max(20),
  /** Times that the steps run again after their first run. */
  repeat: z.int().min(0).max(20).default(2),
  /** False: told once each, nobody is asked to acknowledge, nothing escalates. */
  acknowledge: z.boolean().default(true),
  /** Which contacts are used, whatever a responder's rules say. */
  only_channels: z
    .array(z.enum(['email', 'webhook', 'slack', 'pagerduty', 'http']))
    .min(1)
    .optional(),
});
export type EscalationPolicy = z.output<typeof escalationPolicy>;

const severityDemand = z.strictObject({
  /** The escalation policy where no route says another; `none` lists and tells nobody. */
  policy: name.optional(),
  acknowledge_within: duration.optional(),
  /** Acknowledged and no update for so long: paged again. `0s` never. */
  update_every: duration.optional(),
  roles: z.array(name).default([]),
  tasks: z.array(z.strictObject({ title: z.string().min(1), role: name.optional() })).default([]),
  /** Stakeholders told when it opens, at each update and when it ends. */
  stakeholders: z.array(name).default([]),
});
export type SeverityDemand = z.output<typeof severityDemand>;

const silence = z.strictObject({
  id: name.optional(),
  match,
  from: instant.optional(),
  to: instant,
  reason: z.string().min(1),
  by: z.string().min(1),
});
const maintenance = z.strictObject({
  name: z.string().min(1),
  match: match.default({}),
  zone: zone.optional(),
  /** Once, from and to; or weekly by its hours. */
  from: instant.optional(),
  to: instant.optional(),
  weekly: z.array(hours).min(1).optional(),
});

export const planSchema = z.strictObject({
  zone: zone.default('UTC'),
  severities: z.partialRecord(severity, severityDemand).default({}),
  /** Level of a finding to severity. */
  rubric: z
    .strictObject({
      critical: severity.default('SEV1'),
      high: severity.default('SEV2'),
      medium: severity.default('SEV3'),
      low: severity.default('SEV4'),
    })
    .default({ critical: 'SEV1', high: 'SEV2', medium: 'SEV3', low: 'SEV4' }),
  /** The first that matches chooses the escalation policy; `none` lists and tells nobody. */
  routes: z.array(z.strictObject({ match, policy: name })).default([]),
  escalation_policies: z.record(name, escalationPolicy).default({}),
  schedules: z.record(name, schedule).default({}),
  responders: z.record(name, responder),
  /** Told when every step is exhausted or nobody could be reached. */
  fallback: name.optional(),
  runbook: z.string().optional(),
  runbooks: z.array(z.strictObject({ match, runbook: z.string().min(1) })).default([]),
  silences: z.array(silence).default([]),
  maintenance: z.array(maintenance).default([]),
  /** Incidents alike in `by` and within the time share the first one's page. */
  grouping: z
    .array(
      z.strictObject({ match: match.default({}), by: z.array(z.string()).min(1), within: duration.default(300_000) }),
    )
    .default([]),
  /** While an incident of `source` is open, those of `target` alike in `equal` page nobody. */
  inhibition: z
    .array(z.strictObject({ source: match, target: match, equal: z.array(z.string()).default([]) }))
    .default([]),
  stakeholders: z.record(name, z.strictObject({ contacts: z.array(contact).min(1) })).default({}),
  /** From the 21st page in a minute to one person. */
  bundling: z
    .strictObject({ on: z.boolean().default(true), after: z.int().min(1).default(20) })
    .default({ on: true, after: 20 }),
  /** Incidents of red_team, evaluation and control traffic. */
  non_production: z.enum(['list', 'page']).default('list'),
  /** Those who were paged are told when it is over. */
  resolved_notice: z.boolean().default(true),
  contact_checks: z.strictObject({ every: duration }).optional(),
  synthetic: z.strictObject({ every: duration, responder: name, contact: name.optional() }).optional(),
  dead_man: z.strictObject({ url: webUrl, every: duration.default(60_000) }).optional(),
  /** Others' heartbeats: miss one for longer than `within` and an incident opens. */
  heartbeats: z
    .record(
      name,
      z.strictObject({ within: duration, severity: severity.default('SEV2'), service: z.string().optional() }),
    )
    .default({}),
});

export type Plan = z.output<typeof planSchema>;

/** A plan and the hash that it is stamped by. */
export interface StampedPlan {
  readonly hash: string;
  readonly plan: Plan;
}

/** Reads plan.yml: a plan where there is no error; warnings may stand beside it. */
export function parsePlan(text: string, file: string): { readonly plan?: Plan; readonly problems: readonly Problem[] } {
  const read = readYaml(planSchema, text, file);
  if (read.value === undefined) return { problems: read.problems };
  const problems = inFileOrder([...read.problems, ...checkPlan(read.value, read)]);
  return hasErrors(problems) ? { problems } : { plan: read.value, problems };
}

/**
 * The plan where the policy has only a link: SEV1 and SEV2 page `responder` (an e-mail address) at once and again
 * every 5 minutes until acknowledged, SEV3 is mailed once, SEV4 is listed. `runbook` is the link, shown on every page.
 */
export function defaultPlan(options: { readonly responder: string; readonly runbook?: string }): Plan {
  return planSchema.parse({
    responders: { default: { contacts: [{ name: 'email', channel: 'email', address: options.responder }] } },
    escalation_policies: {
      page: { steps: [{ tell: [{ responder: 'default' }] }], repeat: 5 },
      mail: { steps: [{ tell: [{ responder: 'default' }] }], acknowledge: false },
    },
    severities: {
      SEV1: { policy: 'page', acknowledge_within: '5m', update_every: '1h' },
      SEV2: { policy: 'page', acknowledge_within: '10m', update_every: '4h' },
      SEV3: { policy: 'mail' },
      SEV4: { policy: 'none' },
    },
    fallback: 'default',
    ...(options.runbook && { runbook: options.runbook }),
  });
}
