/**
 * Reads one policy file: what it says, in the words of the code, and what is wrong with it. Checks that need more than
 * one field stand here; checks that need other files stand in bundle.ts.
 */
import { readYaml, type Problem, type Reading } from '../config-file/index.js';
import { shippedBounds, type ScoredDetector } from '../detection/index.js';
import { policyFile, type PolicyFile, type Protocol, type RemoteCheck } from './schema.js';

export interface Stage {
  readonly name: string;
  readonly audience: string;
  readonly durationDays: number;
  readonly riskAssessment: PolicyFile['release_stages'][number]['risk_assessment_status'];
  readonly protocols: readonly Protocol[];
  /** What `rate_limit` allows one account. */
  readonly requestsPerMinute: number;
  /** Midnight of `started_on` in the policy's zone, milliseconds since 1970. */
  readonly startedAt?: number;
  /** Set by the policy, and so not to be published over. */
  readonly thresholds: Readonly<Partial<Record<ScoredDetector, number>>>;
}

/** What the risk mitigation plan switches on. */
export interface Mitigation {
  readonly disinformation: boolean;
  /** Asks an outside fact-check service; `unchecked` where it has no address. */
  readonly factCheck: boolean;
  readonly datasetAudits: boolean;
  readonly fairnessMetrics: boolean;
  readonly impersonation: boolean;
  /** Verified identities of accounts are joined, and asked of the identity service where it has an address. */
  readonly identityVerification: boolean;
}

export interface SourceTrust {
  /** Exactly one of the two is there. A `*` at the source's end stands for any rest. */
  readonly source?: string;
  readonly topic?: string;
  readonly verdicts: readonly string[];
  readonly purposes: readonly string[];
  readonly verifiedAs: boolean;
  readonly ephemeral: boolean;
}

/** What `incident_response_plan` was taken for: a file of the folder, or the runbook that stands on every page. */
export type IncidentResponsePlan =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'link'; readonly text: string; readonly url?: string };

export interface Service {
  readonly url: string;
  readonly keyFile?: string;
  readonly allowPrivate: boolean;
  /** Calls a UTC day and verifier. */
  readonly perDay?: number;
  /** The share of all outputs that moderation is asked about. */
  readonly sample?: number;
}

export interface Audit {
  readonly dataset: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly by?: string;
  readonly link?: string;
}

export interface Policy {
  readonly file: string;
  readonly model: string;
  /** Those in force; never empty. */
  readonly versions: readonly string[];
  readonly strategy: PolicyFile['deployment_strategy'];
  /** Never empty, names are unique. */
  readonly stages: readonly Stage[];
  readonly mitigation: Mitigation;
  readonly frequency: PolicyFile['monitoring_frequency'];
  readonly timezone: string;
  readonly incidentResponsePlan: IncidentResponsePlan;
  readonly personas: readonly string[];
  readonly shadow: readonly string[];
  readonly publishFirstThreshold: boolean;
  /** Milliseconds; undefined where the index is off. */
  readonly outputIndexMs?: number;
  readonly sources: readonly SourceTrust[];
  readonly services: Readonly<Partial<Record<RemoteCheck, Service>>>;
  readonly egress: Readonly<Record<RemoteCheck, 'none' | 'sentence' | 'text'>>;
  readonly audits: readonly Audit[];
}

/** The reading's places are for checks against other files. */
export interface PolicyReading {
  readonly policy?: Policy;
  readonly problems: Problem[];
  readonly at: Pick<Reading<PolicyFile>, 'error' | 'warning'>;
}

export function parsePolicy(text: string, file: string): PolicyReading {
  const read = readYaml(policyFile, text, file);
  const problems = [...read.problems];
  if (read.value === undefined) return { problems, at: read };
  problems.push(
    ...versionsInForce(read.value, read),
    ...repeatedStages(read.value, read),
    ...unservedChecks(read.value, read),
    ...idleThresholds(read.value, read),
  );
  return { policy: toPolicy(read.value, file), problems, at: read };
}

function versionsInForce({ version, versions }: PolicyFile, read: PolicyReading['at']): Problem[] {
  if (versions === undefined || versions.includes(version)) return [];
  const message = `versions: "${version}" is not among them, so its outputs are of an unknown version; wanted all versions in force`;
  return [read.warning(['versions'], message)];
}

function repeatedStages(policy: PolicyFile, read: PolicyReading['at']): Problem[] {
  return policy.release_stages.flatMap(({ name }, index) =>
    policy.release_stages.findIndex((stage) => stage.name === name) < index
      ? [
          read.error(
            ['release_stages', index, 'name'],
            `release_stages[${index}].name: found "${name}" a second time, wanted a name of its own for each stage`,
          ),
        ]
      : [],
  );
}

const asks: readonly { entry: keyof PolicyFile['risk_mitigation_plan'][number]; method: string; check: RemoteCheck }[] =
  [
    { entry: 'disinformation_detection', method: 'external_api_integration', check: 'fact_check' },
    { entry: 'impersonation_prevention', method: 'user_identity_verification', check: 'identity' },
  ];

/** A method that needs an outside service still loads without one: its checks read `unchecked`, and here is why. */
function unservedChecks(policy: PolicyFile, read: PolicyReading['at']): Problem[] {
  const problems: Problem[] = [];
  policy.risk_mitigation_plan.forEach((entry, index) => {
    for (const { entry: name, method, check } of asks) {
      const chosen: readonly string[] = entry[name] ?? [];
      // Identities verified by the deployment arrive with its events, so that method works without a service.
      const optional = check === 'identity' && policy.sources.some(({ verified_as }) => verified_as);
      if (!chosen.includes(method) || policy.services[check] || optional) continue;
      const also = check === 'identity' ? ', or a source with `verified_as: true`' : '';
      problems.push(
        read.warning(
          ['risk_mitigation_plan', index, name],
          `${name}: ${method} has no address, so reports will say "unchecked": add services.${check}.url${also}`,
        ),
      );
    }
  });
  for (const check of Object.keys(policy.services) as RemoteCheck[]) {
    if ((policy.egress[check] ?? 'none') !== 'none') continue;
    problems.push(
      read.warning(
        ['services', check],
        `services.${check}: nothing may leave for it, so reports will say "unchecked": add egress.${check}: sentence (or text)`,
      ),
    );
  }
  return problems;
}

/** Thresholds of detectors that are off, and those that the shipped bounds will hold elsewhere. */
function idleThresholds(policy: PolicyFile, read: PolicyReading['at']): Problem[] {
  const on = mitigationOf(policy);
  const off = new Set([
    ...(on.disinformation ? [] : ['disinformation']),
    ...(on.impersonation ? [] : ['impersonation', 'lookalike']),
  ]);
  return policy.release_stages.flatMap(({ thresholds }, index) =>
    (Object.entries(thresholds) as [ScoredDetector, number][]).flatMap(([detector, value]) => {
      const say = (message: string) =>
        read.warning(['release_stages', index, 'thresholds', detector], `thresholds.${detector}: ${message}`);
      const { floor, ceiling } = shippedBounds[detector];
      if (off.has(detector)) return [say('the risk mitigation plan does not switch this detector on')];
      if (value >= floor && value <= ceiling) return [];
      return [
        say(
          `found ${value}, which is held at ${value < floor ? floor : ceiling}; wanted ${floor} to ${ceiling}, the bounds from development data`,
        ),
      ];
    }),
  );
}

function toPolicy(file: PolicyFile, name: string): Policy {
  return {
    file: name,
    model: file.model_name,
    versions: [...new Set(file.versions ?? [file.version])],
    strategy: file.deployment_strategy,
    stages: file.release_stages.map((stage) => ({
      name: stage.name,
      audience: stage.audience,
      durationDays: stage.duration_days,
      riskAssessment: stage.risk_assessment_status,
      protocols: [...new Set(stage.safety_protocols_enabled)],
      requestsPerMinute: stage.requests_per_minute,
      ...(stage.started_on === undefined ? {} : { startedAt: midnight(stage.started_on, file.timezone) }),
      thresholds: stage.thresholds,
    })),
    mitigation: mitigationOf(file),
    frequency: file.monitoring_frequency,
    timezone: file.timezone,
    incidentResponsePlan: planReference(file.incident_response_plan),
    personas: file.personas,
    shadow: file.shadow,
    publishFirstThreshold: file.publish_first_threshold,
    ...(file.output_index === 'off' ? {} : { outputIndexMs: milliseconds(file.output_index) }),
    sources: file.sources.map(({ purpose, verified_as, retention, ...rest }) => ({
      ...rest,
      purposes: purpose,
      verifiedAs: verified_as,
      ephemeral: retention === 'none',
    })),
    services: Object.fromEntries(
      Object.entries(file.services).map(([check, { url, key_file, allow_private, per_day, sample }]) => [
        check,
        {
          url,
          ...(key_file === undefined ? {} : { keyFile: key_file }),
          allowPrivate: allow_private,
          ...(per_day === undefined ? {} : { perDay: per_day }),
          ...(sample === undefined ? {} : { sample }),
        },
      ]),
    ),
    egress: { fact_check: 'none', moderation: 'none', identity: 'none', embeddings: 'none', ...file.egress },
    audits: file.audits,
  };
}

function mitigationOf(file: PolicyFile): Mitigation {
  const entries = file.risk_mitigation_plan;
  const has = (entry: keyof (typeof entries)[number], method: string) =>
    entries.some((each) => (each[entry] as readonly string[] | undefined)?.includes(method));
  return {
    disinformation: entries.some((entry) => entry.disinformation_detection !== undefined),
    factCheck: has('disinformation_detection', 'external_api_integration'),
    datasetAudits: has('bias_reduction', 'dataset_audits'),
    fairnessMetrics: has('bias_reduction', 'fairness_metrics'),
    impersonation: entries.some((entry) => entry.impersonation_prevention !== undefined),
    identityVerification: has('impersonation_prevention', 'user_identity_verification'),
  };
}

/** A name that ends in .yml or .yaml is a file of the folder; everything else is the runbook, a link where it has a scheme. */
export function planReference(written: string): IncidentResponsePlan {
  if (/\.ya?ml$/i.test(written)) return { kind: 'path', path: written.replace(/^\.\//, '') };
  return /^https?:\/\//i.test(written) && URL.canParse(written)
    ? { kind: 'link', text: written, url: written }
    : { kind: 'link', text: written };
}

function milliseconds(duration: string): number {
  return Number.parseInt(duration, 10) * (duration.endsWith('d') ? 86_400_000 : 3_600_000);
}

/** The instant at which `day` begins in `zone`. */
function midnight(day: string, zone: string): number {
  return Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds;
}
