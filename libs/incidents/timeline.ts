/** The timeline: what happened to an incident, in order, who did it and why. Entries are never changed or removed. */

/** The words of `what` that this lib writes; paging and others add their own. */
export type Happening =
  'opened' | 'grown' | 'acknowledged' | 'resolved' | 'reopened' | 'noted' | 'severity changed' | 'merged' | 'linked';

export interface TimelineEntry {
  readonly sequence: number;
  readonly at: Date;
  /** A person's name or address, or `tocsin`. */
  readonly who: string;
  /** A word or two: `opened`, `acknowledged`, `page sent`. */
  readonly what: string;
  /** The reason, note or circumstance. */
  readonly why?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface NewTimelineEntry extends Omit<TimelineEntry, 'sequence' | 'at'> {
  readonly incident: string;
  /** Where set, a second entry of the incident with the same word is silently left out. */
  readonly once?: string;
}

/** Who acts, and why. */
export interface Actor {
  readonly who: string;
  readonly why?: string;
}

export const tocsin: Actor = { who: 'tocsin' };
