/** The apps as one child process in a group of its own: started, watched, started again when it dies, drained. */
import { spawn } from 'node:child_process';
import { createWriteStream, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { dist } from './paths.mjs';
import { end, identity, readPidFile } from './processes.mjs';
import { Sentence, say } from './say.mjs';

export const appNames = ['monitor', 'verifier', 'pager', 'reporter', 'api'];

export const main = join(dist, 'apps/main.js');
const readyWithinMs = 120_000;
const drainWithinMs = 40_000;
/** A process that lives shorter than this did not come up; so many in a row are given up. */
const shortLifeMs = 10_000;
const shortLives = 3;
/** Logs of earlier starts are kept up to this size. */
const logAtMost = 20 * 1024 * 1024;

/** Young garbage of a batch dies young in a larger nursery: fewer collections on the hot path. */
export const runOptions = ['--max-semi-space-size=8', '--disable-warning=TimeoutNegativeWarning'];

/** A verb's process under this Node. */
export function spawnVerb(args, options) {
  return spawn(process.execPath, [...runOptions, main, ...args], options);
}

/** Runs a verb to its end; answers its exit code and what it said. */
export async function runVerb(args, env) {
  const child = spawnVerb(args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, output: plain(output) };
}

/**
 * @param {{ folder: string, env: NodeJS.ProcessEnv, port: number, onPid: (pid: number) => void,
 *   onGivenUp: (reason: Sentence) => void }} options
 */
export function startApps({ folder, env, port, onPid, onGivenUp }) {
  const pidFile = pidFileOf(folder);
  const file = join(folder, 'logs/apps.log');
  const log = createWriteStream(file, { flags: tooLong(file) ? 'w' : 'a', mode: 0o600 });
  let who;
  let draining = false;
  let short = 0;
  let lastWords = [];
  let ended;

  const start = () => {
    const began = performance.now();
    lastWords = [];
    const child = spawnVerb(['run', ...appNames], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    who = identity(child.pid, 'apps');
    writeFileSync(pidFile, JSON.stringify(who), { mode: 0o600 });
    onPid(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        const words = worthTelling(line);
        if (words) lastWords = [...lastWords, words].slice(-8);
        if (words && ready && !draining) say(words);
      });
    }
    ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve();
        if (draining) return;
        short = performance.now() - began < shortLifeMs ? short + 1 : 0;
        if (!ready || short >= shortLives) return onGivenUp(new Sentence(why(code, signal)));
        say(`the apps ended (${signal ?? `code ${code}`}); starting them again`);
        start();
      });
    });
  };
  let ready = false;
  const why = (code, signal) =>
    lastWords.length > 0
      ? lastWords.join('\n')
      : `The apps ended (${signal ?? `code ${code}`}) and said nothing; see ${join(folder, 'logs/apps.log')}.`;

  start();
  return {
    /** Resolves when /health/ready says so. */
    async ready(isOver) {
      const deadline = performance.now() + readyWithinMs;
      let last = 'no answer';
      while (performance.now() < deadline) {
        if (isOver()) return;
        last = await readiness(port);
        if (last === 'ready') {
          ready = true;
          return;
        }
        await sleep(50);
      }
      throw new Sentence(
        `The apps are not ready after ${readyWithinMs / 1000} s: ${last}. See ${join(folder, 'logs/apps.log')}.`,
      );
    },
    async drain() {
      draining = true;
      await end(who, { withinMs: drainWithinMs });
      await ended;
      rmSync(pidFile, { force: true });
      log.end();
    },
  };
}

/** Ends what a killed start left behind. Answers whether there was something. */
export async function endApps(folder) {
  const who = readPidFile(pidFileOf(folder));
  if (!who) return false;
  await end(who, { withinMs: 15_000 });
  rmSync(pidFileOf(folder), { force: true });
  return true;
}

const pidFileOf = (folder) => join(folder, 'apps.pid');

async function readiness(port) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const body = await response.text();
    if (response.ok) return 'ready';
    const { checks } = JSON.parse(body);
    return Object.entries(checks ?? {})
      .filter(([, said]) => said !== 'ok')
      .map(([name, said]) => `${name}: ${said}`)
      .join('; ');
  } catch (error) {
    return error.cause?.code ?? error.message;
  }
}

/** Log lines stay in the file, save errors; what is no log line is meant for the reader. */
function worthTelling(line) {
  if (!line.startsWith('{')) return line.trim() === '' ? undefined : line;
  try {
    const { level, part, msg, err } = JSON.parse(line);
    if (level !== 'error' && level !== 'fatal') return undefined;
    return `${part ?? 'tocsin'}: ${msg}${err?.message ? `: ${err.message}` : ''}`;
  } catch {
    return line;
  }
}

function plain(output) {
  return output
    .split('\n')
    .map(worthTelling)
    .filter((line) => line !== undefined)
    .join('\n');
}

function tooLong(file) {
  try {
    return statSync(file).size > logAtMost;
  } catch {
    return false;
  }
}
