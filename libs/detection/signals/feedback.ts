/**
 * When do reports of users speak for themselves? Three distinct, aged reporters of one output or one account within a
 * day. New accounts count for review only, so fifty of them cannot page anybody; a reporter whose reports were upheld
 * counts for more, one whose reports were turned down for less.
 */
import type { FeedbackEvent } from '../../events/index.js';
import { outputSubject } from '../../incidents/index.js';
import type { Correlation, Signal, WindowEntry } from '../../incidents/index.js';

export const reportersNeeded = 3;
export const feedbackTimespan = 24 * 60 * 60_000;
export const agedAfter = 7 * 24 * 60 * 60_000;

export interface FeedbackSettings {
  /** Weight of distinct reporters that completes a window. */
  readonly reporters: number;
  /** Milliseconds. */
  readonly timespan: number;
}

/** What is known of reporters; all optional, for processes that have just begun. */
export interface Reporters {
  /** When Tocsin began to run here; within the first week nobody's age is known from having been seen. */
  readonly runningSince?: number;
  firstSeen?(account: string): number | undefined;
  /** Share of its judged reports that were upheld, and how many were judged. */
  upheld?(account: string): { readonly share: number; readonly judged: number } | undefined;
}

export type Standing = { readonly counts: 'page' | 'review'; readonly weight: number };

/** May this reporter help to page somebody, and for how much does it count? */
export function reporterStanding(event: FeedbackEvent, known: Reporters): Standing {
  const { account, at } = event;
  const running = known.runningSince !== undefined && at - known.runningSince >= agedAfter;
  const since = account.createdAt ?? (running ? known.firstSeen?.(account.id) : undefined);
  const aged = since !== undefined && at - since >= agedAfter;
  const record = known.upheld?.(account.id);
  // Laplace's rule on the record: nobody is believed or dismissed for one report.
  const weight = record
    ? Math.min(1.5, Math.max(0.25, 2 * ((record.share * record.judged + 1) / (record.judged + 2))))
    : 1;
  return { counts: aged ? 'page' : 'review', weight };
}

/** A report, as opposed to praise or an appeal. */
export function isReport(event: FeedbackEvent): boolean {
  if (event.category === 'appeal') return false;
  return event.category !== undefined ? (event.rating ?? -1) < 1 : event.rating === -1;
}

/** The correlations that reports feed: by output and by account, for paging and for review. */
export function feedbackCorrelations(settings: FeedbackSettings): Correlation[] {
  return (['output', 'account'] as const).flatMap((what) =>
    (['page', 'review'] as const).map((counts) => ({
      id: correlationId(what, counts),
      title: `Reported by ${settings.reporters} people: one ${what}`,
      level: 'medium' as const,
      shadow: false,
      reviewOnly: counts === 'review',
      detector: 'feedback',
      label: 'reported',
      timespan: settings.timespan,
      complete: (entries: readonly WindowEntry[]) => enough(entries, settings.reporters),
    })),
  );
}

/** Distinct reporters, each by its weight; a weight stands before the reporter in `value`. */
export function enough(entries: readonly WindowEntry[], needed: number): boolean {
  const weights = new Map<string, number>();
  for (const { value } of entries) {
    if (value === undefined) continue;
    const colon = value.indexOf(':');
    const reporter = value.slice(colon + 1);
    weights.set(reporter, Math.max(weights.get(reporter) ?? 0, Number(value.slice(0, colon))));
  }
  let sum = 0;
  for (const weight of weights.values()) sum += weight;
  // Weights are hundredths written as text: their sum is compared with room for the last digit.
  return weights.size >= Math.min(2, needed) && sum >= needed - 0.005;
}

/** The signals of one report. `reportedAccount` is the output's account where it is known. */
export function feedbackSignals(event: FeedbackEvent, known: Reporters): Signal[] {
  if (!isReport(event)) return [];
  const standing = reporterStanding(event, known);
  const eventId = outputSubject(event.source, event.id);
  const value = `${standing.weight.toFixed(2)}:${event.account.id}`;
  const account = event.reported?.account;
  const subject = { account, model: event.reported?.model, stage: event.reported?.stage };
  // A report that pages also counts in the review window, so that old and new reporters add up for a reviewer.
  const windows = standing.counts === 'page' ? (['page', 'review'] as const) : (['review'] as const);
  return windows.flatMap((counts): Signal[] => {
    const base = { rule: 'report', eventId, at: event.at, value, subject };
    const output = event.output.source ? `${event.output.source} ${event.output.id}` : event.output.id;
    const signals: Signal[] = [{ ...base, correlation: correlationId('output', counts), group: { output } }];
    if (account !== undefined)
      signals.push({ ...base, correlation: correlationId('account', counts), group: { account } });
    return signals;
  });
}

function correlationId(what: 'output' | 'account', counts: 'page' | 'review'): string {
  return `feedback.${what}${counts === 'review' ? '.review' : ''}`;
}
