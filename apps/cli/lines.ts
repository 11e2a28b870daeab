/** Lines of stdin, and JSON lines to stdout that wait for a slow reader. */
import { createInterface } from 'node:readline';
import { once } from 'node:events';

/** Lines as they come, whatever their number; CR LF counts as one break. */
export function stdinLines(): AsyncIterable<string> {
  return createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
}

/** Writes a JSON line; resolves at once unless the reader is behind. A reader that left (as `head` does) ends the verb. */
export async function printJson(value: unknown): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, 'drain');
}
