/**
 * Thresholds are published, not adaptive: from a histogram of the deployment's own scores one is computed and proposed,
 * and a person (or, for the first, the policy) puts it in force. So a surge of misuse never raises its own threshold.
 */

/** A row in force: what a finding's `thresholdVersion` names. */
export interface PublishedThreshold {
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly effectiveFrom: number;
  readonly model: string;
  readonly stage: string;
  readonly detector: string;
  /** 0 to 1, between the two bounds from development data. */
  readonly value: number;
  readonly floor: number;
  readonly ceiling: number;
  readonly publishedBy: string;
}

/** How often an account counts in a day, so that one loud account makes no threshold. */
export const countsPerAccountAndDay = 20;
/** Outputs of a new model version or stage before the first proposal. */
export const outputsBeforeProposal = 10_000;
/** Buckets of a histogram of scores: a thousandth each, and the last for 1 alone. */
export const scoreBuckets = 1_001;

/** The bucket of a score from 0 to 1; a bucket's number is its lowest score in thousandths. */
export function scoreBucket(score: number): number {
  return Math.min(scoreBuckets - 1, Math.max(0, Math.floor(score * 1_000 + 1e-9)));
}

export interface ScoreHistogram {
  /** Counted outputs by bucket, `scoreBuckets` of them; confirmed findings and an account's 21st of a day left out. */
  readonly counts: readonly number[];
  /** All outputs of that model and stage, also those not counted. */
  readonly outputs: number;
}

export type Proposal =
  | { readonly outcome: 'too_few'; readonly outputs: number; readonly wanted: number }
  | {
      readonly outcome: 'proposed';
      readonly value: number;
      /** Share of the counted outputs at or over the value, with its 95 % interval (Wilson). */
      readonly share: number;
      readonly interval: readonly [number, number];
      /** Where a bound decided, and not the traffic. */
      readonly bound?: 'floor' | 'ceiling';
    };

/**
 * The lowest threshold at which at most `targetShare` of the deployment's ordinary outputs (upper end of the interval)
 * would be reported, held between floor and ceiling.
 */
export function proposeThreshold(
  histogram: ScoreHistogram,
  limits: { readonly floor: number; readonly ceiling: number },
  targetShare = 0.001,
): Proposal {
  if (histogram.outputs < outputsBeforeProposal) {
    return { outcome: 'too_few', outputs: histogram.outputs, wanted: outputsBeforeProposal };
  }
  const total = histogram.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return { outcome: 'too_few', outputs: 0, wanted: outputsBeforeProposal };
  const first = scoreBucket(limits.floor);
  const last = scoreBucket(limits.ceiling);
  // From above: the tail at or over each bucket's lower edge, down to the lowest that still holds the target.
  let tail = sum(histogram.counts, last);
  let bucket = last;
  while (bucket > first && wilson(tail + count(histogram, bucket - 1), total)[1] <= targetShare) {
    bucket--;
    tail += count(histogram, bucket);
  }
  const bound = bucket === first ? 'floor' : bucket === last ? 'ceiling' : undefined;
  const value = bound ? limits[bound] : bucket / 1_000;
  return {
    outcome: 'proposed',
    value,
    share: tail / total,
    interval: wilson(tail, total),
    ...(bound ? { bound } : {}),
  };
}

function count(histogram: ScoreHistogram, bucket: number): number {
  return histogram.counts[bucket] ?? 0;
}

function sum(counts: readonly number[], from: number): number {
  return counts.slice(from).reduce((total, each) => total + each, 0);
}

/** The Wilson interval of a share, 95 %. */
export function wilson(hits: number, total: number): readonly [number, number] {
  if (total === 0) return [0, 1];
  const z = 1.959964;
  const share = hits / total;
  const centre = share + (z * z) / (2 * total);
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}
