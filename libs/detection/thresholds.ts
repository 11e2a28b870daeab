/**
 * From what score on does a detector speak? Floors are shipped, measured on ordinary text; a stage may publish its own
 * threshold between floor and ceiling (it is never adaptive). Labels of the offline verbs follow the floor.
 */

export const detectorNames = [
  'disinformation',
  'compliance',
  'impersonation',
  'lookalike',
  'harmful',
  'language',
  'feedback',
  'campaign',
  'conversation',
  'rules',
] as const;
export type DetectorName = (typeof detectorNames)[number];

export interface Bounds {
  readonly floor: number;
  readonly ceiling: number;
}

export const shippedBounds = {
  disinformation: { floor: 0.5, ceiling: 0.9 },
  compliance: { floor: 0.5, ceiling: 0.98 },
  impersonation: { floor: 0.5, ceiling: 0.95 },
  lookalike: { floor: 0.5, ceiling: 0.95 },
  harmful: { floor: 0.5, ceiling: 0.95 },
} as const satisfies Partial<Record<DetectorName, Bounds>>;
export type ScoredDetector = keyof typeof shippedBounds;

/** What the policy's stage says of thresholds; the strictest stage where an event names none. */
export interface StageContext {
  readonly name?: string;
  readonly thresholds?: Readonly<Partial<Record<string, number>>>;
  /** Of the published row, stored on each finding. */
  readonly thresholdVersion?: number;
}

/** The stage's threshold, held between the shipped bounds. */
export function thresholdOf(detector: ScoredDetector, stage: StageContext): number {
  const { floor, ceiling } = shippedBounds[detector];
  const own = stage.thresholds?.[detector];
  return own === undefined ? floor : Math.min(ceiling, Math.max(floor, own));
}

/** Each detector at the lowest threshold of any stage: for events of unknown model or stage. */
export function strictest(stages: readonly StageContext[]): StageContext {
  const thresholds: Partial<Record<string, number>> = {};
  for (const detector of Object.keys(shippedBounds) as ScoredDetector[]) {
    thresholds[detector] = Math.min(
      ...stages.map((stage) => thresholdOf(detector, stage)),
      shippedBounds[detector].ceiling,
    );
  }
  return { thresholds };
}
