#!/usr/bin/env node
/**
 * `npx tocsin VERB`: the verb under the Node that the lock names. Beside a running `npm start` it speaks to that one's
 * servers, unless the environment names others.
 */
import { join } from 'node:path';
import { main, runOptions } from './apps.mjs';
import { become, bootstrap, goOn } from './bootstrap.mjs';
import { nodeVersion, root } from './paths.mjs';
import { Sentence, say, speakOn, step } from './say.mjs';
import { dataFolder, localEnvironment, localSecrets, readRun } from './settings.mjs';

const verb = process.argv[2];
/** These need nothing but their files: a running start is none of their business. */
const offline = new Set(['match', 'score', 'rank', 'cluster', 'check', 'train', 'evaluate', 'help']);

if (verb !== 'demo') speakOn(process.stderr);
await bootstrap(
  async () => {
    const env = environment();
    if (verb !== 'demo') return await become([...runOptions, main, ...process.argv.slice(2)], env);
    return process.version === nodeVersion ? await demo(env) : await goOn();
  },
  { anyNode: true, console: verb === 'run' && process.argv.includes('api') },
);

function environment() {
  const env = { ...process.env, TOCSIN_CONFIG: process.env.TOCSIN_CONFIG || join(root, 'config') };
  const real = ['TOCSIN_KAFKA_BROKERS', 'TOCSIN_DATABASE_URL', 'TOCSIN_SMTP_URL'];
  if (offline.has(verb) || real.some((name) => env[name] || env[`${name}_FILE`])) return env;
  const folder = dataFolder();
  const run = readRun(folder);
  if (!run?.kafka) return env;
  const { kafka, database, smtp, api } = run;
  return localEnvironment({
    folder,
    secrets: localSecrets(folder),
    port: Number(new URL(api).port),
    kafka,
    database,
    smtp,
    env,
  });
}

async function demo(env) {
  if (!readRun(dataFolder())?.kafka)
    throw new Sentence('The sample plays into a running `npm start`, and none holds the data folder: start it first.');
  process.env.TOCSIN_LOG_LEVEL = 'error';
  const { play } = await import('./sample/play.mjs');
  await step('play the sample traffic', async (note) => note(await play(env)));
  say(`mailbox ${readRun(dataFolder()).mailbox}`);
}
