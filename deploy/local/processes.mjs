/**
 * Processes that outlive a command must be found again, and never mistaken: a number alone may be someone else's by
 * now, so what is remembered is the number together with the moment the process began.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {{ pid: number, began: string, what: string }} Identity */

/** When a process began, in words that no later process of the same number shares; undefined when there is none. */
export function began(pid) {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
      return `${bootId()} ${fields[19]}`;
    } catch {
      return undefined;
    }
  }
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout?.trim() || undefined;
}

function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}

/** @returns {Identity} */
export function identity(pid, what) {
  return { pid, began: began(pid) ?? 'gone', what };
}

/** @param {Identity | undefined} who */
export function alive(who) {
  return who !== undefined && began(who.pid) === who.began;
}

/** @returns {Identity | undefined} */
export function readPidFile(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Starts a program in a process group of its own, so that Ctrl-C in the terminal does not reach it, its output in a
 * file, its identity in a pid file.
 * @param {{ what: string, command: string, args: string[], log: string, pidFile: string, env?: NodeJS.ProcessEnv,
 *   cwd?: string, uid?: number, gid?: number }} options
 */
export async function spawnServer({ what, command, args, log, pidFile, env, cwd, uid, gid }) {
  const output = openSync(log, 'a', 0o600);
  const child = spawn(command, args, { detached: true, stdio: ['ignore', output, output], env, cwd, uid, gid });
  closeSync(output);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const who = identity(child.pid, what);
  writeFileSync(pidFile, JSON.stringify(who), { mode: 0o600 });
  const server = { child, who, pidFile, ended: false };
  child.once('exit', () => (server.ended = true));
  return server;
}

/**
 * Ends a process group: asks, waits, then kills. Resolves when its leader is gone.
 * @param {Identity | undefined} who
 * @param {{ signal?: NodeJS.Signals, withinMs?: number }} options
 */
export async function end(who, { signal = 'SIGTERM', withinMs = 20_000 } = {}) {
  if (!alive(who)) return;
  send(who.pid, signal);
  const deadline = performance.now() + withinMs;
  while (alive(who) && performance.now() < deadline) await sleep(20);
  if (!alive(who)) return;
  send(who.pid, 'SIGKILL');
  while (alive(who)) await sleep(20);
}

function send(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    try {
      process.kill(pid, signal);
    } catch {
      // gone between the look and the signal
    }
  }
}

/**
 * Takes a file as a lock for this process. Answers undefined when taken, else who holds it.
 * @returns {Identity | undefined}
 */
export function hold(file, what) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(mine, JSON.stringify(identity(process.pid, what)), { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(mine, file);
        return undefined;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = readPidFile(file);
      if (alive(holder)) return holder;
      // Left by a process that is gone: moved aside first, so that of two who see it only one takes it away.
      const aside = `${mine}.old`;
      try {
        renameSync(file, aside);
      } catch (error) {
        if (error.code === 'ENOENT') continue;
        throw error;
      }
      const moved = readPidFile(aside);
      if (alive(moved)) linkSync(aside, file);
      rmSync(aside, { force: true });
    }
  } finally {
    unlinkSync(mine);
  }
}

/** @param {string} file */
export function letGo(file) {
  if (readPidFile(file)?.pid === process.pid) rmSync(file, { force: true });
}

/**
 * Runs `work` while no other process of this checkout does the same.
 * @template T
 * @param {string} root @param {string} what @param {() => Promise<T>} work
 */
export async function alone(root, what, work) {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 12);
  const file = join(tmpdir(), `tocsin-${process.getuid?.() ?? 0}-${hash}-${what}.lock`);
  while (hold(file, what)) await sleep(100);
  try {
    return await work();
  } finally {
    letGo(file);
  }
}
