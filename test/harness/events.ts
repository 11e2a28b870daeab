/** Builders of events: a test gives what it is about, the rest is ordinary. */
import { randomUUID } from 'node:crypto';

export interface OutputParts {
  readonly id?: string;
  readonly source?: string;
  readonly time?: string;
  readonly text?: string;
  readonly prompt?: string;
  readonly account?: string;
  readonly audience?: string;
  readonly conversation?: string;
  readonly model?: string;
  readonly version?: string;
  readonly stage?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export const ordinaryText =
  'The meeting moved to Thursday at ten; bring the notes of last week and a list of open questions.';

/** A structured CloudEvent of an output, of the example policy's model and first stage. */
export function output(parts: OutputParts = {}) {
  return {
    specversion: '1.0',
    type: 'tocsin.output.v1',
    source: parts.source ?? 'test/gateway',
    id: parts.id ?? randomUUID(),
    time: parts.time ?? new Date().toISOString(),
    datacontenttype: 'application/json',
    data: {
      model: { name: parts.model ?? 'MyGenerativeAI', version: parts.version ?? 'v1.0-alpha' },
      stage: parts.stage ?? 'Internal Alpha',
      account: { id: parts.account ?? 'account-1', audience: parts.audience ?? 'internal_devs' },
      ...(parts.conversation !== undefined && { conversation: parts.conversation }),
      ...(parts.prompt !== undefined && { prompt: parts.prompt }),
      output: parts.text ?? ordinaryText,
      safety: { content_filter: { ran: true, flagged: false } },
      ...parts.data,
    },
  };
}

export interface FeedbackParts {
  readonly id?: string;
  readonly of: string | { readonly source?: string; readonly id: string };
  readonly reporter?: string;
  readonly createdAt?: string;
  readonly category?: string;
  readonly comment?: string;
  readonly time?: string;
}

/** A structured CloudEvent of a user's report; the reporter's account is a year old unless told otherwise. */
export function feedback(parts: FeedbackParts) {
  return {
    specversion: '1.0',
    type: 'tocsin.feedback.v1',
    source: 'test/app',
    id: parts.id ?? randomUUID(),
    time: parts.time ?? new Date().toISOString(),
    data: {
      output: typeof parts.of === 'string' ? { source: 'test/gateway', id: parts.of } : parts.of,
      account: {
        id: parts.reporter ?? `reporter-${randomUUID()}`,
        created_at: parts.createdAt ?? new Date(Date.now() - 365 * 86_400_000).toISOString(),
      },
      rating: -1,
      category: parts.category ?? 'impersonation',
      ...(parts.comment !== undefined && { comment: parts.comment }),
    },
  };
}
