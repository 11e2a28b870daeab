/** An incident: findings that share a correlation key, or another tool's alarm, with a severity and a life cycle. */
import { createHash } from 'node:crypto';
import type { Finding, Level } from './finding.js';

/** SEV1 is the highest. */
export const severities = ['SEV1', 'SEV2', 'SEV3', 'SEV4'] as const;
export type Severity = (typeof severities)[number];

export const statuses = ['open', 'acknowledged', 'resolved'] as const;
export type Status = (typeof statuses)[number];

/**
 * `detection` has findings; `external` came by /v2/enqueue; `operation` is Tocsin's word about itself (a flood, a
 * partition that stopped); `synthetic` is a test page, left out of lists and reports.
 */
export const kinds = ['detection', 'external', 'operation', 'synthetic'] as const;
export type IncidentKind = (typeof kinds)[number];

export interface Incident {
  /** 32 hex digits: hash(correlation key, opening finding). */
  readonly id: string;
  /** For people; grows, with gaps. */
  readonly number: number;
  readonly kind: IncidentKind;
  readonly title: string;
  readonly status: Status;
  readonly severity: Severity;
  readonly detector?: string;
  readonly rule?: string;
  /** The group-by values of the opening rule, by default `{account}`. */
  readonly key: Readonly<Record<string, string>>;
  readonly keyHash: string;
  readonly stage?: string;
  readonly model?: string;
  readonly purpose?: string;
  /** 1 at opening, one more when it opens again or turns worse while open: pages of an older round are void. */
  readonly round: number;
  readonly openedAt: Date;
  /** The opening event's own time. */
  readonly eventAt: Date;
  /** How long after its event it opened, in milliseconds, where that is over an hour; else 0. */
  readonly lateMs: number;
  readonly acknowledgedAt?: Date;
  readonly acknowledgedBy?: string;
  readonly resolvedAt?: Date;
  readonly resolvedBy?: string;
  readonly resolution?: string;
  readonly mergedInto?: string;
  /** Of external incidents: the routing key's id. */
  readonly routingKey?: string;
  /** Of incidents without findings: what the other tool said. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Hash of the bundle in force at opening. */
  readonly bundle?: string;
}

/** The resolution by which a person says that the findings were wrong. */
export const falsePositive = 'false_positive';

/** What may open an incident, and how severe it then is. */
export interface OpeningPolicy {
  /** Purposes whose findings may open incidents; `production` unless the plan says more. */
  readonly purposes: readonly string[];
  /** Milliseconds after a resolve within which the same key re-opens rather than opens anew; 24 h. */
  readonly reopenWithin: number;
  severityOf(finding: Finding): Severity;
}

const severityOfLevel = { critical: 'SEV1', high: 'SEV2', medium: 'SEV3', low: 'SEV4' } as const satisfies Record<
  Level,
  Severity
>;

export const defaultOpening: OpeningPolicy = {
  purposes: ['production'],
  reopenWithin: 24 * 3_600_000,
  severityOf: (finding) => severityOfLevel[finding.level],
};

/** True when `a` is more severe than `b`. */
export function isWorse(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) < severities.indexOf(b);
}

/** What findings share to be one incident: the opening rule (else detector) and its group-by values. */
export interface CorrelationKey {
  readonly opener: string;
  readonly values: Readonly<Record<string, string>>;
}

/** A finding's own key, apart for each purpose: its `group` where its rule groups, else the account, else what there is: stage and model. */
export function keyOf(finding: Finding): CorrelationKey {
  const { purpose } = finding.subject;
  const values = finding.group ? named(finding.group) : defaultGroup(finding);
  return {
    opener: finding.rule ?? finding.detector,
    // Red-team runs and controls never mix with what real users did.
    values: purpose === undefined || purpose === 'production' ? values : { ...values, purpose },
  };
}

/** Whoever is paged or filters reads one name for one thing, whether a rule grouped by the field or nothing did. */
function named(group: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(group).map(([field, value]) => [keyNames[field] ?? field, value]));
}

const keyNames: Readonly<Record<string, string>> = { 'account.id': 'account', 'model.name': 'model' };

function defaultGroup({ subject, matched }: Finding): Record<string, string> {
  if (subject.account !== undefined) return { account: subject.account };
  const group: Record<string, string> = {};
  if (subject.model !== undefined) group['model'] = subject.model;
  if (subject.stage !== undefined) group['stage'] = subject.stage;
  return Object.keys(group).length > 0 ? group : { subject: matched };
}

export function keyHash(key: CorrelationKey): string {
  const values = Object.entries(key.values).sort(([a], [b]) => (a < b ? -1 : 1));
  return digest(`${key.opener}\u0000${values.map(([name, value]) => `${name}\u0001${value}`).join('\u0000')}`);
}

export function incidentId(hash: string, openingFinding: string): string {
  return digest(`${hash}\u0000${openingFinding}`);
}

/** 32 hex digits of SHA-256. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
