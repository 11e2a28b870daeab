/**
 * Do the safety protocols of a stage run? Verified from what the deployment's own events say, never from what the policy
 * promises: a check is missing on too many outputs, it never flags where its own past says it should, an account is
 * served past its rate limit, or feedback has stopped coming.
 */
import type { Policy, Stage } from '../policy/index.js';
import { inWords, number } from './words.js';

/** Counts of one stage's production outputs over some time. */
export interface ProtocolCounts {
  readonly outputs: number;
  readonly feedback: number;
  /** By protocol: how many outputs it ran on, and how many it flagged. */
  readonly ran: Readonly<Partial<Record<string, number>>>;
  readonly flagged: Readonly<Partial<Record<string, number>>>;
}

export interface StageTraffic {
  readonly model: string;
  readonly stage: string;
  /** The day that is over, that day and the six before, and the four weeks before those. */
  readonly day: ProtocolCounts;
  readonly week: ProtocolCounts;
  readonly past: ProtocolCounts;
  /** Accounts served more outputs in a minute than the stage allows, and the most of any; absent without an output index. */
  readonly overRate?: { readonly accounts: number; readonly most: number };
}

export interface Shortfall {
  readonly check: string;
  readonly model: string;
  readonly stage: string;
  readonly title: string;
}

/** Fewer outputs say nothing of a share of 5 %. */
const enoughOutputs = 1_000;
const missingShare = 0.05;
/** Where so many are expected, none at all comes by chance once in 150 days (Poisson: e^-5). */
const expectedAtLeast = 5;

export function assure(policies: readonly Policy[], traffic: readonly StageTraffic[]): Shortfall[] {
  return policies.flatMap((policy) =>
    policy.stages.flatMap((stage) => {
      const of = traffic.find((one) => one.model === policy.model && one.stage === stage.name);
      return of ? shortfallsOf(policy, stage, of) : [];
    }),
  );
}

function shortfallsOf({ model }: Policy, stage: Stage, traffic: StageTraffic): Shortfall[] {
  // A small deployment has its thousand in a week.
  const [counts, when] =
    traffic.day.outputs >= enoughOutputs ? [traffic.day, 'in a day'] : [traffic.week, 'in seven days'];
  const found: Shortfall[] = [];
  const say = (check: string, what: string) =>
    found.push({ check, model, stage: stage.name, title: `Stage "${stage.name}": ${what}` });

  for (const protocol of ['content_filter', 'moderation_api'] as const) {
    if (!stage.protocols.includes(protocol) || counts.outputs < enoughOutputs) continue;
    const ran = counts.ran[protocol] ?? 0;
    const missing = (counts.outputs - ran) / counts.outputs;
    if (missing > missingShare) {
      const share = `${(missing * 100).toFixed(1)} % of ${number(counts.outputs)} outputs ${when}`;
      say(`${protocol}_missing`, `${protocol} did not run on ${share}`);
    }
    const pastRan = traffic.past.ran[protocol] ?? 0;
    const expected = pastRan < enoughOutputs ? 0 : (ran * (traffic.past.flagged[protocol] ?? 0)) / pastRan;
    if ((counts.flagged[protocol] ?? 0) === 0 && expected >= expectedAtLeast)
      say(
        `${protocol}_silent`,
        `${protocol} flagged nothing ${when} where its past says about ${Math.round(expected)}`,
      );
  }
  const { overRate } = traffic;
  if (stage.protocols.includes('rate_limit') && overRate && overRate.accounts > 0)
    say(
      'rate_limit_exceeded',
      `${inWords(overRate.accounts, 'account')} got over ${stage.requestsPerMinute} outputs in a minute, at most ${number(overRate.most)}`,
    );
  if (stage.protocols.includes('user_feedback_loop') && traffic.past.outputs >= enoughOutputs) {
    const expected = (counts.outputs * traffic.past.feedback) / traffic.past.outputs;
    if (counts.feedback === 0 && expected >= expectedAtLeast)
      say('no_feedback', `no feedback came ${when} where its past says about ${Math.round(expected)}`);
  }
  return found;
}
