/**
 * Judges one event by every detector of the bundle. Pure: what it needs was compiled before, and each detector has a
 * cheap gate, so that ordinary text costs one pass over its words.
 */
import type { Event, FeedbackEvent, OutputEvent, VerdictEvent } from '../events/index.js';
import {
  findingId,
  maskExcerpt,
  outputSubject,
  type Correlation,
  type Finding,
  type Signal,
  type Subject,
} from '../incidents/index.js';
import { campaignCorrelation } from './campaign/campaign.js';
import { Disinformation } from './claims/disinformation.js';
import type { WatchlistEntry } from './claims/watchlist.js';
import { Compliance } from './linear/compliance.js';
import { Impersonation } from './identity/impersonation.js';
import type { Identity } from './identity/identities.js';
import { Lookalikes } from './identity/lookalike.js';
import type { Opening } from './judgement.js';
import { openClaims, openCompliance, openImpersonation, openLookalikes, type Scores } from './openings.js';
import { conversationCorrelations, conversationSignals, weakFrom } from './signals/conversation.js';
import {
  feedbackCorrelations,
  feedbackSignals,
  feedbackTimespan,
  reportersNeeded,
  type FeedbackSettings,
  type Reporters,
} from './signals/feedback.js';
import { OperatorRules, type RuleHits } from './operator-rules.js';
import { languageDifference, type LanguageReader } from './signals/language.js';
import { flaggedBy, positiveLabels, verdictHarm } from './signals/harmful.js';
import type { ParsedRules } from './sigma/index.js';
import { folded } from './text/fold.js';
import { WordList } from './text/terms.js';
import { shippedBounds, thresholdOf, type DetectorName, type StageContext } from './thresholds.js';
import type { Weights } from './weights.js';

export interface DetectorsInput {
  readonly weights: Weights;
  /** The operator's rules, filters and correlations. */
  readonly rules?: ParsedRules;
  readonly watchlist?: readonly WatchlistEntry[];
  readonly identities?: readonly Identity[];
  /** Names that the operator's own assistants may bear. */
  readonly personas?: readonly string[];
  /** Detectors that are off; all others run. */
  readonly off?: readonly DetectorName[];
  /** Detectors whose findings are kept and page nobody. */
  readonly shadow?: readonly DetectorName[];
  readonly feedback?: Partial<FeedbackSettings>;
  /** Tells languages apart; without it a difference of languages is no sign. */
  readonly language?: LanguageReader;
  /** Whether this source may say whom an account is verified as; nobody where it is absent. */
  readonly trustsVerified?: (source: string) => boolean;
}

export interface Detectors {
  readonly input: DetectorsInput;
  /** Every correlation that signals may name. */
  readonly correlations: ReadonlyMap<string, Correlation>;
  readonly disinformation?: Disinformation;
  readonly impersonation?: Impersonation;
  readonly lookalikes?: Lookalikes;
  readonly compliance?: Compliance;
  readonly rules?: OperatorRules;
  readonly off: ReadonlySet<DetectorName>;
  readonly shadow: ReadonlySet<DetectorName>;
}

export interface Detected {
  readonly findings: Finding[];
  readonly signals: Signal[];
  /** The score of each detector that read the text, for histograms; 0 where its gate turned the text away. */
  readonly scores: Readonly<Partial<Record<DetectorName, number>>>;
}

export function compileDetectors(input: DetectorsInput): Detectors {
  const off = new Set(input.off ?? []);
  const identities = input.identities ?? [];
  const watchlist = input.watchlist ?? [];
  const lookalikes = new Lookalikes(identities, input.weights.background);
  const rules = input.rules && !off.has('rules') ? new OperatorRules(input.rules) : undefined;
  const correlations: Correlation[] = [
    ...(rules?.correlations ?? []),
    ...feedbackCorrelations({
      reporters: input.feedback?.reporters ?? reportersNeeded,
      timespan: input.feedback?.timespan ?? feedbackTimespan,
    }),
    ...conversationCorrelations(),
    campaignCorrelation(),
  ];
  return {
    input,
    rules,
    off,
    shadow: new Set(input.shadow ?? []),
    correlations: new Map(correlations.map((correlation) => [correlation.id, correlation])),
    disinformation:
      off.has('disinformation') || watchlist.length === 0
        ? undefined
        : new Disinformation(watchlist, input.weights.background, shippedBounds.disinformation.floor),
    impersonation: off.has('impersonation')
      ? undefined
      : new Impersonation(identities, input.personas ?? [], shippedBounds.impersonation.floor, input.weights.message),
    lookalikes: off.has('lookalike') || lookalikes.none ? undefined : lookalikes,
    compliance:
      off.has('compliance') || !input.weights.compliance
        ? undefined
        : new Compliance(input.weights.compliance, shippedBounds.compliance.floor),
  };
}

/** `reporters` is what is known of who reports; only feedback reads it. */
export function detect(
  event: Event,
  detectors: Detectors,
  stage: StageContext = {},
  reporters: Reporters = {},
): Detected {
  switch (event.kind) {
    case 'output':
      return detectOutput(event, detectors, stage);
    case 'feedback':
      return detectFeedback(event, detectors, stage, reporters);
    case 'verdict':
      return detectVerdict(event, detectors, stage);
  }
}

/** Of the event in hand. */
const words = new WordList();

function detectOutput(event: OutputEvent, detectors: Detectors, stage: StageContext): Detected {
  const text = event.output;
  const openings: Opening[] = [];
  const scores: Scores = {};
  // Folding costs as much as matching all rules: only for those who read it.
  const folds = detectors.disinformation !== undefined || detectors.impersonation !== undefined;
  const plain = folds ? folded(text) : '';
  if (folds) words.read(plain);
  if (detectors.disinformation) openClaims(event, plain, words, detectors.disinformation, stage, openings, scores);
  if (detectors.compliance) openCompliance(event, detectors.compliance, stage, openings, scores);
  if (detectors.impersonation) {
    const trusted = detectors.input.trustsVerified?.(event.source) ?? false;
    openImpersonation(event, plain, words, trusted, detectors.impersonation, stage, openings, scores);
  }
  if (detectors.lookalikes) openLookalikes(text, detectors.lookalikes, stage, openings, scores);
  if (!detectors.off.has('harmful')) {
    for (const harm of flaggedBy(event)) {
      if (harm.score < thresholdOf('harmful', stage)) continue;
      openings.push({ detector: 'harmful', detectorVersion: '1', matched: harm.label, spans: [], ...harm });
    }
  }
  readLanguages(event, detectors, scores);
  const subject = subjectOf(event);
  const signals = detectors.off.has('conversation') ? [] : weakSignals(event, scores, openings, subject);
  return { ...recorded(event, openings, text, subject, detectors, stage, signals), scores };
}

/** Findings of the openings and of the operator's rules, over the event and over those findings, with their signals. */
function recorded(
  event: Event,
  openings: readonly Opening[],
  text: string | undefined,
  subject: Subject,
  detectors: Detectors,
  stage: StageContext,
  signals: Signal[],
): { findings: Finding[]; signals: Signal[] } {
  const toFinding = (opening: Opening) => findingOf(event, opening, text, subject, detectors, stage);
  const findings = openings.map(toFinding);
  const { rules } = detectors;
  if (!rules) return { findings, signals };
  const take = (hits: RuleHits) => {
    const own = hits.openings.map(toFinding);
    findings.push(...own);
    signals.push(...hits.signals(subject, (rule) => own.find((finding) => finding.rule === rule)?.id));
  };
  const ofRules = rules.ofEvent(event);
  take(ofRules);
  for (const finding of findings.slice()) take(rules.ofFinding(finding));
  return { findings, signals };
}

/** Only beside another weak sign: reading a language costs more than all other detectors together. */
function readLanguages(event: OutputEvent, detectors: Detectors, scores: Scores): void {
  const { language } = detectors.input;
  if (!language || detectors.off.has('language')) return;
  if (!Object.values(scores).some((score) => score >= weakFrom)) return;
  scores.language = languageDifference(event.prompt, event.output, language);
}

function weakSignals(
  event: OutputEvent,
  scores: Readonly<Partial<Record<DetectorName, number>>>,
  openings: readonly Opening[],
  subject: Subject,
): Signal[] {
  let detector = '';
  let strongest = 0;
  for (const [name, score] of Object.entries(scores)) {
    if (score > strongest) [detector, strongest] = [name, score];
  }
  // A finding that may open an incident by itself needs no sum.
  if (openings.some((opening) => opening.level === 'high' || opening.level === 'critical')) return [];
  const together = detector === 'language' ? strongest : Math.min(1, strongest + (scores.language ?? 0));
  return conversationSignals(event, detector, together, subject);
}

function detectFeedback(
  event: FeedbackEvent,
  detectors: Detectors,
  stage: StageContext,
  reporters: Reporters,
): Detected {
  const signals = detectors.off.has('feedback') ? [] : feedbackSignals(event, reporters);
  const { model, stage: name } = event.reported ?? {};
  const subject = { account: event.reported?.account, model, stage: name };
  return { ...recorded(event, appealOf(event), event.comment, subject, detectors, stage, signals), scores: {} };
}

/** An appeal asks a person to look again at what was found; it opens nothing by itself. */
function appealOf({ category, account }: FeedbackEvent): Opening[] {
  if (category !== 'appeal') return [];
  return [
    {
      detector: 'feedback',
      detectorVersion: '1',
      title: 'Somebody appeals against a judgement of this output',
      label: 'appeal',
      score: 1,
      level: 'low',
      matched: `appeal ${account.id}`,
      spans: [],
      reviewOnly: true,
    },
  ];
}

function detectVerdict(event: VerdictEvent, detectors: Detectors, stage: StageContext): Detected {
  const openings: Opening[] = [];
  const harm = detectors.off.has('harmful') ? undefined : verdictHarm(event);
  const positive = positiveLabels.has(event.label.toLowerCase());
  const score = event.score ?? 0;
  if ((harm || positive) && score >= thresholdOf('harmful', stage)) {
    const label = harm?.label ?? event.label;
    openings.push({
      detector: harm ? 'harmful' : event.detector,
      detectorVersion: 'verdict',
      title: harm?.title ?? `${event.detector}: ${event.label}`,
      label,
      score,
      level: harm?.level ?? 'medium',
      matched: `${event.detector} ${label}`,
      spans: [],
    });
  }
  return { ...recorded(event, openings, undefined, {}, detectors, stage, []), scores: {} };
}

function findingOf(
  event: Event,
  opening: Opening,
  text: string | undefined,
  subject: Subject,
  detectors: Detectors,
  stage: StageContext,
): Finding {
  const span = opening.spans[0];
  const keeps = text !== undefined && !event.ephemeral;
  // A verdict judges, and an appeal questions, the output that it names.
  const names = event.kind === 'verdict' || (event.kind === 'feedback' && opening.label === 'appeal');
  const judged = names ? { source: event.output.source ?? '', id: event.output.id } : event;
  return {
    ...opening,
    id: findingId(outputSubject(judged.source, judged.id), opening.rule ?? opening.detector, opening.matched),
    event: { source: judged.source, id: judged.id },
    ...(keeps ? { excerpt: maskExcerpt(text, span ?? { start: 0, end: 0 }) } : {}),
    at: event.at,
    subject,
    shadow: opening.shadow || detectors.shadow.has(opening.detector as DetectorName),
    reviewOnly: opening.reviewOnly ?? false,
    ...(stage.thresholdVersion === undefined ? {} : { thresholdVersion: stage.thresholdVersion }),
    origin: { topic: event.origin.topic, partition: event.origin.partition, offset: event.origin.offset },
  };
}

function subjectOf(event: OutputEvent): Subject {
  const { account, conversation, model, version, stage, purpose } = event;
  return {
    account: account.id,
    organization: account.organization,
    endUser: account.endUser,
    conversation,
    model,
    version,
    stage,
    purpose,
  };
}
