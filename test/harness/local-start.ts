/** `npm start` as a process of its own on a data folder of its own, and what it said. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removePostgres } from '../../deploy/local/postgres.mjs';
import { until } from './until.js';

const root = join(import.meta.dirname, '../..');

export interface Run {
  readonly console: string;
  readonly api: string;
  readonly mailbox: string;
  readonly smtp: string;
  readonly kafka: string;
  readonly database: string;
  readonly admin_token_file: string;
  readonly processes: readonly { readonly app: string; readonly pid: number }[];
}

export interface LocalStart {
  readonly child: ChildProcess;
  /** What it printed so far, both streams. */
  output(): string;
  run(): Run;
  /** Resolves at `ready in N s`; rejects with the output when it ended before. */
  ready(): Promise<void>;
  /** Its exit code once it ended. */
  exit(): Promise<number | NodeJS.Signals>;
}

/** Starts it; `env` adds to an environment without any of Tocsin's variables. */
export function localStart(env: Readonly<Record<string, string>>, args: readonly string[] = []): LocalStart {
  const bare = Object.entries(process.env).filter(([name]) => !name.startsWith('TOCSIN_'));
  const child = spawn(process.execPath, [join(root, 'deploy/local/start.mjs'), ...args], {
    cwd: root,
    env: { ...Object.fromEntries(bare), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const exit = async () => {
    const [code, signal] = await closed;
    return code ?? signal ?? -1;
  };
  return {
    child,
    output: () => output,
    run: () => JSON.parse(readFileSync(join(env['TOCSIN_DATA_DIR'] ?? '', 'run.json'), 'utf8')) as Run,
    exit,
    async ready() {
      await until(
        'npm start to be ready',
        () => {
          if (child.exitCode !== null) throw new Error(output);
          return /^ready in [\d.]+ s$/m.test(output);
        },
        { withinMs: 150_000, everyMs: 100 },
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${output}`);
      });
    },
  };
}

/** A folder for one test's data; `remove` takes it away. */
export function dataFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'tocsin-start-'));
  const remove = () => {
    removePostgres(join(path, 'postgres')); // as root it stands elsewhere
    rmSync(path, { recursive: true, force: true });
  };
  return { path, remove };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
