/**
 * CloudEvents 1.0 over Kafka. Structured mode has all of the event in the value; binary mode has its attributes in
 * `ce_*` headers and the data alone in the value.
 */
import type { StreamRecord } from './event.js';
import { headerText } from './header.js';
import type { Fields, Reader } from './reader.js';

/** A CloudEvent's attributes as far as Tocsin reads them, unchecked, and its data as parsed JSON. */
export interface Attributes {
  readonly specversion: unknown;
  readonly type: unknown;
  readonly source: unknown;
  readonly id: unknown;
  readonly time: unknown;
  readonly retention: unknown;
  readonly data: unknown;
}

/** The attributes of a structured event; its data may also come as base64 of JSON, which some SDKs write for bytes. */
export function structured(event: Fields, reader: Reader): Attributes {
  const { specversion, type, source, id, time, retention } = event;
  const data = event.data ?? fromBase64(event.data_base64, reader);
  return { specversion, type, source, id, time, retention, data };
}

/** The attributes of a binary event, out of its headers. */
export function binary(record: StreamRecord, data: unknown): Attributes {
  return {
    specversion: headerText(record, 'ce_specversion'),
    type: headerText(record, 'ce_type'),
    source: headerText(record, 'ce_source'),
    id: headerText(record, 'ce_id'),
    time: headerText(record, 'ce_time'),
    retention: headerText(record, 'ce_retention'),
    data,
  };
}

/** True where the record carries attributes in headers. */
export function hasBinaryHeaders(record: StreamRecord): boolean {
  const { headers } = record;
  return headers.ce_specversion !== undefined || headers.ce_type !== undefined || headers.ce_id !== undefined;
}

function fromBase64(value: unknown, reader: Reader): unknown {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') return reader.invalid(value, 'data_base64', 'a string');
  try {
    const data: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    return data;
  } catch {
    return reader.invalid(value, 'data_base64', 'JSON in base64');
  }
}
