/** Reads a configuration folder from disk, and tells when it changed. What its files mean is bundle.ts's to say. */
import { isUtf8 } from 'node:buffer';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inFileOrder, type Problem } from '../config-file/index.js';
import { bundleOf, type BundleReading, type Files } from './bundle.js';

const fileLimit = 16 * 1024 * 1024;
const deepest = 12;

/** YAML files, and the JSON lines that prove rules. Dot files and dot folders are left alone; links are followed. */
async function listFiles(folder: string): Promise<{ name: string; size: number; changed: number }[]> {
  const found: { name: string; size: number; changed: number }[] = [];
  const visit = async (inside: string, depth: number): Promise<void> => {
    for (const name of (await readdir(join(folder, inside))).sort()) {
      if (name.startsWith('.') || name === 'node_modules') continue;
      const path = inside === '' ? name : `${inside}/${name}`;
      // A mounted volume is full of links; one that leads nowhere is a file that is not there (yet).
      const entry = await stat(join(folder, path)).catch(() => undefined);
      if (entry?.isDirectory() && depth < deepest) await visit(path, depth + 1);
      else if (entry?.isFile() && /\.(ya?ml|jsonl)$/.test(name)) {
        found.push({ name: path, size: entry.size, changed: entry.mtimeMs });
      }
    }
  };
  await visit('', 0);
  return found;
}

/** The texts of a folder; a file that is no text, or a folder that cannot be read, is a problem. */
export async function readFolder(folder: string): Promise<{ files: Files; problems: readonly Problem[] }> {
  const files: Record<string, string> = {};
  const problems: Problem[] = [];
  const wrong = (file: string, message: string) =>
    problems.push({ file, line: 1, column: 1, message, severity: 'error' });
  const listed = await listFiles(folder).catch((failure: NodeJS.ErrnoException) => {
    const why = failure.code === 'ENOENT' ? 'there is none' : (failure.code ?? failure.message);
    wrong(folder, `the configuration folder cannot be read (${why}): set TOCSIN_CONFIG or name another folder`);
    return [];
  });
  for (const { name, size } of listed) {
    if (size > fileLimit) {
      wrong(name, `found ${size} bytes, wanted at most ${fileLimit}`);
      continue;
    }
    const bytes = await readFile(join(folder, name)).catch((failure: NodeJS.ErrnoException) => {
      wrong(name, `cannot be read (${failure.code ?? failure.message})`);
      return undefined;
    });
    if (!bytes) continue;
    if (isUtf8(bytes)) files[name] = bytes.toString('utf8');
    else wrong(name, 'found bytes that are not UTF-8, wanted UTF-8 text');
  }
  return { files, problems };
}

/** A folder as a bundle, or what is wrong with it; `files` also has the proofs of rules. */
export async function loadFolder(folder: string): Promise<BundleReading & { readonly files: Files }> {
  const read = await readFolder(folder);
  // A folder that cannot be listed is one problem, not one of each file that is not in it.
  if (read.problems.length > 0 && Object.keys(read.files).length === 0) return read;
  const { bundle, problems } = bundleOf(read.files);
  const all = inFileOrder([...read.problems, ...problems]);
  return read.problems.length > 0 || !bundle
    ? { files: read.files, problems: all }
    : { files: read.files, problems: all, bundle };
}

export interface FolderWatch {
  close(): Promise<void>;
}

/**
 * Calls `changed` whenever a file was added, removed or written, once its files have rested for a look; looks every
 * `everyMs` (1 s), since file events are not to be had on every file system. Calls never overlap.
 */
export function watchFolder(folder: string, changed: () => Promise<void>, everyMs = 1_000): FolderWatch {
  let told: string | undefined;
  let before: string | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const now = JSON.stringify(await listFiles(folder).catch(() => []));
    told ??= now;
    // Half of an editor's save would be told as mistakes: wait until two looks agree.
    if (now !== told && now === before) {
      told = now;
      await changed();
    }
    before = now;
  };
  let running = Promise.resolve();
  const next = () => {
    if (closed) return;
    timer = setTimeout(() => {
      running = look()
        .catch(() => undefined)
        .then(next);
    }, everyMs);
  };
  running = look()
    .catch(() => undefined)
    .then(next);
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
