/** Data of `tocsin.feedback.v1`: what a user says of an output, and what they saw where the fleet keeps no index. */
import { readAccount } from './account.js';
import type { Envelope } from './envelope.js';
import type { FeedbackCategory, FeedbackEvent, OutputReference } from './event.js';
import type { Fields, Reader } from './reader.js';

export const categories = [
  'disinformation',
  'impersonation',
  'harmful',
  'appeal',
  'other',
] as const satisfies readonly FeedbackCategory[];
export const ratings = [-1, 0, 1] as const;

/** The event, or undefined where the reader says what is wrong. */
export function readFeedback(data: Fields, envelope: Envelope, reader: Reader): FeedbackEvent | undefined {
  const output = readReference(data.output, reader);
  const account = readAccount(data.account, reader);
  const rating = reader.oneOf(data.rating, ratings, 'rating');
  const category = reader.oneOf(data.category, categories, 'category');
  const comment = reader.text(data.comment, 'comment');
  const reported = readReported(data.reported, reader);
  if (reader.reason !== undefined || output === undefined || account === undefined) return undefined;
  return {
    kind: 'feedback',
    source: envelope.source,
    id: envelope.id,
    at: envelope.at,
    day: envelope.day,
    origin: envelope.origin,
    ephemeral: envelope.ephemeral,
    mended: reader.mended,
    output,
    account,
    rating,
    category,
    comment,
    reported,
  };
}

/** `output {source?, id}`, as feedback and verdicts name the output they speak of. */
export function readReference(value: unknown, reader: Reader): OutputReference | undefined {
  const output = reader.object(value, 'output');
  if (output === undefined) return reader.missing(value, 'output.id');
  return { source: reader.name(output.source, 'output.source'), id: reader.requiredName(output.id, 'output.id') };
}

function readReported(value: unknown, reader: Reader): FeedbackEvent['reported'] {
  const reported = reader.object(value, 'reported');
  if (reported === undefined) return undefined;
  return {
    model: reader.name(reported.model, 'reported.model'),
    stage: reader.name(reported.stage, 'reported.stage'),
    account: reader.name(reported.account, 'reported.account'),
    text: reader.text(reported.text, 'reported.text'),
  };
}
