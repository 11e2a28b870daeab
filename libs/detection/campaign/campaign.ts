/** When is a cluster of alike texts a campaign? Five accounts within a day. */
import type { Correlation, Signal, Subject, WindowEntry } from '../../incidents/index.js';

export const campaignCorrelationId = 'campaign';
export const accountsNeeded = 5;
export const campaignTimespan = 24 * 60 * 60_000;

/** The shipped correlation: `value_count` of accounts by cluster. */
export function campaignCorrelation(accounts = accountsNeeded): Correlation {
  return {
    id: campaignCorrelationId,
    title: `One message from ${accounts} accounts`,
    level: 'high',
    shadow: false,
    detector: 'campaign',
    label: 'campaign',
    timespan: campaignTimespan,
    complete: (entries: readonly WindowEntry[]) => new Set(entries.map(({ value }) => value)).size >= accounts,
  };
}

/** A suspect finding as the clusters read it. */
export interface Suspect {
  readonly finding: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly account: string;
  readonly subject: Subject;
}

export function campaignSignal(cluster: string, suspect: Omit<Suspect, 'text'>): Signal {
  return {
    correlation: campaignCorrelationId,
    group: { cluster },
    rule: 'suspect',
    eventId: suspect.finding,
    at: suspect.at,
    value: suspect.account,
    finding: suspect.finding,
    subject: suspect.subject,
  };
}
