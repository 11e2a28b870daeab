/**
 * What is in this batch? Pure: events are believed as far as the policy allows their source, judged by their stage's
 * detectors, and counted. A detector that throws costs its event, which becomes a dead letter, and nothing else.
 */
import { detect, type Detected } from '../../libs/detection/index.js';
import type { Event, FeedbackEvent, Origin, OutputEvent, Rejection, VerdictEvent } from '../../libs/events/index.js';
import {
  joinReference,
  type Finding,
  type Found,
  type IndexedOutput,
  type KnownReporters,
  type Referring,
  type Signal,
} from '../../libs/incidents/index.js';
import {
  conformanceOf,
  honour,
  type Bundle,
  type ConformanceResult,
  type StageIndex,
  type StageStarts,
} from '../../libs/policy/index.js';
import type { Compiled } from './compile.js';

/** One event with what was found in it: what is recorded, or refused, together. */
export interface Judged {
  readonly origin: Origin;
  readonly ephemeral: boolean;
  /** Absent for findings about a stage or model. */
  readonly event?: Event;
  readonly findings: readonly Finding[];
  readonly signals: readonly Signal[];
  readonly scores: Detected['scores'];
}

export interface Judgement {
  readonly judged: readonly Judged[];
  readonly rejections: readonly Rejection[];
  readonly conformance: ConformanceResult;
  /** Feedback and verdicts whose output is not known, or not known for sure. */
  readonly waiting: readonly { readonly event: Referring; readonly found: Found }[];
}

export interface Grounds {
  readonly bundle: Bundle;
  readonly compiled: Compiled;
  readonly stages: StageIndex;
  readonly starts: StageStarts;
}

const noScores: Detected['scores'] = {};

/** The events as the policy believes them, in their order, and what it refuses. */
export function believe(events: readonly Event[], { sources }: Bundle): { events: Event[]; rejections: Rejection[] } {
  const believed: Event[] = [];
  const rejections: Rejection[] = [];
  for (const event of events) {
    const answer = honour(event, sources);
    if (answer.kind === 'rejection') rejections.push(answer);
    else believed.push(answer);
  }
  return { events: believed, rejections };
}

/**
 * `found` answers the references of feedback and verdicts in their order; undefined where no index is kept, so that
 * each is judged by what it says itself.
 */
export function judge(
  events: readonly Event[],
  grounds: Grounds,
  found?: readonly Found[],
  reporters?: KnownReporters,
): Judgement {
  const judged: Judged[] = [];
  const rejections: Rejection[] = [];
  const waiting: { event: Referring; found: Found }[] = [];
  const outputs: OutputEvent[] = [];
  let reference = 0;
  for (const event of events) {
    try {
      if (event.kind === 'output') {
        judged.push(judgeOutput(event, grounds));
        outputs.push(event);
        continue;
      }
      const answer = found?.[reference++];
      const alone = answer !== undefined && answer.found !== 'one';
      // A verdict without its output has no account: it is recorded once they are joined.
      if (!alone || event.kind !== 'verdict') {
        const output = answer?.found === 'one' ? answer.output : undefined;
        const one = judgeReferring(event, grounds, output, reporters);
        judged.push(answer?.found === 'none' && isUnsourced(event) ? withoutOutput(one, grounds) : one);
      }
      // After it was judged: one that a detector throws on is a dead letter, and must not wait to be judged again.
      if (alone) waiting.push({ event, found: answer });
    } catch (error) {
      rejections.push(failure(event, error));
    }
  }
  const { stages, starts, compiled } = grounds;
  const conformance = conformanceOf(outputs, stages, starts, compiled.shadow.has('conformance'));
  for (const finding of conformance.findings)
    judged.push({ origin: originOf(finding), ephemeral: true, findings: [finding], signals: [], scores: noScores });
  return { judged, rejections, conformance, waiting };
}

function judgeOutput(event: OutputEvent, { compiled, stages }: Grounds): Judged {
  const choice = stages.choose(event);
  const { findings, signals, scores } = detect(event, compiled.detectors, choice.context);
  const { origin, ephemeral } = event;
  if (findings.length === 0) return { origin, ephemeral, event, findings, signals, scores };
  return {
    origin,
    ephemeral,
    event,
    findings: findings.map((finding) => settled(finding, compiled)),
    signals,
    scores,
  };
}

/** Feedback or a verdict, with what the index knows of its output. */
export function judgeReferring(
  event: Referring,
  { compiled, stages }: Grounds,
  output: IndexedOutput | undefined,
  reporters?: KnownReporters,
): Judged {
  const joined = output ? joinReference(event, output) : event;
  const choice = stages.choose(stagedOf(joined, output));
  const { findings, signals } = detect(joined, compiled.detectors, choice.context, reporters);
  return {
    origin: event.origin,
    ephemeral: event.ephemeral,
    event: joined,
    findings: findings.map((finding) =>
      settled(joined.kind === 'verdict' ? spokenOf(finding, output) : finding, compiled),
    ),
    signals,
    scores: noScores,
  };
}

/**
 * What was held back of one that waits no longer: its output never came, or several bear its id. Undefined where all
 * was said at once.
 */
export function judgeUnjoined(
  event: Referring,
  found: Found,
  grounds: Grounds,
  reporters: KnownReporters,
): Judged | undefined {
  if (event.kind === 'verdict') return found.found === 'none' ? judgeReferring(event, grounds, undefined) : undefined;
  if (!isUnsourced(event)) return undefined;
  const judged = judgeReferring(event, grounds, undefined, reporters);
  return { ...judged, findings: [], signals: judged.signals.filter((signal) => countsOutput(signal, grounds)) };
}

/** An output is one by its source and id: counted by the id now and by both once joined, a report would count twice. */
function withoutOutput(judged: Judged, grounds: Grounds): Judged {
  return { ...judged, signals: judged.signals.filter((signal) => !countsOutput(signal, grounds)) };
}

function isUnsourced({ kind, output }: Referring): boolean {
  return kind === 'feedback' && output.source === undefined;
}

/** Of the reports' own windows only: what an operator's rule counts may need the text, which does not wait. */
function countsOutput({ correlation, group }: Signal, { compiled }: Grounds): boolean {
  return 'output' in group && compiled.correlations.get(correlation)?.detector === 'feedback';
}

function stagedOf(event: FeedbackEvent | VerdictEvent, output: IndexedOutput | undefined) {
  const { model, stage } = event.kind === 'feedback' && event.reported ? event.reported : {};
  return {
    ...((output?.model ?? model) ? { model: output?.model ?? model! } : {}),
    ...((output?.stage ?? stage) ? { stage: output?.stage ?? stage! } : {}),
  };
}

/** A verdict's finding is about the output's account. */
function spokenOf(finding: Finding, output: IndexedOutput | undefined): Finding {
  if (!output) return finding;
  const { account, model, stage } = output;
  return {
    ...finding,
    subject: {
      ...finding.subject,
      account,
      ...(model === null ? {} : { model }),
      ...(stage === null ? {} : { stage }),
    },
  };
}

/** In shadow where the policy says so of its detector or rule. */
function settled(finding: Finding, { shadow }: Compiled): Finding {
  if (shadow.size === 0 || finding.shadow) return finding;
  const hidden = shadow.has(finding.detector) || (finding.rule !== undefined && shadow.has(finding.rule));
  return hidden ? { ...finding, shadow: true } : finding;
}

/** The error's kind, never its message: that may quote the text. */
function failure(event: Event, error: unknown): Rejection {
  return {
    kind: 'rejection',
    reason: 'detector_failed',
    detail: `a detector threw ${error instanceof Error ? error.name : 'something that is no error'}`,
    origin: event.origin,
    ephemeral: event.ephemeral,
  };
}

function originOf({ origin }: Finding): Origin {
  return { topic: '', partition: 0, offset: 0, ...origin, index: 0 };
}
