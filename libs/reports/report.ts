/** What a report says, as figures: layout.ts puts them into words and tables. Nothing in here is content of an output. */
import type { Interval, Precision, Severity } from '../incidents/index.js';
import type { ScheduleIssue } from '../paging/index.js';
import type {
  ChannelDelivery,
  Facts,
  NamedIncident,
  ThresholdFact,
  UndeliveredMessages,
  UnresolvedIncident,
} from './facts.js';
import type { Period } from './period.js';
import type { StageClock } from './stage-clock.js';

/** A figure beside the same of the period before. */
export interface Compared {
  readonly now: number;
  readonly before: number;
}

export interface Named extends Compared {
  readonly name: string;
}

/** The first page: both kinds of error side by side, and what nobody could have seen. */
export interface FirstPage {
  /** Incidents that people closed as false. */
  readonly falseAlarms: Compared;
  /** Findings that reviewers refuted. */
  readonly refutedFindings: number;
  /** Appeals of people who say that they were wrongly restricted. */
  readonly appeals: Compared;
  /** Incidents that users reported before a detector spoke. */
  readonly reportedFirst: Compared;
  /** Controls that their detector did not find. */
  readonly missedControls: Compared;
  /** Findings in shadow, which page nobody, that reviewers confirmed. */
  readonly confirmedInShadow: number;
  readonly unseen: readonly Unseen[];
}

/** Something that was not judged, or not judged in time. */
export interface Unseen {
  readonly what:
    | 'lag'
    | 'delay'
    | 'silence'
    | 'dead_letters'
    | 'unmatched'
    | 'unchecked'
    | 'unserved'
    | 'language'
    | 'index_off'
    | 'cut'
    | 'unknown';
  readonly text: string;
}

export interface AnswerTimes {
  readonly what: 'acknowledge' | 'resolve';
  /** Absent for all together. */
  readonly severity?: Severity;
  readonly count: number;
  /** Seconds; absent where nothing was answered. */
  readonly median?: number;
  readonly p90?: number;
  readonly medianBefore?: number;
  readonly p90Before?: number;
}

export interface Noise {
  readonly detector: string;
  readonly rule?: string;
  readonly closed: number;
  readonly asFalse: number;
  readonly interval: Interval;
}

export interface PagesOf {
  readonly responder: string;
  readonly pages: Compared;
  /** Of them from 22:00 to 07:00, where the responder lives. */
  readonly night: number;
  /** Stretches of pages with a quiet quarter of an hour before. */
  readonly interruptions: number;
  /** By hour of the responder's day, 24 of them. */
  readonly hours: readonly number[];
}

export interface TopicHits {
  readonly topic: string;
  readonly findings: number;
  readonly entries: readonly {
    readonly entry: string;
    readonly findings: number;
    readonly accounts: number;
    readonly incidents: number;
    readonly shadow: number;
  }[];
}

/** A share of `total`, with its 95 % interval. */
export interface Share {
  readonly name: string;
  readonly hits: number;
  readonly total: number;
  readonly interval: Interval;
}

export interface Report {
  readonly period: Period;
  readonly madeAt: number;
  /** The period is not over: figures are of what there is. */
  readonly soFar: boolean;
  readonly firstPage: FirstPage;
  readonly outputs: Compared;
  readonly findings: Compared;
  readonly incidents: Compared;
  /** Of red-team, evaluation and control traffic, not in the figures above. */
  readonly nonProduction: Compared;
  readonly bySeverity: readonly Named[];
  readonly byDetector: readonly Named[];
  readonly byStage: readonly Named[];
  readonly answers: readonly AnswerTimes[];
  readonly loudestRules: readonly Named[];
  readonly loudestDetectors: readonly Named[];
  readonly noise: readonly Noise[];
  readonly precision: readonly Precision[];
  readonly precisionOfRules: readonly Precision[];
  readonly recall: readonly Share[];
  readonly watchlist: readonly TopicHits[];
  readonly deliveries: readonly (ChannelDelivery & { readonly attemptsBefore: number })[];
  readonly undelivered: readonly UndeliveredMessages[];
  readonly possibleDuplicates: Compared;
  readonly pages: readonly PagesOf[];
  readonly exhausted: readonly NamedIncident[];
  readonly exhaustedBefore: number;
  readonly unacknowledged: readonly UnresolvedIncident[];
  /** Acknowledged, and nobody did anything since for longer than the plan allows. */
  readonly forgotten: readonly UnresolvedIncident[];
  readonly unresolved: number;
  readonly gaps: readonly ScheduleIssue[];
  readonly deadLetters: readonly Named[];
  readonly floods: Facts['floods'];
  readonly conformance: readonly Named[];
  readonly proposals: readonly ThresholdFact[];
  readonly published: readonly ThresholdFact[];
  readonly stages: readonly StageClock[];
  /** Share of outputs with a finding, by the deployment's own `group`; empty unless the policy asks for fairness tables. */
  readonly fairness: readonly Share[];
  readonly bundles: Facts['bundles'];
  readonly series: Facts['series'];
}
