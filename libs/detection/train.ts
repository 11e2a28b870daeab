/**
 * Makes the shipped weights from the training folder: `npm run train -- --data DIR`. Seeded and ordered, so the same
 * folder gives the same bytes; a sheet beside them says from what, by which licence, and their hashes.
 */
import { createHash } from 'node:crypto';
import { readCorpus } from './corpus.client.js';
import { writeModel } from './linear/model.js';
import type { Row } from './linear/rows.js';
import { trainCompliance } from './linear/train-compliance.js';
import { trainMessage } from './linear/train-message.js';
import { backgroundBuckets, countBackground } from './text/background.js';
import { folded } from './text/fold.js';
import { modelFiles, modelsFolder, writeModelFile } from './weights.repository.js';

export const modelVersion = 1;

/** Under which licence each source was published; all let weights be shipped. */
const licences = {
  gptfuzz: 'MIT',
  donotanswer: 'Apache-2.0',
  adaptive: 'MIT',
  jbb: 'MIT',
  arenahard: 'Apache-2.0',
  spamassassin: 'PDDL-1.0, contents CC0-1.0',
  moderation: 'MIT',
  own: 'Apache-2.0',
};

export interface Trained {
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly sha256: string }[];
}

/** `say` gets a line a step. Throws where the folder has no rows, with a sentence that says what was wanted. */
export function train(dataFolder: string, say: (line: string) => void, folder: string = modelsFolder()): Trained {
  const { outputs, mails, ordinary, own } = readCorpus(dataFolder);
  if (outputs.length === 0) {
    throw new Error(
      `found no outputs-*.jsonl.gz in ${dataFolder}, wanted the training folder: npm run train -- --data DIR`,
    );
  }
  const genuine = mails.filter((row) => row.label === 0);
  const files: Trained['files'][number][] = [];
  const write = (file: string, bytes: Uint8Array) => {
    writeModelFile(folder, file, bytes);
    files.push({ file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    say(`${file}: ${bytes.length} bytes`);
  };
  const version = String(modelVersion);
  write(modelFiles.background, backgroundFile([...outputs, ...genuine]));
  const all = [...outputs, ...ordinary, ...own.ordinary];
  write(modelFiles.compliance, writeModel(trainCompliance(all, own.requests, version)));
  const messages = [...own.messages, ...own.composed];
  write(modelFiles.message, writeModel(trainMessage(messages, [...outputs, ...genuine], version)));
  const rows = {
    ...countBySource([...outputs, ...ordinary]),
    own: own.ordinary.length + own.requests.length + messages.length,
  };
  writeModelFile(
    folder,
    modelFiles.sheet,
    `${JSON.stringify({ version: modelVersion, licences, rows, files }, null, 2)}\n`,
  );
  return { files };
}

function backgroundFile(rows: readonly Row[]): Uint8Array {
  const bytes = new Uint8Array(4 + backgroundBuckets);
  bytes[0] = modelVersion;
  bytes.set(countBackground(rows.map((row) => folded(row.text))), 4);
  return bytes;
}

function countBySource(rows: readonly Row[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[row.source] = (counts[row.source] ?? 0) + 1;
  return counts;
}
