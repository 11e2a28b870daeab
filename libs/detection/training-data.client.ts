/** Reads the training folder: gzipped JSON lines by the names its README gives. A file that is not there is not an error. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Row } from './linear/rows.js';

/** Outputs whose licence lets weights be shipped (MIT and Apache-2.0). */
export const outputFiles = [
  'outputs-gptfuzz',
  'outputs-donotanswer',
  'outputs-adaptive',
  'outputs-jailbreakbench-even',
  'outputs-benign-arenahard',
] as const;

export function readLines<T>(folder: string, name: string): T[] {
  const path = join(folder, `${name}.jsonl.gz`);
  if (!existsSync(path)) return [];
  return gunzipSync(readFileSync(path))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Tocsin's own seeds, which lie beside the sources: JSON lines, or one JSON object. */
export function readSeeds<T>(name: string): T[] {
  return readFileSync(join(seedsFolder(), name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

export function readSeed<T>(name: string): T {
  return JSON.parse(readFileSync(join(seedsFolder(), name), 'utf8')) as T;
}

function seedsFolder(): string {
  const beside = join(import.meta.dirname, 'seeds');
  return existsSync(beside) ? beside : beside.replace(/([\\/])dist[\\/]libs[\\/]/, '$1libs$1');
}

export function readRows(folder: string, names: readonly string[]): Row[] {
  return names.flatMap((name) =>
    readLines<Partial<Row>>(folder, name).map((row): Row => ({
      id: String(row.id ?? ''),
      source: row.source ?? name,
      prompt: row.prompt ?? '',
      text: row.text ?? '',
      label: row.label ?? null,
      family: row.family ?? 'other',
      group: row.group ?? String(row.id ?? ''),
      kind: row.kind,
    })),
  );
}
