/**
 * Makes the shipped weights from the training folder: `npm run train -- --data DIR`. Seeded and ordered, so the same
 * folder gives the same bytes; a sheet beside them says from what, by which licence, and their hashes.
 */
import { createHash } from 'node:crypto';
import { usualFit } from './linear/fit.js';
import { writeModel } from './linear/model.js';
import type { Row } from './linear/rows.js';
import { trainCompliance } from './linear/train-compliance.js';
import { backgroundBuckets, countBackground } from './text/background.js';
import { folded } from './text/fold.js';
import { compose, trainMessage, type MessageParts, type Seed } from './linear/train-message.js';
import { outputFiles, readRows, readSeed, readSeeds } from './training-data.client.js';
import { modelFiles, modelsFolder, writeModelFile } from './weights.repository.js';

export const modelVersion = 1;

export interface Trained {
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly sha256: string }[];
}

/** `say` gets a line a step. Throws where the folder has no rows, with a sentence that says what was wanted. */
export function train(dataFolder: string, say: (line: string) => void, folder: string = modelsFolder()): Trained {
  const outputs = readRows(dataFolder, outputFiles);
  const mails = readRows(dataFolder, ['emails-spamassassin']).filter((row) => row.label === 0);
  if (outputs.length === 0) {
    throw new Error(
      `found no outputs-*.jsonl.gz in ${dataFolder}, wanted the training folder: npm run train -- --data DIR`,
    );
  }
  const files: Trained['files'][number][] = [];
  const write = (file: string, bytes: Uint8Array) => {
    writeModelFile(folder, file, bytes);
    files.push({ file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    say(`${file}: ${bytes.length} bytes`);
  };
  write(modelFiles.background, backgroundFile([...outputs, ...mails]));
  write(modelFiles.compliance, writeModel(trainCompliance(outputs, String(modelVersion))));
  const composed = compose(readSeed<MessageParts>('message-parts.json'), usualFit.seed);
  const own = [...readSeeds<Seed>('messages.jsonl'), ...composed];
  write(modelFiles.message, writeModel(trainMessage(own, [...outputs, ...mails], String(modelVersion))));
  const sheet = { version: modelVersion, rows: countBySource([...outputs, ...mails]), files };
  writeModelFile(folder, modelFiles.sheet, `${JSON.stringify(sheet, null, 2)}\n`);
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
