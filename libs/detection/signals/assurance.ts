/**
 * Do the protocols that a stage promises really run? Judged from tallies of at least a thousand outputs: verdicts that
 * are missing, filters that never flag where their own past did, feedback that never comes.
 */

export const protocols = ['content_filter', 'moderation_api', 'rate_limit', 'user_feedback_loop'] as const;
export type Protocol = (typeof protocols)[number];

export interface ProtocolTally {
  readonly outputs: number;
  /** Outputs that carried a verdict of the protocol. */
  readonly ran: number;
  readonly flagged: number;
}

export interface AssuranceInput {
  readonly enabled: readonly Protocol[];
  readonly now: Readonly<Partial<Record<Protocol, ProtocolTally>>>;
  /** The same stage before this period. */
  readonly past: Readonly<Partial<Record<Protocol, ProtocolTally>>>;
  /** Feedback events of this period and before it; outputs are those of the tallies. */
  readonly feedback: { readonly now: number; readonly past: number };
  readonly outputs: { readonly now: number; readonly past: number };
  /** The busiest minute of one account, and what the stage allows. */
  readonly rate?: { readonly account: string; readonly requests: number; readonly allowed: number };
}

export interface AssuranceFinding {
  readonly protocol: Protocol;
  readonly check: 'missing' | 'never_flags' | 'exceeded' | 'no_feedback';
  readonly title: string;
}

const least = 1_000;
const missingShare = 0.05;
/** Chance that a working protocol shows nothing at all must be below one in a thousand. */
const surelyExpected = 7;

export function assurance(input: AssuranceInput): AssuranceFinding[] {
  return input.enabled.flatMap((protocol): AssuranceFinding[] => {
    switch (protocol) {
      case 'content_filter':
      case 'moderation_api':
        return [...missing(protocol, input), ...neverFlags(protocol, input)];
      case 'rate_limit':
        return exceeded(input);
      case 'user_feedback_loop':
        return noFeedback(input);
    }
  });
}

function missing(protocol: Protocol, { now }: AssuranceInput): AssuranceFinding[] {
  const tally = now[protocol];
  if (!tally || tally.outputs < least) return [];
  const without = (tally.outputs - tally.ran) / tally.outputs;
  if (without <= missingShare) return [];
  const title = `${protocol} gave no verdict on ${percent(without)} of ${tally.outputs} outputs`;
  return [{ protocol, check: 'missing', title }];
}

function neverFlags(protocol: Protocol, { now, past }: AssuranceInput): AssuranceFinding[] {
  const tally = now[protocol];
  const before = past[protocol];
  if (!tally || !before || tally.ran < least || before.ran < least || tally.flagged > 0) return [];
  const expected = (before.flagged / before.ran) * tally.ran;
  if (expected < surelyExpected) return [];
  const title = `${protocol} flagged none of ${tally.ran} outputs, its past says about ${Math.round(expected)}`;
  return [{ protocol, check: 'never_flags', title }];
}

function exceeded({ rate }: AssuranceInput): AssuranceFinding[] {
  if (!rate || rate.requests <= rate.allowed) return [];
  const title = `rate_limit let an account make ${rate.requests} requests in a minute, ${rate.allowed} are allowed`;
  return [{ protocol: 'rate_limit', check: 'exceeded', title }];
}

function noFeedback({ feedback, outputs }: AssuranceInput): AssuranceFinding[] {
  if (outputs.past < least || feedback.now > 0) return [];
  const expected = (feedback.past / outputs.past) * outputs.now;
  if (expected < surelyExpected) return [];
  const title = `user_feedback_loop brought no feedback on ${outputs.now} outputs, its past says about ${Math.round(expected)}`;
  return [{ protocol: 'user_feedback_loop', check: 'no_feedback', title }];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
