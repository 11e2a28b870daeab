/**
 * Has a detector's rate at a stage left its own past? Two windows must agree, a short and a long one, so that neither one
 * burst nor a slow average speaks alone (multi-window burn rates, as in alerting on error budgets). A surge of misuse and
 * a detector gone quiet are both drift, and neither moves a threshold.
 */

/** Findings among outputs of one model, stage and detector. */
export interface RateWindows {
  readonly model: string;
  readonly stage: string;
  readonly detector: string;
  readonly hour: Rate;
  readonly sixHours: Rate;
  readonly threeDays: Rate;
  /** The four weeks before the three days. */
  readonly past: Rate;
}

export interface Rate {
  readonly findings: number;
  readonly outputs: number;
}

export interface Drift {
  readonly model: string;
  readonly stage: string;
  readonly detector: string;
  readonly check: 'surge' | 'quiet';
  readonly title: string;
}

/** Fewer outputs are no past to compare with. */
const pastOutputs = 10_000;
const fast = { factor: 6, short: 5, long: 10 } as const;
const slow = { factor: 3, short: 5, long: 20 } as const;
/** A fifth or less of at least thirty that were expected in three days. */
const quiet = { share: 0.2, expected: 30 } as const;

export function driftOf(windows: readonly RateWindows[]): Drift[] {
  return windows.flatMap((one): Drift[] => {
    const { model, stage, detector, hour, sixHours, threeDays, past } = one;
    if (past.outputs < pastOutputs) return [];
    // One finding at least: a detector that never spoke has no rate to multiply.
    const usual = Math.max(1, past.findings) / past.outputs;
    const say = (check: Drift['check'], title: string): Drift[] => [{ model, stage, detector, check, title }];
    const over = (rate: Rate, factor: number, least: number) =>
      rate.findings >= least && rate.findings >= factor * usual * rate.outputs;
    const times = (rate: Rate) => `${(rate.findings / (usual * rate.outputs)).toFixed(0)} times its usual rate`;
    if (over(hour, fast.factor, fast.short) && over(sixHours, fast.factor, fast.long))
      return say('surge', `${detector} finds ${times(hour)} at stage "${stage}" in an hour`);
    if (over(sixHours, slow.factor, slow.short) && over(threeDays, slow.factor, slow.long))
      return say('surge', `${detector} finds ${times(threeDays)} at stage "${stage}" in three days`);
    const expected = (past.findings / past.outputs) * threeDays.outputs;
    if (expected >= quiet.expected && threeDays.findings <= quiet.share * expected)
      return say(
        'quiet',
        `${detector} found ${threeDays.findings} at stage "${stage}" in three days where its past says about ${Math.round(expected)}`,
      );
    return [];
  });
}
