/**
 * What an output said and which tools it called, whether it came as a string or as OpenTelemetry GenAI messages. Only
 * the outer form is checked: instrumentations differ in their parts, and a part we do not know must not lose an output.
 */
import type { ToolCall } from './event.js';
import { isObject, type Fields, type Reader } from './reader.js';
import { firstBytes, lastBytes, overLimit, textLimit } from './text.js';

/** How deep the arguments of a tool call may be nested: far beyond use, far below a full stack. */
const depthLimit = 64;

/** A message's parts that are no words said to the user: thought, data and what tools answered. */
const silentParts = new Set(['reasoning', 'thinking', 'blob', 'file', 'uri', 'tool_call_response']);
const toolParts = new Set(['tool_call', 'server_tool_call', 'function_call']);
/** In a prompt, what the model itself and its tools said earlier is no request of the user. */
const answeringRoles = new Set(['assistant', 'model', 'tool']);

export interface Said {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: string | undefined;
}

const noCalls: readonly ToolCall[] = [];

/** The output: the first 64 KiB of what was said, and the tool calls inside its messages. */
export function readSaid(value: unknown, field: string, reader: Reader): Said | undefined {
  if (typeof value === 'string') return { text: judged(value, reader), toolCalls: noCalls, finishReason: undefined };
  if (value === undefined || value === null) return reader.missing(value, field);
  if (!Array.isArray(value)) return reader.invalid(value, field, 'a string or a list of messages');
  const texts: string[] = [];
  const calls: ToolCall[] = [];
  let finishReason: string | undefined;
  for (const message of value as readonly unknown[]) {
    if (!isObject(message)) return reader.invalid(message, `${field}[]`, 'a message');
    collect(message, texts, calls, reader);
    if (typeof message.finish_reason === 'string') finishReason = message.finish_reason;
  }
  return { text: judged(texts.join('\n'), reader), toolCalls: calls, finishReason };
}

/** The prompt: the last 64 KiB of what was asked, because the request stands at the end of a long conversation. */
export function readAsked(value: unknown, field: string, reader: Reader): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return asked(value, reader);
  if (!Array.isArray(value)) return reader.invalid(value, field, 'a string or a list of messages');
  const texts: string[] = [];
  for (const message of value as readonly unknown[]) {
    if (!isObject(message)) return reader.invalid(message, `${field}[]`, 'a message');
    const answers = typeof message.role === 'string' && answeringRoles.has(message.role);
    if (!answers) collect(message, texts, undefined, reader);
  }
  return asked(texts.join('\n'), reader);
}

/** `tool_calls` of the data; their arguments share one limit of 64 KiB with those that are read before. */
export function readToolCalls(value: unknown, before: readonly ToolCall[], reader: Reader): readonly ToolCall[] {
  const list = reader.list(value, 'tool_calls');
  if (list === undefined || list.length === 0) return before.length === 0 ? noCalls : limited(before, reader);
  const calls = [...before];
  for (const item of list) {
    const call = reader.object(item ?? false, 'tool_calls[]');
    if (call === undefined) return noCalls;
    calls.push({
      name: reader.requiredName(call.name, 'tool_calls[].name'),
      arguments: argumentsText(call.arguments, reader),
    });
  }
  return limited(calls, reader);
}

function collect(message: Fields, texts: string[], calls: ToolCall[] | undefined, reader: Reader): void {
  const parts: unknown = message.parts ?? message.content;
  if (typeof parts === 'string') texts.push(parts);
  if (!Array.isArray(parts)) return;
  for (const part of parts as readonly unknown[]) {
    if (typeof part === 'string') texts.push(part);
    if (!isObject(part)) continue;
    const type = typeof part.type === 'string' ? part.type : 'text';
    if (toolParts.has(type)) {
      const name = typeof part.name === 'string' ? reader.clean(part.name.slice(0, 512)) : '';
      calls?.push({ name, arguments: argumentsText(part.arguments, reader) });
    } else if (!silentParts.has(type)) {
      const text = part.content ?? part.text;
      if (typeof text === 'string') texts.push(text);
    }
  }
}

function judged(text: string, reader: Reader): string {
  const clean = reader.clean(text);
  if (!overLimit(clean)) return clean;
  reader.cut = true;
  return firstBytes(clean);
}

function asked(text: string, reader: Reader): string {
  const clean = reader.clean(text);
  return overLimit(clean) ? lastBytes(clean) : clean;
}

function limited(calls: readonly ToolCall[], reader: Reader): readonly ToolCall[] {
  let left = textLimit;
  return calls.map((call) => {
    const text = overLimit(call.arguments, left) ? firstBytes(call.arguments, left) : call.arguments;
    if (text.length < call.arguments.length) reader.cut = true;
    left -= Buffer.byteLength(text);
    return { name: call.name, arguments: text };
  });
}

/** Arguments as text: as the model wrote them, or as JSON where they were structured. */
function argumentsText(value: unknown, reader: Reader): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return reader.clean(value);
  if (deeperThan(depthLimit, value)) {
    return reader.fail('invalid_field', `tool call arguments: nested deeper than ${depthLimit}`) ?? '';
  }
  // Escapes of NUL and lone surrogates would come back when somebody parses the text, so they are mended inside.
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? reader.clean(inner) : inner,
  );
  return reader.clean(text);
}

function deeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((inner) => deeperThan(depth - 1, inner));
}
