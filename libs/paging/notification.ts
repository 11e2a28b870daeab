/**
 * A notification is one message to one person by one contact method. Its id is made of what it is for, so that two
 * pagers that decide the same step write one row, and a message sent again bears the same Message-ID and
 * Idempotency-Key.
 */
import { createHash } from 'node:crypto';
import type { ChannelName } from './plan.js';

export const notificationKinds = [
  'page',
  'fallback',
  'bundle',
  'resolved',
  'update',
  'check',
  'synthetic',
  'alarm',
] as const;
/**
 * page: asks to acknowledge; fallback: the steps are exhausted; bundle: many pages in one; resolved: it is over;
 * update: for stakeholders; check: does this contact method reach you; synthetic: the pager tries itself; alarm: the
 * auditor's own word to the fallback.
 */
export type NotificationKind = (typeof notificationKinds)[number];

export const notificationStates = ['waiting', 'claimed', 'sent', 'refused', 'failed', 'cancelled', 'bundled'] as const;
/** failed: every try was used up; bundled: its outcome is that of its bundle. */
export type NotificationState = (typeof notificationStates)[number];

export function notificationId(
  incident: string,
  kind: NotificationKind,
  round: number,
  step: number,
  responder: string,
  contact: string,
): string {
  return hash([incident, kind, String(round), String(step), responder, contact]);
}

export function bundleId(responder: string, contact: string, sequence: number): string {
  return hash(['bundle', responder, contact, String(sequence)]);
}

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 32);
}

/** Mail and everything that goes over HTTP are claimed apart, so that a mail server that hangs holds up no webhook. */
export type Lane = 'mail' | 'http';
export const laneOf = (channel: ChannelName): Lane => (channel === 'email' ? 'mail' : 'http');

/** What a try to deliver came to; the reason is the metric's label and stands in the attempt's row. */
export type Outcome =
  | { readonly outcome: 'sent'; readonly reason?: string }
  | { readonly outcome: 'retry'; readonly reason: string; readonly afterMs?: number }
  | { readonly outcome: 'refused'; readonly reason: string };

const second = 1_000;
const minute = 60_000;
/** Five tries over about 20 minutes, as the signed webhook promises. */
const httpDelays = [15 * second, minute, 4 * minute, 15 * minute];
/** A mail server that is away is most often back soon; after about half an hour others have been told. */
const mailDelays = [
  2 * second,
  5 * second,
  15 * second,
  30 * second,
  minute,
  2 * minute,
  4 * minute,
  8 * minute,
  15 * minute,
];
const longestRetryAfter = 15 * minute;

/**
 * When a try is to be made again after `attempts` tries, in milliseconds from now; undefined where all are used up.
 * A receiver's own Retry-After is honoured up to 15 minutes.
 */
export function retryDelay(lane: Lane, attempts: number, retryAfterMs = 0): number | undefined {
  const delay = (lane === 'mail' ? mailDelays : httpDelays)[attempts - 1];
  return delay === undefined ? undefined : Math.max(delay, Math.min(retryAfterMs, longestRetryAfter));
}
