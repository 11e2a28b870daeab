/**
 * Does the deployment keep to its own stages? An output from outside the stage's audience, a stage that runs without a
 * completed risk assessment or past its duration, a model, version or stage that no policy names: each is one finding a
 * stage (or model) and hour of event time, however many outputs say it. So is a running stage whose dataset audit is
 * missing or older than the stage, once a day.
 */
import type { OutputEvent } from '../events/index.js';
import { findingId, type Finding, type Level } from '../incidents/index.js';
import type { Policy, Stage } from './policy.js';
import type { StageChoice } from './stage.js';

export const conformanceVersion = '1';

export type ConformanceCheck =
  | 'audience'
  | 'audience_unverified'
  | 'risk_assessment'
  | 'duration'
  | 'dataset_audit'
  | 'unknown_model'
  | 'unknown_version'
  | 'unknown_stage';

/** One thing that is so, of one output. */
export interface Fact {
  readonly check: ConformanceCheck;
  /** What it is so of. */
  readonly subject: { readonly model?: string; readonly version?: string; readonly stage?: string };
  readonly title: string;
}

/** When the first event of a stage came, milliseconds since 1970, by `stageKey`: its clock where the policy has no date. */
export type StageStarts = ReadonlyMap<string, number>;

export function stageKey(model: string, stage: string): string {
  return `${model}\u0000${stage}`;
}

const none: readonly Fact[] = [];

/** Facts of one output; outputs of another purpose than production are asked only whether they are known. */
export function conformance(event: OutputEvent, choice: StageChoice, starts: StageStarts): readonly Fact[] {
  const { policy, stage, unknown } = choice;
  const facts: Fact[] = [];
  for (const what of unknown) facts.push(unknownFact(event, what));
  if (!policy || !stage || event.purpose !== 'production') return facts.length === 0 ? none : facts;

  const subject = { model: policy.model, stage: stage.name };
  if (policy.strategy !== 'full_release' && event.account.audience !== stage.audience) {
    facts.push(
      event.account.audience === undefined
        ? {
            check: 'audience_unverified',
            subject,
            title: `Stage "${stage.name}" serves accounts whose audience is not told`,
          }
        : {
            check: 'audience',
            subject,
            title: `Stage "${stage.name}" serves accounts from outside its audience "${stage.audience}"`,
          },
    );
  }
  if (stage.riskAssessment !== 'completed') {
    const status = stage.riskAssessment.replace('_', ' ');
    facts.push({
      check: 'risk_assessment',
      subject,
      title: `Stage "${stage.name}" runs while its risk assessment is ${status}`,
    });
  }
  const start = startOf(policy, stage, starts);
  if (event.at >= endOf(stage, start)) {
    facts.push({ check: 'duration', subject, title: `Stage "${stage.name}" runs past its ${stage.durationDays} days` });
  }
  const late = overdueAudit(policy, start);
  if (late) facts.push({ check: 'dataset_audit', subject, title: `Stage "${stage.name}" runs with ${late}` });
  return facts.length === 0 ? none : facts;
}

function startOf(policy: Policy, stage: Stage, starts: StageStarts): number | undefined {
  return stage.startedAt ?? starts.get(stageKey(policy.model, stage.name));
}

function endOf(stage: Stage, start = Number.POSITIVE_INFINITY): number {
  return start + stage.durationDays * 86_400_000;
}

/** When the stage's days are over; never, where its clock has not started. */
export function deadlineOf({ policy, stage }: StageChoice, starts: StageStarts): number {
  return policy && stage ? endOf(stage, startOf(policy, stage, starts)) : Number.POSITIVE_INFINITY;
}

function overdueAudit({ mitigation, audits, timezone }: Policy, start: number | undefined): string | undefined {
  if (!mitigation.datasetAudits) return undefined;
  const last = audits
    .map(({ date }) => date)
    .sort()
    .at(-1);
  if (last === undefined) return 'no dataset audit on record';
  if (start === undefined) return undefined;
  const began = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(timezone).toPlainDate().toString();
  return last < began ? `a last dataset audit of ${last}, from before the stage` : undefined;
}

function unknownFact(event: OutputEvent, what: StageChoice['unknown'][number]): Fact {
  const { model, version, stage } = event;
  const name = { model, version, stage }[what];
  const title =
    name === undefined ? `Outputs name no ${what}` : `Outputs name a ${what} that no policy knows: "${short(name)}"`;
  // A finding per model and hour: which version or stage it was stands in its title, the first of that hour.
  return { check: `unknown_${what}`, subject: model === undefined ? {} : { model: short(model) }, title };
}

function short(name: string): string {
  return name.length > 80 ? `${name.slice(0, 79)}…` : name;
}

interface Grade {
  readonly level: Level;
  readonly reviewOnly: boolean;
  /** Opens an incident by itself. */
  readonly task: boolean;
  /** How much of the time's ISO form is its period: an hour, or a day. */
  readonly period: 13 | 10;
}

const grades: Readonly<Record<ConformanceCheck, Grade>> = {
  audience: { level: 'medium', reviewOnly: false, task: true, period: 13 },
  // Unverified is not outside: it is for a person to look at, and never counts as passed.
  audience_unverified: { level: 'low', reviewOnly: true, task: false, period: 13 },
  risk_assessment: { level: 'medium', reviewOnly: false, task: true, period: 13 },
  duration: { level: 'low', reviewOnly: false, task: true, period: 13 },
  // Stands in the reports: an audit is weeks of work, and no incident makes it sooner.
  dataset_audit: { level: 'low', reviewOnly: false, task: false, period: 10 },
  unknown_model: { level: 'low', reviewOnly: false, task: true, period: 13 },
  unknown_version: { level: 'low', reviewOnly: false, task: true, period: 13 },
  unknown_stage: { level: 'low', reviewOnly: false, task: true, period: 13 },
};

/** The finding of a fact: the same for every output of its period, so that a second insert is no news. */
export function conformanceFinding(fact: Fact, event: OutputEvent, shadow = false): Finding {
  const { check, subject, title } = fact;
  const named =
    subject.stage === undefined ? `model ${subject.model ?? ''}` : `stage ${subject.model}\u0001${subject.stage}`;
  const { level, reviewOnly, task, period } = grades[check];
  const when = new Date(event.at).toISOString().slice(0, period);
  return {
    id: findingId(named, 'conformance', `${check} ${when}`),
    detector: 'conformance',
    detectorVersion: conformanceVersion,
    title,
    label: check,
    score: 1,
    level,
    matched: `${check} ${when}`,
    spans: [],
    at: event.at,
    subject: { ...subject, ...(event.purpose === 'production' ? {} : { purpose: event.purpose }) },
    shadow,
    reviewOnly,
    ...(task ? { task } : {}),
    // A model that nobody knows is not part of the key: invented names would open an incident each.
    group: check === 'unknown_model' ? { check } : { check, ...subject },
    origin: { topic: event.origin.topic, partition: event.origin.partition, offset: event.origin.offset },
  };
}
