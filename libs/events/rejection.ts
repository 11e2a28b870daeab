/**
 * Why a record, or one event of it, is refused. The words are the label of a metric and stand in docs/events.md; a test
 * holds the two together. A detail names fields, kinds and lengths, never what a field holds.
 */
import type { Origin, Rejection } from './event.js';

/** Every reason the decoder gives, and what it means. */
export const rejectionReasons = {
  unreadable: "the batch's compression could not be undone",
  tombstone: 'the record has no value',
  too_large: 'the value is over 1 MiB',
  invalid_utf8: 'the value is not UTF-8',
  invalid_json: 'the value is not JSON',
  unsupported_content_type: 'the content type is none that Tocsin reads',
  unsupported_version: 'the CloudEvents version is not 1.0',
  not_an_event: 'the JSON is neither a CloudEvent nor OpenTelemetry logs',
  no_event: 'the OpenTelemetry record holds no event that Tocsin reads',
  unknown_type: 'the CloudEvents type is none of the three',
  missing_field: 'a required field is absent',
  invalid_field: 'a field has another form than the contract gives it',
} as const;

export type RejectionReason = keyof typeof rejectionReasons;

/** A rejection by the decoder; the type holds its reason to the list. */
export function rejection(reason: RejectionReason, detail: string, origin: Origin, ephemeral: boolean): Rejection {
  return { kind: 'rejection', reason, detail, origin, ephemeral };
}

/** How a detail speaks of a value without showing it. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return value === '' ? 'an empty string' : `a string of ${value.length} characters`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
