/**
 * What `policy.yml` may say. The fields down to `incident_response_plan` are the user's own format, see
 * testdata/seed.good.yml; everything below it is optional and has a default. Names are the file's; policy.ts turns them
 * into the words of the code.
 */
import { z } from 'zod';
import { didYouMean } from '../config-file/index.js';
import { shippedBounds, type ScoredDetector } from '../detection/index.js';

export const strategies = ['full_release', 'staged_release', 'internal_only'] as const;
export const protocols = ['content_filter', 'moderation_api', 'rate_limit', 'user_feedback_loop'] as const;
export const assessments = ['not_started', 'pending', 'in_progress', 'completed', 'failed'] as const;
export const purposes = ['production', 'red_team', 'evaluation', 'control'] as const;
export const frequencies = ['hourly', 'daily', 'weekly'] as const;
export const egressLevels = ['none', 'sentence', 'text'] as const;
/** Checks that an outside service answers; what may leave is chosen for each. */
export const remoteChecks = ['fact_check', 'moderation', 'identity', 'embeddings'] as const;
/** Detectors whose score meets a threshold that a stage may set. */
export const scoredDetectors = Object.keys(shippedBounds) as [ScoredDetector, ...ScoredDetector[]];

export type Protocol = (typeof protocols)[number];
export type RemoteCheck = (typeof remoteChecks)[number];

const text = z.string().trim().min(1);
const share = z.number().min(0).max(1);

const day = z.string().refine(isDay, {
  error: ({ input }) => `found ${JSON.stringify(input)}, wanted a day of the calendar written YYYY-MM-DD`,
});

/** `72h` or `3d`, in milliseconds. */
const duration = z.string().regex(/^[1-9]\d{0,4}[hd]$/, {
  error: ({ input }) => `found ${JSON.stringify(input)}, wanted hours or days such as 72h or 3d, or off`,
});

const timezone = z.string().refine(isZone, {
  error: ({ input }) =>
    `found ${JSON.stringify(input)}, wanted an IANA time zone such as Europe/Berlin` +
    didYouMean(String(input), Intl.supportedValuesOf('timeZone')),
});

/** One or more of `known`, as the user writes them: a text with commas, or a list. */
function methods<const Known extends readonly [string, ...string[]]>(known: Known) {
  return z.union([z.string(), z.array(z.string())]).transform((written, context): Known[number][] => {
    const words = (typeof written === 'string' ? written.split(',') : written).map((word) => word.trim());
    const chosen = words.filter((word) => word !== '');
    for (const word of chosen) {
      if (isOneOf(known, word)) continue;
      const message = `found "${word}", wanted one or more of ${known.join(', ')}${didYouMean(word, known)}`;
      context.addIssue({ code: 'custom', message });
    }
    return [...new Set(chosen.filter((word) => isOneOf(known, word)))];
  });
}

function isOneOf<Known extends readonly string[]>(known: Known, word: string): word is Known[number] {
  return known.includes(word);
}

const stage = z.strictObject({
  name: text.meta({ description: 'The name that events carry in `stage`.' }),
  audience: text.meta({ description: 'Who may be served: the `account.audience` of its events.' }),
  duration_days: z.int().min(1).meta({ description: 'How long the stage may run.' }),
  risk_assessment_status: z
    .enum(assessments)
    .meta({ description: 'Anything but `completed` makes a running stage a finding.' }),
  safety_protocols_enabled: z
    .array(z.enum(protocols))
    .meta({ description: 'What the deployment says it runs; each is verified.' }),
  started_on: day
    .optional()
    .meta({ description: 'First day of the stage, in `timezone`; else the day of its first event.' }),
  requests_per_minute: z.int().min(1).default(60).meta({ description: 'What `rate_limit` allows one account.' }),
  thresholds: z
    .partialRecord(z.enum(scoredDetectors), share)
    .default({})
    .meta({ description: 'Scores from which a detector reports, instead of the published ones.' }),
});

const mitigation = z.strictObject({
  disinformation_detection: methods(['built_in', 'external_api_integration']).optional(),
  bias_reduction: methods(['dataset_audits', 'fairness_metrics']).optional(),
  impersonation_prevention: methods(['built_in', 'user_identity_verification']).optional(),
});

const source = z
  .strictObject({
    source: text.optional().meta({ description: 'The CloudEvents `source`; a `*` at its end stands for any rest.' }),
    topic: text.optional().meta({ description: 'A topic instead, such as tocsin.feedback; for `retention` alone.' }),
    verdicts: z.array(text).default([]).meta({ description: 'Detectors it may speak verdicts for; `*` is all.' }),
    purpose: z.array(z.enum(purposes)).default([]).meta({ description: 'Purposes it may claim beside production.' }),
    verified_as: z.boolean().default(false).meta({ description: 'Whether it may say who an account is verified as.' }),
    retention: z.literal('none').optional().meta({ description: 'Keep nothing of the content of its events.' }),
  })
  .superRefine((value, context) => {
    const say = (message: string) => context.addIssue({ code: 'custom', message });
    if ((value.source === undefined) === (value.topic === undefined)) {
      const both = value.source === undefined ? 'neither source nor topic' : 'both source and topic';
      say(`found ${both}, wanted one of the two`);
    }
    if (value.topic !== undefined && (value.verdicts.length > 0 || value.purpose.length > 0 || value.verified_as)) {
      say(
        'found trust given to a topic, wanted `retention: none` alone: anyone who may write to a topic would have it',
      );
    }
  });

const service = z.strictObject({
  url: z
    .url({
      protocol: /^https?$/,
      error: ({ input }) => `found ${JSON.stringify(input)}, wanted an address such as https://host/path`,
    })
    .meta({ description: 'Its address, http or https.' }),
  key_file: text.optional().meta({ description: 'A file on the machine that holds its key.' }),
  allow_private: z.boolean().default(false).meta({ description: 'Whether it may stand in a private network.' }),
  per_day: z.int().min(0).optional().meta({ description: 'Calls a UTC day and verifier at most; else 10,000.' }),
  sample: share.optional().meta({
    description:
      'For moderation: the share of all outputs that is asked about; else only those that were not moderated.',
  }),
});

const audit = z.strictObject({
  dataset: text.meta({ description: 'What was audited.' }),
  date: day.meta({ description: 'When.' }),
  by: text.optional().meta({ description: 'Who did it.' }),
  link: text.optional().meta({ description: 'Where the report is.' }),
});

export const policyFile = z
  .strictObject({
    model_name: text.meta({ description: 'The model that this policy is for, as its events name it.' }),
    version: text.meta({ description: 'The version in force.' }),
    deployment_strategy: z.enum(strategies).meta({ description: 'Whether a stage limits who may be served.' }),
    release_stages: z.array(stage).min(1).meta({ description: 'The stages of the release, in order.' }),
    risk_mitigation_plan: z.array(mitigation).meta({ description: 'What is done against which risk.' }),
    monitoring_frequency: z.enum(frequencies).meta({ description: 'How often the monitoring report is made.' }),
    incident_response_plan: text.meta({ description: 'A plan file of this folder (.yml), or a link to your runbook.' }),
    versions: z.array(text).min(1).optional().meta({ description: 'All versions in force; else `version` alone.' }),
    timezone: timezone.default('UTC').meta({ description: 'For reports and days.' }),
    personas: z.array(text).default([]).meta({ description: 'Names that your own assistants may bear.' }),
    shadow: z
      .array(text)
      .default([])
      .meta({ description: 'Detectors or rules whose findings are kept and page nobody.' }),
    publish_first_threshold: z.boolean().default(false).meta({
      description: 'Whether the first threshold computed from your traffic is put in force without a person.',
    }),
    output_index: z
      .union([z.literal('off'), duration])
      .default('72h')
      .meta({ description: 'How long outputs can be found again, or off.' }),
    sources: z.array(source).default([]).meta({ description: 'Which source may say what.' }),
    services: z
      .partialRecord(z.enum(remoteChecks), service)
      .default({})
      .meta({ description: 'Outside services, by check.' }),
    egress: z
      .partialRecord(z.enum(remoteChecks), z.enum(egressLevels))
      .default({})
      .meta({ description: 'How much of a text may leave for each check; nothing where a check is not named.' }),
    audits: z.array(audit).default([]).meta({ description: 'Dataset audits that were done.' }),
  })
  .meta({ title: 'Tocsin policy', description: 'A responsible-deployment policy: one model and its release stages.' });

export type PolicyFile = z.output<typeof policyFile>;

function isDay(written: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(written)) return false;
  const at = new Date(`${written}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(written);
}

function isZone(written: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: written }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
