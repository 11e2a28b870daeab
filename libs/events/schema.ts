/**
 * The three data forms as schemas: for editors and producers, as JSON Schema, and for the test that holds the decoder
 * against them. The decoder itself checks by hand: it reads every event of a fleet, and costs a third of its JSON.parse.
 */
import { z } from 'zod';
import { eventTypes } from './envelope.js';
import { categories, ratings } from './feedback.js';
import { protocols, purposes } from './output.js';
import { nameLimit } from './reader.js';
import { parseTime } from './time.js';
import { unchecked } from './verdict.js';

const requiredName = z.string().min(1).max(nameLimit);
const name = z.string().max(nameLimit).nullish();
const text = z.string().nullish();
const score = z.number().min(0).max(1);
const time = z
  .string()
  .refine((value) => parseTime(value) !== undefined)
  .meta({ format: 'date-time' })
  .nullish();

const message = z.looseObject({ role: z.unknown(), parts: z.unknown() }).partial().describe('an OpenTelemetry message');
const said = z.union([z.string(), z.array(message)]);

const account = z.looseObject({
  id: requiredName.describe('the account, as the key of the record'),
  organization: name,
  end_user: name.describe('the hashed end user behind a reseller'),
  audience: name,
  created_at: time,
  verified_as: z.array(requiredName).nullish(),
});

const protocolResult = z.looseObject({ ran: z.boolean(), flagged: z.boolean().nullish(), score: score.nullish() });

const output = z.looseObject({
  model: z.looseObject({ name, version: name }).nullish(),
  stage: name,
  account,
  conversation: name,
  prompt: said.nullish(),
  output: said.describe('what the model answered: a text, or OpenTelemetry GenAI messages with parts'),
  tool_calls: z.array(z.looseObject({ name: requiredName, arguments: z.unknown().optional() })).nullish(),
  finish_reason: name,
  safety: z
    .looseObject(Object.fromEntries(protocols.map((protocol) => [protocol, protocolResult.nullish()])))
    .nullish(),
  language: name,
  group: name.describe('an opaque label for fairness tables'),
  purpose: z.enum(purposes).nullish(),
  expected: z.looseObject({ detector: requiredName, label: requiredName }).nullish(),
});

const reference = z.looseObject({ source: name, id: requiredName });

const feedback = z.looseObject({
  output: reference,
  account: account.describe('the reporter'),
  rating: z.union(ratings.map((rating) => z.literal(rating))).nullish(),
  category: z.enum(categories).nullish(),
  comment: text,
  reported: z.looseObject({ model: name, stage: name, account: name, text }).nullish(),
});

const aboutOutput = { output: reference, detector: requiredName, explanation: text, reviewer: name };
const verdict = z.union([
  z.looseObject({ ...aboutOutput, label: z.literal(unchecked), score: score.nullish() }),
  z.looseObject({ ...aboutOutput, label: requiredName, score }),
]);

/** The data of each CloudEvents type. */
export const dataSchemas = {
  [eventTypes.output]: output,
  [eventTypes.feedback]: feedback,
  [eventTypes.verdict]: verdict,
} as const;

/** JSON Schema (draft 2020-12) of the data of each CloudEvents type. */
export function eventJsonSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(dataSchemas).map(([type, schema]) => [
      type,
      z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input', reused: 'inline' }),
    ]),
  );
}
