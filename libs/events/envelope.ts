/** What every event has whatever its kind: who says it, when it happened, where it stands in the log. */
import type { Event, Origin } from './event.js';
import { readFeedback } from './feedback.js';
import { readOutput } from './output.js';
import { isObject, type Fields, type Reader } from './reader.js';
import { clampTime, utcDay } from './time.js';
import { readVerdict } from './verdict.js';

export interface Envelope {
  readonly source: string;
  readonly id: string;
  readonly at: number;
  readonly day: string;
  readonly origin: Origin;
  readonly ephemeral: boolean;
}

/** The CloudEvents types that Tocsin reads. */
export const eventTypes = {
  output: 'tocsin.output.v1',
  feedback: 'tocsin.feedback.v1',
  verdict: 'tocsin.verdict.v1',
} as const;

/** `logged` is the time of the record; `time` the event's own, where it has one. */
export function envelope(
  source: string,
  id: string,
  time: number | undefined,
  logged: number,
  origin: Origin,
  ephemeral: boolean,
): Envelope {
  const at = time === undefined ? logged : clampTime(time, logged);
  return { source, id, at, day: utcDay(time ?? logged), origin, ephemeral };
}

/** The event of a type's data, or undefined where the reader says what is wrong. */
export function readData(type: string, data: unknown, head: Envelope, reader: Reader): Event | undefined {
  if (!isObject(data)) {
    if (data === undefined || data === null) return reader.missing(data, 'data');
    return reader.invalid(data, 'data', 'an object');
  }
  return readFields(type, data, head, reader);
}

function readFields(type: string, data: Fields, head: Envelope, reader: Reader): Event | undefined {
  switch (type) {
    case eventTypes.output:
      return readOutput(data, head, reader);
    case eventTypes.feedback:
      return readFeedback(data, head, reader);
    case eventTypes.verdict:
      return readVerdict(data, head, reader);
    case '':
      return reader.missing(undefined, 'type');
    default:
      return reader.fail('unknown_type', `type: found ${nameOf(type)}, wanted ${Object.values(eventTypes).join(', ')}`);
  }
}

/** A type is shown where it looks like one, and only measured where it might be anything else. */
function nameOf(type: string): string {
  return /^[\w.:/-]{1,80}$/.test(type) ? type : `a string of ${type.length} characters`;
}
