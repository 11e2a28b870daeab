/**
 * Promote or hold? What speaks for and against moving a stage's users on, at the period's end. The evidence is Tocsin's,
 * the decision is a person's: nothing here changes a stage.
 */
import type { Policy, Stage } from '../policy/index.js';
import type { StageFacts } from './facts.js';
import { inWords } from './words.js';

export interface StageClock {
  readonly model: string;
  readonly stage: string;
  readonly state: 'not_started' | 'running' | 'promote' | 'hold';
  /** Since the stage's start, whole days; absent before it. */
  readonly day?: number;
  readonly days: number;
  readonly outputs: number;
  /** What holds it, or what has been shown. */
  readonly reasons: readonly string[];
}

const dayMs = 86_400_000;
/** Fewer outputs say little: as many as a threshold needs before one is proposed. */
const outputsForEvidence = 10_000;

export function stageClocks(policies: readonly Policy[], facts: readonly StageFacts[], at: number): StageClock[] {
  return policies.flatMap((policy) =>
    policy.stages.map((stage, index) => {
      const known = facts.find((one) => one.model === policy.model && one.stage === stage.name);
      return clockOf(policy, stage, policy.stages[index + 1], known, at);
    }),
  );
}

function clockOf(
  { model }: Policy,
  stage: Stage,
  next: Stage | undefined,
  facts: StageFacts | undefined,
  at: number,
): StageClock {
  const start = stage.startedAt ?? facts?.firstEventAt?.getTime();
  const clock = { model, stage: stage.name, days: stage.durationDays, outputs: facts?.outputs ?? 0 };
  if (start === undefined || start > at) return { ...clock, state: 'not_started', reasons: [] };
  const day = Math.floor((at - start) / dayMs);
  const against = objections(stage, next, facts);
  const over = day >= stage.durationDays;
  if (against.length > 0) {
    const late = over
      ? [`${inWords(day - stage.durationDays, 'day')} past its ${stage.durationDays}: decide or extend it`]
      : [];
    return { ...clock, day, state: 'hold', reasons: [...late, ...against] };
  }
  if (!over) {
    const left = stage.durationDays - day;
    return { ...clock, day, state: 'running', reasons: [`${inWords(left, 'day')} left, nothing speaks against it`] };
  }
  const shown = [
    `its ${stage.durationDays} days are over`,
    `${inWords(clock.outputs, 'output')}, no SEV1 or SEV2 incident open`,
  ];
  return { ...clock, day, state: 'promote', reasons: next ? [...shown, `next: "${next.name}"`] : shown };
}

function objections(stage: Stage, next: Stage | undefined, facts: StageFacts | undefined): string[] {
  const reasons: string[] = [];
  if (stage.riskAssessment !== 'completed')
    reasons.push(`its risk assessment is ${stage.riskAssessment.replace('_', ' ')}`);
  if (next && next.riskAssessment !== 'completed')
    reasons.push(`the risk assessment of "${next.name}", the next, is ${next.riskAssessment.replace('_', ' ')}`);
  if (facts && facts.openSevere > 0) reasons.push(`${inWords(facts.openSevere, 'open incident')} of SEV1 or SEV2`);
  if ((facts?.outputs ?? 0) < outputsForEvidence)
    reasons.push(
      `only ${inWords(facts?.outputs ?? 0, 'output')}, and ${inWords(outputsForEvidence, 'output')} are wanted to say anything`,
    );
  for (const { check, count } of facts?.complaints ?? []) {
    // Past its duration is what the clock itself says.
    if (check !== 'duration' && check !== 'risk_assessment')
      reasons.push(`${check.replaceAll('_', ' ')}: ${inWords(count, 'finding')}`);
  }
  return reasons;
}
