/**
 * Tocsin as it runs in earnest, for tests of the whole: operating-system processes of the built program, on a database
 * and topics of the test's own, with a real SMTP server. The truth of a test comes from what it produced, never from here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs';
import { mailServer, type MailServer } from './mail-server.js';
import { testDatabase, type TestDatabase } from './database.js';
import { createTopics } from './kafka.js';
import { until } from './until.js';

const root = projectRoot();
const main = join(root, 'dist/apps/main.js');

export interface AppProcess {
  readonly pid: number;
  readonly apps: readonly string[];
  /** What it wrote to stderr: JSON lines of its log. */
  stderr(): string;
  /** Sends the signal and resolves with the exit code, or the signal's name where that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the process has ended by itself or otherwise. */
  readonly ended: Promise<number | string>;
  readonly running: () => boolean;
}

export interface Tocsin {
  readonly db: TestDatabase;
  readonly mail: MailServer;
  readonly brokers: string;
  readonly prefix: string;
  readonly env: Readonly<Record<string, string>>;
  readonly configDir: string;
  readonly adminToken: string;
  /** The api's address, once an `api` was started. */
  readonly url: string;
  readonly producer: Producer;
  readonly admin: Admin;
  topic(name: 'outputs' | 'feedback' | 'verdicts'): string;
  /** Produces values (CloudEvents as objects) in their order; `partition` is chosen by the producer unless given. */
  produce(
    name: 'outputs' | 'feedback' | 'verdicts',
    values: readonly (object | string | Buffer | null)[],
    options?: { partition?: number; key?: string },
  ): Promise<void>;
  /** Starts apps in one process and waits until it is ready (unless `ready` is false). */
  start(apps: readonly string[], options?: { env?: Record<string, string>; ready?: boolean }): Promise<AppProcess>;
  /** Runs a verb to its end. */
  verb(args: readonly string[], options?: { env?: Record<string, string>; input?: string }): Promise<VerbResult>;
  api<T>(path: string, init?: { method?: string; body?: unknown }): Promise<T>;
  /** Every item of a list, page by page. */
  list<T>(path: string): Promise<T[]>;
  close(): Promise<void>;
}

export interface VerbResult {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TocsinOptions {
  /** Files of the configuration folder by path; without any, the example bundle of config/. */
  readonly config?: Readonly<Record<string, string>>;
  readonly brokers?: string;
  readonly database?: TestDatabase;
  readonly mail?: MailServer;
  readonly partitions?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export async function tocsin(options: TocsinOptions = {}): Promise<Tocsin> {
  if (!existsSync(main)) throw new Error(`${main} is missing: the test command builds it`);
  const brokers = options.brokers ?? process.env['TOCSIN_TEST_KAFKA'];
  if (!brokers) throw new Error('TOCSIN_TEST_KAFKA is not set: run the tests by `npm test -- FILE`');
  const db = options.database ?? (await testDatabase());
  const mail = options.mail ?? (await mailServer());
  const prefix = `t${randomBytes(5).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-test-'));
  const configDir = join(folder, 'config');
  if (options.config) {
    for (const [path, text] of Object.entries(options.config)) {
      mkdirSync(dirname(join(configDir, path)), { recursive: true });
      writeFileSync(join(configDir, path), text);
    }
  } else {
    cpSync(join(root, 'config'), configDir, { recursive: true });
  }
  const adminToken = randomBytes(16).toString('hex');
  const port = await freePort();
  const env: Record<string, string> = {
    ...Object.fromEntries(
      Object.entries(process.env).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('TOCSIN_'),
      ),
    ),
    NODE_OPTIONS: '--max-semi-space-size=8 --disable-warning=TimeoutNegativeWarning',
    TOCSIN_KAFKA_BROKERS: brokers,
    TOCSIN_DATABASE_URL: db.url,
    TOCSIN_SMTP_URL: mail.url,
    TOCSIN_PUBLIC_URL: `http://127.0.0.1:${port}`,
    TOCSIN_SECRET_KEYS: randomBytes(24).toString('hex'),
    TOCSIN_DEFAULT_RESPONDER: 'oncall@example.org',
    TOCSIN_ADMIN_TOKEN: adminToken,
    TOCSIN_PORT: String(port),
    TOCSIN_CONFIG: configDir,
    TOCSIN_TOPIC_PREFIX: prefix,
    TOCSIN_GROUP: prefix,
    TOCSIN_DATA_DIR: join(folder, 'data'),
    TOCSIN_OUTBOUND_ALLOW: '127.0.0.1',
    ...options.env,
  };
  const kafka = new Kafka({
    brokers: [brokers],
    clientId: 'test',
    logLevel: logLevel.NOTHING,
    retry: { retries: 30, maxRetryTime: 1_000 },
  });
  const admin = kafka.admin();
  await admin.connect();
  const topics = ['outputs', 'feedback', 'verdicts'].map((name) => `${prefix}.${name}`);
  await createTopics(admin, topics, options.partitions ?? 4);
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const processes: AppProcess[] = [];

  const running: Tocsin = {
    db,
    mail,
    brokers,
    prefix,
    env,
    configDir,
    adminToken,
    url: `http://127.0.0.1:${port}`,
    producer,
    admin,
    topic: (name) => `${prefix}.${name}`,
    async produce(name, values, { partition, key } = {}) {
      for (let from = 0; from < values.length; from += 1_000) {
        await producer.send({
          topic: `${prefix}.${name}`,
          messages: values.slice(from, from + 1_000).map((value) => ({
            value:
              value === null || typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value),
            ...(partition !== undefined && { partition }),
            ...(key !== undefined && { key }),
          })),
        });
      }
    },
    async start(apps, { env: more = {}, ready = true } = {}) {
      const own: Record<string, string> = { ...env, ...more };
      if (!apps.includes('api') && !own['TOCSIN_HEALTH_PORT']) own['TOCSIN_HEALTH_PORT'] = String(await freePort());
      const started = startProcess(['run', ...apps], own, apps);
      processes.push(started);
      if (ready) {
        const at = apps.includes('api') ? own['TOCSIN_PORT'] : own['TOCSIN_HEALTH_PORT'];
        // One that ends instead of becoming ready is told at once, with what it said.
        const ended = started.ended.then((code) => {
          throw new Error(`${apps.join(', ')} ended with ${code}: ${started.stderr().slice(-2_000)}`);
        });
        const answers = async () => (await fetch(`http://127.0.0.1:${at}/health/ready`)).ok;
        await Promise.race([until(`${apps.join(', ')} to be ready`, answers, { withinMs: 60_000 }), ended]);
        ended.catch(() => undefined);
      }
      return started;
    },
    verb: (args, { env: more, input } = {}) => runVerb(args, { ...env, ...more }, input),
    async api<T>(path: string, { method = 'GET', body }: { method?: string; body?: unknown } = {}) {
      const response = await fetch(new URL(path, running.url), {
        method,
        headers: {
          authorization: `Bearer ${adminToken}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
      return JSON.parse(text) as T;
    },
    async list<T>(path: string) {
      const items: T[] = [];
      let cursor: string | null = null;
      do {
        const query: string = `${path.includes('?') ? '&' : '?'}limit=100${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
        const page: { items: T[]; next: string | null } = await running.api(`${path}${query}`);
        items.push(...page.items);
        cursor = page.next;
      } while (cursor !== null);
      return items;
    },
    async close() {
      await Promise.all(processes.filter((one) => one.running()).map((one) => one.stop('SIGKILL')));
      await producer.disconnect();
      await admin
        .deleteTopics({ topics: ['outputs', 'feedback', 'verdicts'].map((name) => `${prefix}.${name}`) })
        .catch(() => undefined);
      await admin.disconnect();
      if (!options.mail) await mail.close();
      if (!options.database) await db.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const applied = await running.verb(['apply']);
  if (applied.code !== 0) {
    await running.close(); // what is left open would keep the test run from ending
    throw new Error(`apply ended with ${applied.code}: ${applied.stdout}${applied.stderr}`);
  }
  return running;
}

function startProcess(args: readonly string[], env: Record<string, string>, apps: readonly string[]): AppProcess {
  const child = spawn(process.execPath, [main, ...args], { env, cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = endOf(child);
  return {
    pid: child.pid ?? -1,
    apps,
    stderr: () => stderr,
    running: () => child.exitCode === null && child.signalCode === null,
    ended,
    signal: (signal) => void child.kill(signal),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

async function runVerb(args: readonly string[], env: Record<string, string>, input?: string): Promise<VerbResult> {
  const child = spawn(process.execPath, [main, ...args], { env, cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const code = await endOf(child);
  return { code, stdout, stderr };
}

function endOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? -1)));
}

/** Also from dist/, where the bench runs: the folder that holds package.json. */
export function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
