/**
 * OpenTelemetry logs as a Collector's Kafka exporter writes them (`encoding: otlp_json`). Each GenAI event among them is
 * brought into the data form of CloudEvents, so both ways in are checked by the same code.
 */
import { eventTypes } from './envelope.js';
import { isObject, type Fields } from './reader.js';

/** One log record that is an event of ours. */
export interface LoggedEvent {
  /** Its place among all log records of the record, from 0. */
  readonly index: number;
  readonly type: string;
  readonly source: unknown;
  readonly id: unknown;
  /** Nanoseconds since 1970 as they came. */
  readonly nanoseconds: unknown;
  readonly retention: unknown;
  readonly data: Fields;
}

export interface Logs {
  readonly events: readonly LoggedEvent[];
  /** How many log records are no events of ours. */
  readonly ignored: number;
}

const inferenceDetails = 'gen_ai.client.inference.operation.details';
const evaluationResult = 'gen_ai.evaluation.result';

/** How deep a structured attribute may be nested; what lies deeper is left out. */
const depthLimit = 32;

export function readLogs(root: Fields): Logs {
  const events: LoggedEvent[] = [];
  let index = 0;
  for (const resourceLogs of objects(root.resourceLogs)) {
    const resource = isObject(resourceLogs.resource) ? attributesOf(resourceLogs.resource) : new Map<string, unknown>();
    for (const scopeLogs of objects(resourceLogs.scopeLogs)) {
      for (const log of objects(scopeLogs.logRecords)) {
        const event = readLog(log, resource, index++);
        if (event !== undefined) events.push(event);
      }
    }
  }
  return { events, ignored: index - events.length };
}

function readLog(log: Fields, resource: ReadonlyMap<string, unknown>, index: number): LoggedEvent | undefined {
  const own = attributesOf(log);
  const name = typeof log.eventName === 'string' && log.eventName !== '' ? log.eventName : plain(own.get('event.name'));
  if (name !== inferenceDetails && name !== evaluationResult) return undefined;
  /** The first of the attributes that is there, of the log record before that of its resource. */
  const first = (...keys: readonly string[]): unknown => {
    for (const key of keys) {
      const value = plain(own.get(key)) ?? plain(resource.get(key));
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  };
  const about = { index, source: sourceOf(first), nanoseconds: log.timeUnixNano, retention: first('tocsin.retention') };
  const output = label(first('gen_ai.response.id')) ?? spanOf(log);
  if (name === evaluationResult) {
    const id = output === undefined ? undefined : evaluationId(output, first, log);
    return { ...about, type: eventTypes.verdict, id, data: verdictOf(output, first) };
  }
  return { ...about, type: eventTypes.output, id: output, data: outputOf(first) };
}

type First = (...keys: readonly string[]) => unknown;

function outputOf(first: First): Fields {
  const reasons = first('gen_ai.response.finish_reasons');
  return {
    model: {
      name: first('gen_ai.response.model', 'gen_ai.request.model'),
      version: label(first('tocsin.model.version', 'service.version')),
    },
    stage: first('tocsin.stage', 'deployment.environment.name'),
    account: {
      id: label(first('user.id', 'enduser.id', 'enduser.pseudo.id')),
      organization: label(first('tocsin.account.organization')),
      end_user: label(first('tocsin.account.end_user')),
      audience: first('tocsin.account.audience'),
      created_at: first('tocsin.account.created_at'),
      verified_as: first('tocsin.account.verified_as'),
    },
    conversation: label(first('gen_ai.conversation.id')),
    prompt: messages(first('gen_ai.input.messages')),
    output: messages(first('gen_ai.output.messages')),
    finish_reason: Array.isArray(reasons) && typeof reasons[0] === 'string' ? reasons[0] : undefined,
    language: first('tocsin.language'),
    group: label(first('tocsin.group')),
    purpose: first('tocsin.purpose'),
  };
}

function verdictOf(output: unknown, first: First): Fields {
  const detector = first('gen_ai.evaluation.name');
  const score = first('gen_ai.evaluation.score.value');
  const failed = score === undefined && first('error.type') !== undefined;
  return {
    output: { source: first('tocsin.output.source'), id: output },
    detector,
    // An evaluation may give a score alone: its name is then all that can be said of what was found.
    label: failed ? 'unchecked' : (first('gen_ai.evaluation.score.label') ?? detector),
    score,
    explanation: first('gen_ai.evaluation.explanation'),
  };
}

/** `service.namespace/service.name`; without a namespace, the name alone. */
function sourceOf(first: First): unknown {
  const name = first('service.name');
  const namespace = first('service.namespace');
  return typeof name === 'string' && typeof namespace === 'string' ? `${namespace}/${name}` : name;
}

/** An evaluation has no id of its own: the output, the evaluation's name and its time tell it from others. */
function evaluationId(output: unknown, first: First, log: Fields): unknown {
  const time = typeof log.timeUnixNano === 'string' || typeof log.timeUnixNano === 'number' ? log.timeUnixNano : 0;
  const name = first('gen_ai.evaluation.name');
  return typeof output === 'string' && typeof name === 'string' ? `${output}/${name}/${time}` : output;
}

/** The span that the event belongs to; ids of zeros are OpenTelemetry's way to say that there is none. */
function spanOf(log: Fields): string | undefined {
  const { traceId, spanId } = log;
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return undefined;
  return /[^0]/.test(traceId) && /[^0]/.test(spanId) ? `${traceId}-${spanId}` : undefined;
}

/** Ids and versions may be numbers in telemetry. */
function label(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
}

/** Messages, or the JSON text of messages; a text that is no such JSON (cut by an attribute limit) is judged as it is. */
function messages(value: unknown): unknown {
  if (typeof value !== 'string') return isObject(value) ? [value] : value;
  try {
    const parsed: unknown = JSON.parse(value);
    if (isObject(parsed)) return [parsed];
    return Array.isArray(parsed) && parsed.every(isObject) ? parsed : value;
  } catch {
    return value;
  }
}

function attributesOf(holder: Fields): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const attribute of objects(holder.attributes)) {
    if (typeof attribute.key === 'string') found.set(attribute.key, attribute.value);
  }
  return found;
}

/** The plain value of an OTLP AnyValue, undefined for what is none. */
function plain(value: unknown, depth = 0): unknown {
  if (!isObject(value) || depth > depthLimit) return undefined;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return integer(value.intValue);
  if (value.doubleValue !== undefined) return value.doubleValue;
  if (isObject(value.arrayValue)) return objects(value.arrayValue.values).map((item) => plain(item, depth + 1));
  if (isObject(value.kvlistValue)) {
    // Own property names may be anything, `__proto__` too.
    const pairs = objects(value.kvlistValue.values).map((pair) => [pair.key, plain(pair.value, depth + 1)] as const);
    return Object.fromEntries(pairs.filter(([key]) => typeof key === 'string'));
  }
  return undefined;
}

/** 64-bit integers are decimal strings in OTLP JSON; one too large for a double stays a string. */
function integer(value: unknown): unknown {
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function objects(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly unknown[]).filter(isObject) : [];
}
