/** Data of `tocsin.output.v1`: what a model answered, to whom, and what the deployment's own protocols said of it. */
import { readAccount } from './account.js';
import type { Envelope } from './envelope.js';
import type { OutputEvent, ProtocolResult, Purpose } from './event.js';
import { readAsked, readSaid, readToolCalls } from './messages.js';
import type { Fields, Reader } from './reader.js';

export const purposes = ['production', 'red_team', 'evaluation', 'control'] as const satisfies readonly Purpose[];
/** The protocols whose word on an output is kept. */
export const protocols = ['content_filter', 'moderation_api', 'rate_limit'] as const;

const nothingSaid: OutputEvent['safety'] = Object.freeze({});

/** The event, or undefined where the reader says what is wrong. */
export function readOutput(data: Fields, envelope: Envelope, reader: Reader): OutputEvent | undefined {
  const model = reader.object(data.model, 'model');
  const account = readAccount(data.account, reader);
  const said = readSaid(data.output, 'output', reader);
  const modelName = model === undefined ? undefined : reader.name(model.name, 'model.name');
  const version = model === undefined ? undefined : reader.name(model.version, 'model.version');
  const stage = reader.name(data.stage, 'stage');
  const conversation = reader.name(data.conversation, 'conversation');
  const prompt = readAsked(data.prompt, 'prompt', reader);
  const toolCalls = readToolCalls(data.tool_calls, said === undefined ? [] : said.toolCalls, reader);
  const finishReason = reader.name(data.finish_reason, 'finish_reason') ?? said?.finishReason;
  const safety = readSafety(data.safety, reader);
  const language = reader.name(data.language, 'language');
  const group = reader.name(data.group, 'group');
  const purpose = reader.oneOf(data.purpose, purposes, 'purpose') ?? 'production';
  const expected = readExpected(data.expected, reader);
  if (reader.reason !== undefined || account === undefined || said === undefined) return undefined;
  return {
    kind: 'output',
    source: envelope.source,
    id: envelope.id,
    at: envelope.at,
    day: envelope.day,
    origin: envelope.origin,
    ephemeral: envelope.ephemeral,
    mended: reader.mended,
    model: modelName,
    version,
    stage,
    account,
    conversation,
    prompt,
    output: said.text,
    cut: reader.cut,
    toolCalls,
    finishReason,
    safety,
    language,
    group,
    purpose,
    expected,
  };
}

function readSafety(value: unknown, reader: Reader): OutputEvent['safety'] {
  const given = reader.object(value, 'safety');
  if (given === undefined) return nothingSaid;
  const safety: Record<string, ProtocolResult> = {};
  for (const protocol of protocols) {
    const result = reader.object(given[protocol], `safety.${protocol}`);
    if (result === undefined) continue;
    const ran = reader.flag(result.ran, `safety.${protocol}.ran`);
    if (ran === undefined) reader.missing(result.ran, `safety.${protocol}.ran`);
    safety[protocol] = {
      ran: ran === true,
      flagged: reader.flag(result.flagged, `safety.${protocol}.flagged`),
      score: reader.score(result.score, `safety.${protocol}.score`),
    };
  }
  return safety;
}

function readExpected(value: unknown, reader: Reader): OutputEvent['expected'] {
  const expected = reader.object(value, 'expected');
  if (expected === undefined) return undefined;
  return {
    detector: reader.requiredName(expected.detector, 'expected.detector'),
    label: reader.requiredName(expected.label, 'expected.label'),
  };
}
