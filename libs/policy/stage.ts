/**
 * By which stage is an event judged? By the one it names, where its model, version and stage are known; else by the
 * strictest: each detector at the lowest threshold of any stage, and every detector that any of them switches on.
 */
import { shippedBounds, type ScoredDetector, type StageContext } from '../detection/index.js';
import type { Mitigation, Policy, Stage } from './policy.js';
import type { PublishedThreshold } from './threshold.js';

export type Thresholds = Readonly<Record<ScoredDetector, Threshold>>;

/** A score from which a detector reports; `version` is the published row's, absent for the policy's own and for a floor. */
export interface Threshold {
  readonly value: number;
  readonly version?: number;
}

export type Unknown = 'model' | 'version' | 'stage';

export interface StageChoice {
  /** The policy of the event's model; undefined for an unknown model. */
  readonly policy?: Policy;
  /** The stage it names; undefined where that is unknown. A stage may be known while the version is not. */
  readonly stage?: Stage;
  /** What was missing or is in no policy; not empty means: judged at the strictest. */
  readonly unknown: readonly Unknown[];
  /** Of every scored detector. */
  readonly thresholds: Thresholds;
  /** The same, as detectors take it. */
  readonly context: StageContext;
  readonly mitigation: Mitigation;
  readonly personas: readonly string[];
}

/** What of an event chooses its stage. */
export interface Staged {
  readonly model?: string;
  readonly version?: string;
  readonly stage?: string;
}

/** Ready to choose: one look-up an event, and no memory that an event's own words could grow. */
export interface StageIndex {
  choose(event: Staged): StageChoice;
}

/**
 * `published` are the rows in force (see `Thresholds.inForce`), one for each model, stage and detector; a threshold that
 * the policy sets itself stands above them, and all are held between the detector's shipped bounds.
 */
export function stageIndex(policies: readonly Policy[], published: readonly PublishedThreshold[] = []): StageIndex {
  const rows = new Map(published.map((row) => [stageKey(row.model, row.stage, row.detector), row]));
  const everywhere: Thresholds[] = [];
  const byModel = new Map<string, (event: Staged) => StageChoice>();

  for (const policy of policies) {
    const { mitigation, personas } = policy;
    const own = policy.stages.map((stage) => ({ stage, thresholds: thresholdsOf(policy, stage, rows) }));
    everywhere.push(...own.map(({ thresholds }) => thresholds));
    const strictest = lowest(own.map(({ thresholds }) => thresholds));
    const choice = (thresholds: Thresholds, unknown: readonly Unknown[], stage?: Stage): StageChoice => ({
      policy,
      ...(stage ? { stage } : {}),
      unknown,
      thresholds,
      context: contextOf(thresholds, stage?.name),
      mitigation,
      personas,
    });
    const versions = new Set(policy.versions);
    const known = new Map(own.map(({ stage, thresholds }) => [stage.name, choice(thresholds, [], stage)]));
    const ofOtherVersion = new Map(own.map(({ stage }) => [stage.name, choice(strictest, ['version'], stage)]));
    const noStage = choice(strictest, ['stage']);
    const neither = choice(strictest, ['version', 'stage']);
    byModel.set(policy.model, ({ version = '', stage = '' }) =>
      versions.has(version) ? (known.get(stage) ?? noStage) : (ofOtherVersion.get(stage) ?? neither),
    );
  }

  const thresholds = lowest(everywhere);
  const stranger: StageChoice = {
    unknown: ['model'],
    thresholds,
    context: contextOf(thresholds),
    mitigation: anyOf(policies.map(({ mitigation }) => mitigation)),
    personas: [],
  };
  return { choose: (event) => byModel.get(event.model ?? '')?.(event) ?? stranger };
}

const detectors = Object.keys(shippedBounds) as ScoredDetector[];

function stageKey(...names: readonly string[]): string {
  return names.join('\u0000');
}

function thresholdsOf(policy: Policy, stage: Stage, rows: ReadonlyMap<string, PublishedThreshold>): Thresholds {
  return eachDetector((detector): Threshold => {
    const { floor, ceiling } = shippedBounds[detector];
    const hold = (value: number) => Math.min(ceiling, Math.max(floor, value));
    const own = stage.thresholds[detector];
    if (own !== undefined) return { value: hold(own) };
    const row = rows.get(stageKey(policy.model, stage.name, detector));
    return row ? { value: hold(row.value), version: row.version } : { value: floor };
  });
}

/** Each detector's lowest of all. */
function lowest(stages: readonly Thresholds[]): Thresholds {
  return eachDetector((detector): Threshold => {
    const [first, ...rest] = stages.map((stage) => stage[detector]);
    const start = first ?? { value: shippedBounds[detector].floor };
    return rest.reduce((least, each) => (each.value < least.value ? each : least), start);
  });
}

function eachDetector<T>(of: (detector: ScoredDetector) => T): Readonly<Record<ScoredDetector, T>> {
  return Object.fromEntries(detectors.map((detector) => [detector, of(detector)])) as Record<ScoredDetector, T>;
}

function contextOf(thresholds: Thresholds, name?: string): StageContext {
  const versions = detectors.flatMap((detector) => thresholds[detector].version ?? []);
  return {
    ...(name === undefined ? {} : { name }),
    thresholds: eachDetector((detector) => thresholds[detector].value),
    // Rows are numbered one after another, so the newest of them names the state of all.
    ...(versions.length > 0 ? { thresholdVersion: Math.max(...versions) } : {}),
  };
}

function anyOf(plans: readonly Mitigation[]): Mitigation {
  const any = (field: keyof Mitigation) => plans.some((plan) => plan[field]);
  return {
    disinformation: any('disinformation'),
    factCheck: any('factCheck'),
    datasetAudits: any('datasetAudits'),
    fairnessMetrics: any('fairnessMetrics'),
    impersonation: any('impersonation'),
    identityVerification: any('identityVerification'),
  };
}
