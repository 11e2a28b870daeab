/** A Kafka and a PostgreSQL of a test's own, which it may stop and start again on the same port and data. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaJars, startKafka } from '../../deploy/local/kafka.mjs';
import { removePostgres, startPostgres } from '../../deploy/local/postgres.mjs';

export interface OwnServer {
  /** host:port of Kafka, the address of PostgreSQL's first database. */
  readonly address: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

export interface OwnKafka extends OwnServer {
  /** Holds it still, connections and all: SIGSTOP; `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
}

export async function ownKafka(): Promise<OwnKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-own-kafka-'));
  const jars = process.env['TOCSIN_TEST_KAFKA_JARS'] ?? (await kafkaJars());
  let server = await startKafka({ folder, jars });
  const { port, address } = server;
  return {
    address,
    stop: () => server.stop({ withinMs: 30_000 }),
    async start() {
      server = await startKafka({ folder, jars, port });
    },
    freeze: () => void server.child.kill('SIGSTOP'),
    thaw: () => void server.child.kill('SIGCONT'),
    async close() {
      await server.stop({ withinMs: 10_000 });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function ownPostgres(settings: Readonly<Record<string, string | number>> = {}): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-own-postgres-'));
  const options = { folder: join(folder, 'postgres'), password: randomBytes(12).toString('hex'), settings };
  let server = await startPostgres(options);
  const { port, url } = server;
  return {
    address: url,
    stop: () => server.stop(),
    async start() {
      server = await startPostgres({ ...options, port });
    },
    async close() {
      await server.stop();
      removePostgres(options.folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
