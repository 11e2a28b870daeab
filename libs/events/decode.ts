/**
 * What does this record say? Total: any bytes, any headers give events or rejections, never an exception, and the same
 * record and `now` always the same answer. A structured CloudEvent costs little more than its JSON.parse.
 */
import { isUtf8 } from 'node:buffer';
import { binary, hasBinaryHeaders, structured, type Attributes } from './cloudevent.js';
import { envelope, readData } from './envelope.js';
import type { Event, Origin, Rejection, StreamRecord } from './event.js';
import { isNone, headerText, mediaType } from './header.js';
import { readLogs, type LoggedEvent } from './otlp.js';
import { isObject, Reader, type Fields } from './reader.js';
import { rejection, type RejectionReason } from './rejection.js';
import { isUntimed, parseNanoseconds } from './time.js';

/** The longest value of a record that is read, in bytes. */
export const recordLimit = 1_048_576;

/** What a batch holds, in its order, and what had to be put right on the way. */
export interface Decoded {
  readonly events: readonly Event[];
  readonly rejections: readonly Rejection[];
  /** Texts in which NUL or lone surrogates were replaced. */
  readonly mended: number;
  /** Outputs over 64 KiB, judged on their beginning. */
  readonly cut: number;
  /** Records whose timestamp is missing or over 5 minutes ahead of now, and counts as now. */
  readonly untimed: number;
  /** Events whose own time lay outside what is believed, and was moved. */
  readonly clamped: number;
  /** OpenTelemetry log records that are no events of ours. */
  readonly ignored: number;
}

/** All events of the records, and their rejections. `now` in milliseconds since 1970. */
export function decodeAll(records: readonly StreamRecord[], now: number): Decoded {
  const decoding = new Decoding(now);
  for (const record of records) decoding.add(record);
  return decoding;
}

/** The events of one record and the rejections of others in it, in their order. */
export function decode(record: StreamRecord, now: number): (Event | Rejection)[] {
  const { events, rejections } = decodeAll([record], now);
  return [...events, ...rejections].toSorted((a, b) => a.origin.index - b.origin.index);
}

class Decoding implements Decoded {
  readonly events: Event[] = [];
  readonly rejections: Rejection[] = [];
  mended = 0;
  cut = 0;
  untimed = 0;
  clamped = 0;
  ignored = 0;
  private readonly reader = new Reader();

  constructor(private readonly now: number) {}

  add(record: StreamRecord): void {
    const ephemeral = record.headers.ce_retention !== undefined && isNone(headerText(record, 'ce_retention'));
    let logged = record.timestamp;
    if (isUntimed(logged, this.now)) {
      logged = this.now;
      this.untimed++;
    }
    const { value } = record;
    if (record.unreadable !== undefined) return this.refuse(record, ephemeral, 'unreadable', record.unreadable);
    if (value === null) return this.refuse(record, ephemeral, 'tombstone', 'the value is null');
    if (value.length > recordLimit) {
      return this.refuse(record, ephemeral, 'too_large', `found ${value.length} bytes, wanted at most ${recordLimit}`);
    }
    const binaryMode = hasBinaryHeaders(record) && !isStructured(mediaType(record));
    if (binaryMode && !isJson(mediaType(record))) return this.refuseType(record, ephemeral);

    const text = value.toString('utf8');
    // Invalid bytes come out as U+FFFD: only a text that holds one needs the look at its bytes.
    if (text.includes('\ufffd') && !isUtf8(value)) {
      return this.refuse(record, ephemeral, 'invalid_utf8', `found ${value.length} bytes that are not UTF-8`);
    }
    const parsed = parse(text);
    if (parsed === undefined) return this.refuseJson(record, ephemeral);

    const origin = originOf(record, 0);
    // JSON can say NUL and a lone surrogate only by an escape, so one look spares most events the look at each text.
    const suspect = binaryMode || text.includes('\\u');
    if (binaryMode) return this.addEvent(binary(record, parsed.value), origin, logged, ephemeral, suspect);
    if (isObject(parsed.value)) {
      const root = parsed.value;
      if (root.resourceLogs !== undefined) return this.addLogs(root, record, logged, ephemeral, suspect);
      if (root.specversion !== undefined || isStructured(mediaType(record))) {
        this.reader.begin(suspect || root.data_base64 !== undefined);
        return this.addEvent(structured(root, this.reader), origin, logged, ephemeral, undefined);
      }
    }
    this.refuse(record, ephemeral, 'not_an_event', 'wanted a CloudEvent (specversion) or OpenTelemetry logs');
  }

  /** One CloudEvent. `suspect` undefined where the reader has begun. */
  private addEvent(
    given: Attributes,
    origin: Origin,
    logged: number,
    header: boolean,
    suspect: boolean | undefined,
  ): void {
    const { reader } = this;
    if (suspect !== undefined) reader.begin(suspect);
    const ephemeral = header || isNone(given.retention);
    if (given.specversion !== '1.0') refuseVersion(given.specversion, reader);
    const type = typeof given.type === 'string' ? given.type : reader.requiredName(given.type, 'type');
    const source = reader.requiredName(given.source, 'source');
    const id = reader.requiredName(given.id, 'id');
    const time = reader.time(given.time, 'time');
    this.finish(type, given.data, source, id, time, logged, origin, ephemeral);
  }

  private addLogs(root: Fields, record: StreamRecord, logged: number, header: boolean, suspect: boolean): void {
    const { events, ignored } = readLogs(root);
    this.ignored += ignored;
    if (events.length === 0) {
      const detail = `found ${ignored} log records, none a GenAI event`;
      return this.refuse(record, header, 'no_event', detail);
    }
    for (const event of events) {
      this.reader.begin(suspect);
      this.addLogged(event, originOf(record, event.index), logged, header);
    }
  }

  private addLogged(event: LoggedEvent, origin: Origin, logged: number, header: boolean): void {
    const { reader } = this;
    const source = reader.name(event.source, 'service.name') ?? reader.missing(event.source, 'service.name') ?? '';
    const id = reader.name(event.id, 'gen_ai.response.id') ?? reader.missing(event.id, 'gen_ai.response.id') ?? '';
    const given = event.nanoseconds;
    const known = given !== undefined && given !== null && given !== '0' && given !== 0;
    const time = known ? parseNanoseconds(given) : undefined;
    if (known && time === undefined) reader.invalid(given, 'timeUnixNano', 'nanoseconds since 1970');
    const ephemeral = header || isNone(event.retention);
    this.finish(event.type, event.data, source, id, time, logged, origin, ephemeral);
  }

  private finish(
    type: string,
    data: unknown,
    source: string,
    id: string,
    time: number | undefined,
    logged: number,
    origin: Origin,
    ephemeral: boolean,
  ): void {
    const { reader } = this;
    const head = envelope(source, id, time, logged, origin, ephemeral);
    const event = readData(type, data, head, reader);
    if (event === undefined) {
      const reason = reader.reason ?? 'not_an_event';
      this.rejections.push(rejection(reason, reader.detail, origin, ephemeral));
      return;
    }
    if (time !== undefined && time !== event.at) this.clamped++;
    if (reader.cut) this.cut++;
    this.mended += event.mended;
    this.events.push(event);
  }

  private refuse(record: StreamRecord, ephemeral: boolean, reason: RejectionReason, detail: string): void {
    this.rejections.push(rejection(reason, detail, originOf(record, 0), ephemeral));
  }

  private refuseType(record: StreamRecord, ephemeral: boolean): void {
    const wanted = 'wanted application/json, application/cloudevents+json or OpenTelemetry logs in JSON';
    this.refuse(record, ephemeral, 'unsupported_content_type', wanted);
  }

  /** A value that is no JSON: where the content type says that it is something else, that is the reason. */
  private refuseJson(record: StreamRecord, ephemeral: boolean): void {
    const type = mediaType(record);
    if (type !== undefined && !isJson(type)) return this.refuseType(record, ephemeral);
    this.refuse(record, ephemeral, 'invalid_json', `found ${record.value?.length ?? 0} bytes that are not JSON`);
  }
}

function originOf(record: StreamRecord, index: number): Origin {
  return { topic: record.topic, partition: record.partition, offset: record.offset, index };
}

function refuseVersion(version: unknown, reader: Reader): void {
  if (version === undefined || version === null) reader.missing(version, 'specversion');
  else reader.fail('unsupported_version', 'specversion: wanted 1.0');
}

/** The parsed JSON, in a box because JSON has null; undefined where it is none. Some clients write a byte order mark. */
function parse(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    return { value };
  } catch {
    return undefined;
  }
}

function isStructured(type: string | undefined): boolean {
  return (
    type !== undefined && type.startsWith('application/cloudevents') && !type.startsWith('application/cloudevents-')
  );
}

function isJson(type: string | undefined): boolean {
  return type === undefined || type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}
