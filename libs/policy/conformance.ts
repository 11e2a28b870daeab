/**
 * Does the deployment keep to its own stages? An output from outside the stage's audience, a stage that runs without a
 * completed risk assessment or past its duration, a model, version or stage that no policy names: each is one finding a
 * stage (or model) and hour of event time, however many outputs say it. So is a running stage whose dataset audit is
 * missing or older than the stage, once a day.
 */
import type { OutputEvent } from '../events/index.js';
import { findingId, type Finding, type Level } from '../incidents/index.js';
import type { Policy } from './policy.js';
import type { StageChoice, StageIndex } from './stage.js';

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
  const start = stage.startedAt ?? starts.get(stageKey(policy.model, stage.name));
  if (start !== undefined && event.at >= start + stage.durationDays * 86_400_000) {
    facts.push({ check: 'duration', subject, title: `Stage "${stage.name}" runs past its ${stage.durationDays} days` });
  }
  const audited = policy.mitigation.datasetAudits
    ? policy.audits
        .map(({ date }) => date)
        .sort()
        .at(-1)
    : undefined;
  if (
    policy.mitigation.datasetAudits &&
    (audited === undefined || (start !== undefined && older(audited, start, policy)))
  ) {
    const last =
      audited === undefined
        ? 'no dataset audit on record'
        : `a last dataset audit of ${audited}, from before the stage`;
    facts.push({ check: 'dataset_audit', subject, title: `Stage "${stage.name}" runs with ${last}` });
  }
  return facts.length === 0 ? none : facts;
}

/** Whether a day is before the one on which the stage began. */
function older(day: string, start: number, { timezone }: Policy): boolean {
  return day < Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(timezone).toPlainDate().toString();
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

export interface ConformanceResult {
  /** One a subject, check and hour, in the order of their first output. */
  readonly findings: readonly Finding[];
  /** How many outputs each check was true of, for the metric. */
  readonly counts: ReadonlyMap<ConformanceCheck, number>;
  /** The earliest output of each known stage, by `stageKey`: to be noted as its first event. */
  readonly firsts: ReadonlyMap<string, { readonly model: string; readonly stage: string; readonly at: number }>;
}

/** A whole batch. Output that starts a stage's clock here counts as its start. */
export function conformanceOf(
  events: readonly OutputEvent[],
  index: StageIndex,
  starts: StageStarts,
  shadow = false,
): ConformanceResult {
  const findings = new Map<string, Finding>();
  const counts = new Map<ConformanceCheck, number>();
  const earliest = new Map<StageChoice, number>();
  const seen = new Set<string>();
  for (const event of events) {
    const choice = index.choose(event);
    if (choice.stage && event.purpose === 'production') {
      earliest.set(choice, Math.min(event.at, earliest.get(choice) ?? event.at));
    }
    for (const fact of conformance(event, choice, starts)) {
      counts.set(fact.check, (counts.get(fact.check) ?? 0) + 1);
      const { model = '', stage = '' } = fact.subject;
      const once = `${fact.check}\u0000${model}\u0000${stage}\u0000${Math.floor(event.at / 3_600_000)}`;
      if (seen.has(once)) continue;
      seen.add(once);
      const finding = conformanceFinding(fact, event, shadow);
      findings.set(finding.id, finding);
    }
  }
  return { findings: [...findings.values()], counts, firsts: firstsOf(earliest) };
}

/** By stage: one of an unknown version counts as its stage. */
function firstsOf(earliest: ReadonlyMap<StageChoice, number>): ConformanceResult['firsts'] {
  const firsts = new Map<string, { model: string; stage: string; at: number }>();
  for (const [{ policy, stage }, at] of earliest) {
    if (!policy || !stage) continue;
    const key = stageKey(policy.model, stage.name);
    firsts.set(key, { model: policy.model, stage: stage.name, at: Math.min(at, firsts.get(key)?.at ?? at) });
  }
  return firsts;
}
