/** What the database says of a period, as rows without meaning: summarize.ts makes a report of them. No text of a model is here. */
import type { Precision, Severity, TallySum } from '../incidents/index.js';

/** Incidents that opened in the period and are alike in all of these. */
export interface OpenedIncidents {
  readonly kind: string;
  readonly severity: Severity;
  readonly detector: string | null;
  readonly rule: string | null;
  readonly model: string | null;
  readonly stage: string | null;
  readonly purpose: string | null;
  readonly count: number;
  /** Of them, opened over an hour after their event. */
  readonly late: number;
}

/** Incidents that people closed in the period. */
export interface ClosedIncidents {
  readonly detector: string | null;
  readonly rule: string | null;
  readonly resolution: string;
  readonly count: number;
}

/** How long it took from opening or re-opening, in seconds; of all severities where none is named. */
export interface AnswerTime {
  readonly what: 'acknowledge' | 'resolve';
  readonly severity: Severity | null;
  readonly count: number;
  readonly median: number;
  readonly p90: number;
}

export interface ChannelDelivery {
  readonly channel: string;
  readonly attempts: number;
  readonly sent: number;
  readonly retried: number;
  readonly refused: number;
  /** Of attempts that succeeded; absent where none did. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** Messages that reached nobody, by the reason of their last attempt. */
export interface UndeliveredMessages {
  readonly channel: string;
  readonly reason: string | null;
  readonly count: number;
}

/** Pages that one person got within a quarter of an hour. */
export interface PagesInQuarter {
  readonly responder: string;
  readonly at: Date;
  readonly count: number;
}

export interface NamedIncident {
  readonly number: number;
  readonly title: string;
  readonly severity: Severity;
  readonly at: Date;
}

/** Facts that are compared with the period before. */
export interface PeriodFacts {
  readonly tallies: readonly TallySum[];
  readonly opened: readonly OpenedIncidents[];
  readonly closed: readonly ClosedIncidents[];
  readonly answers: readonly AnswerTime[];
  readonly deliveries: readonly ChannelDelivery[];
  readonly undelivered: readonly UndeliveredMessages[];
  /** Sent again after an outcome that nobody knows. */
  readonly possibleDuplicates: number;
  readonly pages: readonly PagesInQuarter[];
  readonly exhausted: readonly NamedIncident[];
  readonly deadLetters: readonly { readonly reason: string; readonly count: number }[];
}

export interface UnresolvedIncident extends NamedIncident {
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  /** When a person last did anything to it. */
  readonly touchedAt: Date | null;
}

export interface WatchlistHits {
  readonly entry: string;
  readonly findings: number;
  readonly accounts: number;
  readonly incidents: number;
  readonly shadow: number;
}

export interface StageFacts {
  readonly model: string;
  readonly stage: string;
  /** The first event; absent where none came. */
  readonly firstEventAt: Date | null;
  /** Outputs of production since ever. */
  readonly outputs: number;
  /** Not resolved at the period's end. */
  readonly open: number;
  readonly openSevere: number;
  /** Findings of conformance, assurance and drift in the period, by what they say. */
  readonly complaints: readonly { readonly check: string; readonly count: number }[];
}

export interface ThresholdFact {
  readonly version: number;
  readonly model: string;
  readonly stage: string;
  readonly detector: string;
  readonly value: number;
  readonly at: Date;
  readonly by: string;
}

/** Where the log was read behind the time of its events. */
export interface Delays {
  readonly findings: number;
  readonly overFiveMinutes: number;
  readonly longestSeconds: number;
}

export interface Facts {
  /** When they were read. */
  readonly now: Date;
  readonly period: PeriodFacts;
  readonly before: PeriodFacts;
  /** Not resolved at the period's end, the gravest and oldest first; `count` of all. */
  readonly unresolved: readonly UnresolvedIncident[];
  readonly unresolvedCount: number;
  readonly precision: readonly Precision[];
  readonly precisionOfRules: readonly Precision[];
  /** Findings kept in shadow that people confirmed: what paged nobody and was real. */
  readonly confirmedInShadow: number;
  readonly watchlist: readonly WatchlistHits[];
  readonly references: readonly { readonly kind: string; readonly state: string; readonly count: number }[];
  readonly delays: Delays;
  /** The longest stretch without an output between two outputs, in seconds; undefined where fewer than two came. */
  readonly silence?: { readonly seconds: number; readonly from: Date };
  readonly floods: readonly { readonly subject: string; readonly beganAt: Date; readonly liftedAt: Date | null }[];
  readonly stages: readonly StageFacts[];
  readonly proposals: readonly ThresholdFact[];
  readonly published: readonly ThresholdFact[];
  readonly bundles: readonly { readonly hash: string; readonly at: Date; readonly by: string }[];
  /** By column of the chart, from 0. */
  readonly series: readonly { readonly column: number; readonly what: Severity | 'findings'; readonly count: number }[];
  /** Records still to be read when the report was made; absent where the reporter knows no Kafka. */
  readonly lag?: number;
}
