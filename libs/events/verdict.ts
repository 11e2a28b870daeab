/** Data of `tocsin.verdict.v1`: a judgement from outside. `unchecked` says that nobody could judge, so it has no score. */
import type { Envelope } from './envelope.js';
import type { VerdictEvent } from './event.js';
import { readReference } from './feedback.js';
import type { Fields, Reader } from './reader.js';

export const unchecked = 'unchecked';

/** The event, or undefined where the reader says what is wrong. */
export function readVerdict(data: Fields, envelope: Envelope, reader: Reader): VerdictEvent | undefined {
  const output = readReference(data.output, reader);
  const detector = reader.requiredName(data.detector, 'detector');
  const label = reader.requiredName(data.label, 'label');
  const score = reader.score(data.score, 'score');
  if (score === undefined && label !== unchecked) reader.missing(data.score, 'score');
  const explanation = reader.text(data.explanation, 'explanation');
  const reviewer = reader.name(data.reviewer, 'reviewer');
  if (reader.reason !== undefined || output === undefined) return undefined;
  return {
    kind: 'verdict',
    source: envelope.source,
    id: envelope.id,
    at: envelope.at,
    day: envelope.day,
    origin: envelope.origin,
    ephemeral: envelope.ephemeral,
    mended: reader.mended,
    output,
    detector,
    label,
    score: label === unchecked ? undefined : score,
    explanation,
    reviewer,
  };
}
