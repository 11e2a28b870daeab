/**
 * What every command does first, on whatever Node it was started with: install, build, and go on under the Node that
 * the lock names. Nothing here imports a package: there may be none yet.
 */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { build } from './compile.mjs';
import { install, isInstalled } from './install.mjs';
import { node, nodeVersion } from './paths.mjs';
import { Sentence, run } from './say.mjs';

/**
 * Runs `main` under the vendored Node, after install and build.
 * @param {() => Promise<number | void>} main answers the exit code
 * @param {{ anyNode?: boolean, console?: boolean, before?: () => Promise<unknown> }} options with `anyNode` main runs on
 *   whatever Node this is; with `console` the console is built too; `before` is asked ahead of a long install
 */
export function bootstrap(main, { anyNode = false, console = false, before } = {}) {
  return run(async () => {
    const [major] = process.versions.node.split('.').map(Number);
    if (major < 20) throw new Sentence(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
    if (before && !isInstalled()) await before();
    await install();
    await build({ console });
    if (process.version !== nodeVersion && !anyNode) return await goOn();
    return process.env.TOCSIN_LAUNCHED_AT ? await asChild(main) : await main();
  });
}

/** The same command again under the vendored Node. Signals are passed on, its exit code is ours. */
export async function goOn() {
  const env = { ...process.env, TOCSIN_LAUNCHED_AT: String(launchedAt) };
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  return await outcome(spawn(vendoredNode(), process.argv.slice(1), { stdio, env }));
}

/** Becomes that program of the vendored Node: the same process where this Node can, else a child of it. */
export async function become(args, env) {
  const node = vendoredNode();
  if (process.version === nodeVersion) process.execve(node, [node, ...args], env);
  return await outcome(spawn(node, args, { stdio: 'inherit', env }));
}

function vendoredNode() {
  if (existsSync(node)) return realpathSync(node);
  throw new Sentence(
    `There is no Node ${nodeVersion} for ${process.platform}-${process.arch} among the packages: Tocsin runs on Linux (x64, arm64) and macOS (arm64).`,
  );
}

/** Passes signals on to a child and answers its exit code. */
export function outcome(child) {
  const pass = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const one of signals) process.off(one, pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1));
    });
  });
}

/** When the command began, in milliseconds since 1970: under a launcher that is when the launcher did. */
export const launchedAt = Number(process.env.TOCSIN_LAUNCHED_AT ?? performance.timeOrigin);

/** Under a launcher: should it be killed outright, this process ends by the same way as on SIGTERM. */
async function asChild(main) {
  delete process.env.TOCSIN_LAUNCHED_AT;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  try {
    return await main();
  } finally {
    process.removeAllListeners('disconnect');
    if (process.connected) process.disconnect();
  }
}
