/** `tocsin score`: one detector's judgement of each line, in the same order. */
import { readFileSync } from 'node:fs';
import {
  BadLine,
  type OfflineDetector,
  offlineDetectors,
  parseIdentities,
  parseWatchlist,
  score,
  shippedWeights,
} from '../../libs/detection/index.js';
import { hasErrors, type Problem } from '../../libs/config-file/index.js';
import { lineOf } from './check.js';
import { printJson, stdinLines } from './lines.js';
import { optionsOf } from './options.js';
import { Complaint, type Verb } from './verb.js';

const usage = `score --detector ${offlineDetectors.join('|')} [--watchlist FILE] [--identities FILE]`;

export const verb: Verb = {
  usage,
  summary: 'Score JSON lines with one detector',
  async run(args) {
    const text = { type: 'string' } as const;
    const { values } = optionsOf(args, usage, { detector: text, watchlist: text, identities: text });
    const detector = offlineDetectors.find((name) => name === values.detector);
    if (!detector) {
      throw new Complaint(
        `--detector is "${values.detector ?? ''}": wanted ${offlineDetectors.join(', ')}.\nUsage: tocsin ${usage}`,
        2,
      );
    }
    const { watchlist, identities } = values;
    const options = {
      weights: shippedWeights(),
      ...(watchlist !== undefined && { watchlist: watchlistOf(watchlist) }),
      ...(identities !== undefined && { identities: identitiesOf(identities) }),
    };
    return explainBadLine(() => print(detector, options));
  },
};

async function print(detector: OfflineDetector, options: Parameters<typeof score>[2]): Promise<number> {
  for await (const scored of score(detector, stdinLines(), options)) await printJson(scored);
  return 0;
}

/** A line that cannot be judged ends the verb with a sentence: answers must stay in step with lines. */
export async function explainBadLine(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BadLine) throw new Complaint(error.message);
    throw error;
  }
}

export function watchlistOf(file: string) {
  const { entries, problems } = parseWatchlist(textOf(file), file);
  return whole(entries, problems);
}

export function identitiesOf(file: string) {
  const { identities, problems } = parseIdentities(textOf(file), file);
  return whole(identities, problems);
}

function whole<Value>(value: Value | undefined, problems: readonly Problem[]): Value {
  for (const problem of problems) process.stderr.write(`${lineOf(problem)}\n`);
  if (value === undefined || hasErrors(problems)) throw new Complaint('The file has errors: nothing was scored.');
  return value;
}

export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Complaint(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'}).`);
  }
}
