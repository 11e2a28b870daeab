/**
 * Does a model find trouble more often than it used to? Burn rate over several windows, as service levels are watched:
 * a long window shows that it matters, a short one that it still goes on. Judged against the model's own past.
 */

export interface WindowCount {
  readonly outputs: number;
  readonly findings: number;
}

export interface DriftPair {
  readonly long: string;
  readonly short: string;
  /** How many times the expected rate both windows must reach. */
  readonly factor: number;
  readonly level: 'medium' | 'high';
}

/** The usual pairs: fast burns tell soon, slow ones are told by day. */
export const driftPairs: readonly DriftPair[] = [
  { long: '1h', short: '5m', factor: 14.4, level: 'high' },
  { long: '6h', short: '30m', factor: 6, level: 'medium' },
  { long: '3d', short: '6h', factor: 2, level: 'medium' },
];

export interface Drift {
  readonly pair: DriftPair;
  readonly expected: number;
  readonly rate: number;
  readonly burn: number;
}

/** Outputs that a past must have before it expects anything. */
const leastPast = 1_000;
/** Findings in the long window below this are chance. */
const leastFindings = 5;
/** A model that never found anything is measured against one in ten thousand. */
const leastRate = 1e-4;

/** `windows` by name, ending now; `past` is what came before them. The gravest pair that burns, if any. */
export function drift(
  past: WindowCount,
  windows: Readonly<Record<string, WindowCount | undefined>>,
  pairs: readonly DriftPair[] = driftPairs,
): Drift | undefined {
  if (past.outputs < leastPast) return undefined;
  const expected = Math.max(leastRate, past.findings / past.outputs);
  for (const pair of pairs) {
    const long = windows[pair.long];
    const short = windows[pair.short];
    if (!long || !short || long.outputs === 0 || short.outputs === 0 || long.findings < leastFindings) continue;
    const rate = long.findings / long.outputs;
    const burn = rate / expected;
    if (burn < pair.factor || short.findings / short.outputs / expected < pair.factor) continue;
    if (!isBeyondChance(long, expected)) continue;
    return { pair, expected, rate, burn };
  }
  return undefined;
}

/** Four standard deviations of a count with the expected mean: few outputs prove nothing. */
function isBeyondChance({ outputs, findings }: WindowCount, expected: number): boolean {
  const mean = outputs * expected;
  return findings > mean + 4 * Math.sqrt(mean + 1);
}
