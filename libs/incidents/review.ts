/** What people's reviews say of a detector: its precision, with the interval that so few reviews allow. */

export const reviewLabels = ['true', 'false', 'unsure'] as const;
export type ReviewLabel = (typeof reviewLabels)[number];

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Wilson's score interval of `hits` among `total`, at 95 % unless `z` says otherwise; all of [0, 1] without any. */
export function wilson(hits: number, total: number, z = 1.959964): Interval {
  if (total === 0) return { low: 0, high: 1 };
  const p = hits / total;
  const z2 = z * z;
  const centre = p + z2 / (2 * total);
  const spread = z * Math.sqrt((p * (1 - p) + z2 / (4 * total)) / total);
  const scale = 1 + z2 / total;
  return { low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}

/** The verdict on one finding of all who reviewed it: `unsure` where they disagree, or are unsure themselves. */
export function verdictOf(labels: readonly ReviewLabel[]): ReviewLabel {
  const sure = new Set(labels.filter((label) => label !== 'unsure'));
  const [only] = sure;
  return sure.size === 1 && only !== undefined ? only : 'unsure';
}
