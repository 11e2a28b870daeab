/**
 * Builds dist/ when sources changed. A build is made beside the old one and put in its place by a rename, so a command
 * that runs from dist/ meanwhile never sees half of it. Types are held by `npm run check`, not here.
 */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { lockStamp, quietly } from './install.mjs';
import { cache, dist, node, root } from './paths.mjs';
import { alone } from './processes.mjs';
import { Sentence, step } from './say.mjs';

const sources = ['apps', 'libs', 'migrations', 'test'];
const web = 'apps/console/web';
const page = join(dist, 'console');
const serverStampFile = join(dist, '.stamp');
const pageStampFile = join(page, '.stamp');

/** @param {{ console?: boolean }} options the console's bundle is made only for who serves it */
export async function build({ console = false } = {}) {
  const wanted = { server: serverStamp(), page: console ? consoleStamp() : '' };
  if (isBuilt(wanted)) return;
  await alone(root, 'build', async () => {
    if (isBuilt(wanted)) return; // another command of this checkout just did it
    if (readStamp(serverStampFile) !== wanted.server) await replaceServer(wanted.server);
    if (wanted.page && readStamp(pageStampFile) !== wanted.page) await replaceConsole(wanted.page);
  });
}

function isBuilt({ server, page }) {
  return readStamp(serverStampFile) === server && (!page || readStamp(pageStampFile) === page);
}

function readStamp(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

async function replaceServer(stamp) {
  const fresh = join(cache, `build.${process.pid}`);
  const old = `${fresh}.old`;
  try {
    mkdirSync(fresh, { recursive: true });
    await step('build', (note) => compile(fresh, note));
    writeFileSync(join(fresh, '.stamp'), stamp);
    if (existsSync(page)) cpSync(page, join(fresh, 'console'), { recursive: true });
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

async function replaceConsole(stamp) {
  const fresh = join(cache, `console.${process.pid}`);
  const old = `${fresh}.old`;
  try {
    await step('build the console', () => bundle(fresh));
    writeFileSync(join(fresh, '.stamp'), stamp);
    if (existsSync(page)) renameSync(page, old);
    renameSync(fresh, page);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

async function compile(out, note) {
  const { code, output } = await quietly(node, [
    'node_modules/typescript-7/bin/tsc',
    '--project',
    'tsconfig.json',
    '--noCheck',
    '--outDir',
    out,
  ]);
  const errors = output.split('\n').filter((line) => line.includes('error TS'));
  if (code !== 0 && (errors.length > 0 || !existsSync(join(out, 'libs'))))
    throw new Sentence(
      `The sources do not compile:\n${(errors.length > 0 ? errors : [output.trim()]).slice(0, 12).join('\n')}`,
    );
  // What code reads beside itself at run time: models, word lists, testdata.
  let copied = 0;
  for (const file of files(sources)) {
    if (/\.(tsx?|mjs|md)$/.test(file)) continue;
    mkdirSync(dirname(join(out, file)), { recursive: true });
    cpSync(join(root, file), join(out, file));
    copied++;
  }
  note(copied > 0 ? `dist/, ${copied} data files` : 'dist/');
}

async function bundle(out) {
  const { code, output } = await quietly(node, [
    'node_modules/vite/bin/vite.js',
    'build',
    web,
    '--outDir',
    out,
    '--emptyOutDir',
    '--logLevel',
    'warn',
  ]);
  if (code !== 0) throw new Sentence(`The console does not build:\n${output.trim().split('\n').slice(-20).join('\n')}`);
}

function serverStamp() {
  return stamp(files(sources), ['tsconfig.json']);
}

/** Empty where the checkout has no web folder. */
function consoleStamp() {
  return existsSync(join(root, web, 'index.html')) ? stamp(files([web], true), []) : '';
}

function stamp(paths, more) {
  const hash = createHash('sha256').update(lockStamp());
  for (const path of [...paths, ...more]) {
    const { mtimeMs, size } = statSync(join(root, path));
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Paths below the checkout; the web folder is apart. */
function* files(folders, withWeb = false) {
  for (const folder of folders) {
    if (!existsSync(join(root, folder)) || (!withWeb && folder === web)) continue;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) yield* files([path], withWeb);
      else if (entry.isFile()) yield path;
    }
  }
}
