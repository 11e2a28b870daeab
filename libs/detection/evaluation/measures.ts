/** How good is a ranking, and how sure are we? Recall at a false-positive rate, ROC, MAP, Rand index, Wilson intervals. */

export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Wilson's 95 % interval of `hits` in `count`. */
export function share(hits: number, count: number): Share {
  if (count === 0) return { value: 0, low: 0, high: 1, count };
  const z = 1.96;
  const p = hits / count;
  const scale = 1 + (z * z) / count;
  const middle = (p + (z * z) / (2 * count)) / scale;
  const half = (z * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count))) / scale;
  return { value: p, low: Math.max(0, middle - half), high: Math.min(1, middle + half), count };
}

/** Share of the positives that score above all but `rate` of the negatives. */
export function recallAt(positives: readonly number[], negatives: readonly number[], rate: number): Share {
  const sorted = negatives.toSorted((a, b) => b - a);
  const threshold = sorted[Math.floor(sorted.length * rate)] ?? -Infinity;
  return share(positives.filter((score) => score > threshold).length, positives.length);
}

export function fires(scores: readonly number[], threshold: number): Share {
  return share(scores.filter((score) => score >= threshold).length, scores.length);
}

/** Area under the ROC curve: the chance that a positive scores above a negative, ties half. */
export function rocArea(positives: readonly number[], negatives: readonly number[]): number {
  const all = [
    ...positives.map((score) => ({ score, positive: true })),
    ...negatives.map((score) => ({ score, positive: false })),
  ].sort((a, b) => a.score - b.score);
  let ranks = 0;
  for (let at = 0; at < all.length;) {
    let end = at;
    while (end < all.length && all[end]?.score === all[at]?.score) end++;
    const rank = (at + 1 + end) / 2;
    for (let i = at; i < end; i++) if (all[i]?.positive) ranks += rank;
    at = end;
  }
  const p = positives.length;
  const n = negatives.length;
  return p === 0 || n === 0 ? 0 : (ranks - (p * (p + 1)) / 2) / (p * n);
}

/** Average precision over the first `k`, as CheckThat! counts it. */
export function averagePrecision(ranked: readonly string[], relevant: ReadonlySet<string>, k: number): number {
  let hits = 0;
  let sum = 0;
  ranked.slice(0, k).forEach((id, at) => {
    if (relevant.has(id)) sum += ++hits / (at + 1);
  });
  return relevant.size === 0 ? 0 : sum / Math.min(k, relevant.size);
}

/** Adjusted Rand index of two labellings: 1 the same, 0 chance. */
export function adjustedRand(found: readonly string[], truth: readonly string[]): number {
  const pairs = (count: number) => (count * (count - 1)) / 2;
  const count = (labels: readonly string[]) =>
    [...Map.groupBy(labels, (label) => label).values()].map((list) => list.length);
  const sum = (counts: readonly number[]) => counts.reduce((total, one) => total + pairs(one), 0);
  const both = sum(count(found.map((label, at) => `${label}\u0000${truth[at]}`)));
  const a = sum(count(found));
  const b = sum(count(truth));
  const expected = (a * b) / Math.max(1, pairs(found.length));
  const most = (a + b) / 2;
  return most === expected ? 1 : (both - expected) / (most - expected);
}
