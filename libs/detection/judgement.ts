/**
 * What one detector says of one text, before it becomes a finding: shared by the hot path, the offline verbs and
 * `explain`. Labels are positive exactly when the score reaches the floor, so a reader of scores alone decides alike.
 */
import type { Level, Span } from '../incidents/index.js';

export interface Matched {
  readonly id: string;
  readonly score: number;
  readonly stance?: Stance;
}

export type Stance = 'promotes' | 'refutes' | 'mixed' | 'none';

export interface Judgement {
  readonly label: string;
  /** 0 to 1. */
  readonly score: number;
  readonly matched: readonly Matched[];
  readonly evidence: readonly Span[];
}

/** What opens a finding, of a judgement or of a signal. */
export interface Opening {
  readonly detector: string;
  readonly detectorVersion: string;
  readonly rule?: string;
  readonly title: string;
  readonly label: string;
  readonly score: number;
  readonly level: Level;
  readonly matched: string;
  readonly spans: readonly Span[];
  readonly shadow?: boolean;
  readonly reviewOnly?: boolean;
}

export const nothing: Judgement = { label: 'none', score: 0, matched: [], evidence: [] };

/** Scores are compared with published thresholds: four decimals are enough, and the same on every machine. */
export function rounded(score: number): number {
  return Math.round(Math.min(1, Math.max(0, score)) * 10_000) / 10_000;
}
