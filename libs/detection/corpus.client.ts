/** What training and evaluation read, put together once: rows of the training folder and Tocsin's own seeds. */
import { compose, type MessageParts, type Seed } from './linear/train-message.js';
import { usualFit } from './linear/fit.js';
import type { Row } from './linear/rows.js';
import { asOrdinary, type RequestSeed } from './linear/train-compliance.js';
import { outputFiles, readLines, readRows, readSeed, readSeeds } from './training-data.client.js';

export interface Corpus {
  /** Outputs with prompts, labelled. */
  readonly outputs: readonly Row[];
  /** Genuine mail, and what spam there is (label null). */
  readonly mails: readonly Row[];
  /** Ordinary texts that are no answers: mail and harmless posts. */
  readonly ordinary: readonly Row[];
  readonly own: {
    readonly ordinary: readonly Row[];
    readonly requests: readonly RequestSeed[];
    readonly messages: readonly Seed[];
    readonly composed: readonly Seed[];
  };
}

interface ModerationRow {
  readonly id: string;
  readonly text: string;
  readonly labels: Readonly<Record<string, number | null>>;
}

export function readCorpus(folder: string): Corpus {
  const mails = readRows(folder, ['emails-spamassassin']);
  const posts = readLines<ModerationRow>(folder, 'texts-openai-moderation').filter((row) =>
    Object.values(row.labels).every((value) => !value),
  );
  return {
    outputs: readRows(folder, outputFiles),
    mails,
    ordinary: [
      ...mails.filter((row) => row.label === 0).map(asOrdinary),
      ...posts.map((row) => asOrdinary({ ...row, source: 'moderation' })),
    ],
    own: {
      ordinary: readSeeds<Row>('ordinary.jsonl'),
      requests: readSeeds<RequestSeed>('requests.jsonl'),
      messages: readSeeds<Seed>('messages.jsonl'),
      composed: compose(readSeed<MessageParts>('message-parts.json'), usualFit.seed),
    },
  };
}
