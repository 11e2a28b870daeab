/**
 * How detectors score a model's outputs, for thresholds that a person publishes (promise 10). An account counts at most
 * 20 times a day, as far as this copy has seen it, so that nobody moves a threshold by talking much.
 */

export interface Scored {
  readonly day: string;
  readonly model: string;
  readonly version: string;
  readonly stage: string;
  readonly account: string;
  /** 0 to 1, by detector. */
  readonly scores: Readonly<Partial<Record<string, number>>>;
}

export interface ScoreRow {
  readonly day: string;
  readonly model: string;
  readonly version: string;
  readonly stage: string;
  readonly detector: string;
  readonly bucket: number;
  readonly count: number;
}

export const countsAnAccountAndDay = 20;
const accountsRemembered = 200_000;
const lastBucket = 1_000;

export class ScoreSheet {
  private readonly accounts = new Map<string, number>();
  private counts = new Map<string, Map<string, Int32Array>>();

  add({ day, model, version, stage, account, scores }: Scored): void {
    if (isEmpty(scores)) return;
    const who = `${day}\u0000${account}`;
    const times = this.accounts.get(who) ?? 0;
    if (times >= countsAnAccountAndDay) return;
    if (this.accounts.size >= accountsRemembered) this.accounts.clear();
    this.accounts.set(who, times + 1);
    const place = `${day}\u0000${model}\u0000${version}\u0000${stage}`;
    let detectors = this.counts.get(place);
    if (!detectors) this.counts.set(place, (detectors = new Map()));
    for (const [detector, score] of Object.entries(scores)) {
      if (score === undefined) continue;
      let buckets = detectors.get(detector);
      if (!buckets) detectors.set(detector, (buckets = new Int32Array(lastBucket + 1)));
      // The tiny addend keeps 0.29 * 1000 in its own bucket.
      buckets[Math.min(lastBucket, Math.max(0, Math.floor(score * lastBucket + 1e-9)))]!++;
    }
  }

  /** What was added since the last call. */
  take(): ScoreRow[] {
    const rows: ScoreRow[] = [];
    for (const [place, detectors] of this.counts) {
      const [day = '', model = '', version = '', stage = ''] = place.split('\u0000');
      for (const [detector, buckets] of detectors)
        buckets.forEach((count, bucket) => {
          if (count > 0) rows.push({ day, model, version, stage, detector, bucket, count });
        });
    }
    this.counts = new Map();
    return rows;
  }
}

function isEmpty(scores: Scored['scores']): boolean {
  for (const _ in scores) return false;
  return true;
}
