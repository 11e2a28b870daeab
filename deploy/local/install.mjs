/**
 * Installs the packages when node_modules is not what the lock says. The stamp is written last, so an install that was
 * interrupted is done again, and so is one that a git pull made old.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './paths.mjs';
import { alone } from './processes.mjs';
import { Sentence, step } from './say.mjs';

const stampFile = join(root, 'node_modules/.tocsin-stamp');

/** What the lock file says today. */
export function lockStamp() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

export function isInstalled() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === lockStamp();
}

export async function install() {
  if (isInstalled()) return;
  await alone(root, 'install', async () => {
    if (isInstalled()) return; // another command of this checkout just did it
    await step('install packages', async (note) => {
      const stamp = lockStamp();
      await npmCi();
      writeFileSync(stampFile, `${stamp}\n`);
      note('npm ci');
    });
  });
}

/** Npm runs without this checkout's own node_modules/.bin in PATH: it is about to remove that Node. */
async function npmCi() {
  const bin = join(root, 'node_modules/.bin');
  const PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== bin)
    .join(delimiter);
  const { code, output } = await quietly(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--no-progress', '--include=dev', '--include=optional', '--loglevel=error'],
    { env: { ...process.env, PATH, npm_config_loglevel: 'error', NODE_OPTIONS: '' } },
  );
  if (code === 0) return;
  throw new Sentence(
    `npm ci failed (code ${code}), so the packages are not installed; the network or the registry may be away.\n` +
      `What npm said last:\n${output.trim().split('\n').slice(-12).join('\n')}\nMend that, then run the same command again.`,
  );
}

/**
 * Runs a command without showing its output; answers its exit code and what it printed.
 * @param {string} command @param {string[]} args @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<{ code: number | string, output: string }>}
 */
export function quietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) =>
      reject(
        error.code === 'ENOENT' ? new Sentence(`${command} is not in PATH: install it, then run this again.`) : error,
      ),
    );
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}
