/** Finds the verb, runs it, and turns what it throws into a sentence and an exit code. */
import { distance } from 'fastest-levenshtein';
import { isConnectionLoss, sqlState } from '../../libs/database/index.js';
import { Complaint, type Verb } from './verb.js';

/** Loaded when called, so that `match` starts without Nest and `run` without the training code. */
const verbs: Readonly<Record<string, () => Promise<{ verb: Verb }>>> = {
  run: () => import('./run.js'),
  migrate: () => import('./migrate.js'),
  check: () => import('./check.js'),
  apply: () => import('./apply.js'),
  doctor: () => import('./doctor.js'),
  who: () => import('./who.js'),
  plan: () => import('./plan.js'),
  replay: () => import('./replay.js'),
  backtest: () => import('./backtest.js'),
  positions: () => import('./positions.js'),
  deadletters: () => import('./deadletters.js'),
  openapi: () => import('./openapi.js'),
  explain: () => import('./explain.js'),
  match: () => import('./match.js'),
  score: () => import('./score.js'),
  rank: () => import('./rank.js'),
  cluster: () => import('./cluster.js'),
  train: () => import('./train.js'),
  evaluate: () => import('./evaluate.js'),
  keys: () => import('./keys.js'),
  report: () => import('./report.js'),
};

/** Runs `args[0]` with the rest and answers the exit code: 0, 1 (found something wrong, or cannot run), 2 (wrong usage). */
export async function verb(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      process.stdout.write(await help());
      return name === undefined ? 2 : 0;
    }
    const load = verbs[name];
    if (!load) throw new Complaint(unknownVerb(name), 2);
    const { verb: found } = await load();
    if (rest.includes('--help') || rest.includes('-h')) {
      process.stdout.write(`Usage: tocsin ${found.usage}\n\n${found.summary}\n`);
      return 0;
    }
    return await found.run(rest, process.env);
  } catch (error) {
    return explainFailure(error);
  }
}

function explainFailure(error: unknown): number {
  if (error instanceof Complaint) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  // First, for both speak of refused connections.
  const kafka = kafkaTrouble(error);
  if (kafka !== undefined) {
    process.stderr.write(`${kafka}\n`);
    return 1;
  }
  if (isConnectionLoss(error)) {
    process.stderr.write(
      `PostgreSQL cannot be reached: ${wordsOf(error)}. Check TOCSIN_DATABASE_URL and that the server runs.\n`,
    );
    return 1;
  }
  if (['42P01', '3F000', '42703', '42883'].includes(sqlState(error) ?? '')) {
    process.stderr.write(`The database has another schema than this version wants: run \`npx tocsin migrate\`.\n`);
    return 1;
  }
  if (['28P01', '28000', '3D000'].includes(sqlState(error) ?? '')) {
    process.stderr.write(`PostgreSQL refuses TOCSIN_DATABASE_URL: ${(error as Error).message}.\n`);
    return 1;
  }
  // Nothing a user did: the stack is for whoever mends it.
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** By name alone: most verbs never load the stream. */
function kafkaTrouble(error: unknown): string | undefined {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  if (String(code).startsWith('TOCSIN_KAFKA')) return wordsOf(error);
  if (!String(name).startsWith('KafkaJS')) return undefined;
  return `Kafka cannot be reached: ${wordsOf(error)}. Check TOCSIN_KAFKA_BROKERS and that a broker runs.`;
}

/** Several addresses of one host that all refuse make an error without a message. */
function wordsOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  return String(message || code || error);
}

function unknownVerb(name: string): string {
  const nearest = Object.keys(verbs).sort((a, b) => distance(a, name) - distance(b, name))[0];
  const hint = nearest !== undefined && distance(nearest, name) <= 3 ? ` Did you mean "${nearest}"?` : '';
  return `There is no verb "${name}".${hint} \`npx tocsin help\` lists them.`;
}

async function help(): Promise<string> {
  const rows = await Promise.all(Object.values(verbs).map(async (load) => (await load()).verb));
  const width = Math.max(...rows.map(({ usage }) => usage.length));
  return `Usage: npx tocsin VERB\n\n${rows.map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`).join('\n')}\n`;
}
