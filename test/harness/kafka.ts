/** Topics of a test's own on the real broker, records written by the stock Java client, and what a test wants to know. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import kafkajs, { type Admin, type Kafka, type Message, type Producer } from 'kafkajs';
import type { StreamOptions } from '../../libs/stream/index.js';
import { until } from './until.js';

export interface TestKafka {
  /** Options of a stream whose prefix and group nobody else has. */
  readonly options: StreamOptions;
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** The broker's name of a logical topic. */
  topic(logical: string): string;
  create(logical: string, partitions?: number): Promise<void>;
  /** A plain producer, no idempotence; records go to the partition they name. */
  send(logical: string, messages: Message[]): Promise<void>;
  producer(): Producer;
  close(): Promise<void>;
}

/** Needs TOCSIN_TEST_KAFKA, host:port of a broker (the test command starts one). */
export async function testKafka(): Promise<TestKafka> {
  const broker = process.env['TOCSIN_TEST_KAFKA'];
  if (!broker) throw new Error('TOCSIN_TEST_KAFKA is not set: run the tests by `npm test -- FILE`');
  const prefix = `t${randomBytes(5).toString('hex')}`;
  const kafka = new kafkajs.Kafka({
    clientId: 'tocsin test',
    brokers: [broker],
    connectionTimeout: 10_000,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 1_000 },
  });
  const admin = kafka.admin();
  const plain = kafka.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await admin.connect();
  await plain.connect();
  const topic = (logical: string): string => prefix + logical.slice(logical.indexOf('.'));
  return {
    options: { brokers: [broker], tls: false, prefix, group: prefix, clientId: 'tocsin test' },
    kafka,
    admin,
    topic,
    async create(logical, partitions = 1) {
      await createTopics(admin, [topic(logical)], partitions);
    },
    async send(logical, messages) {
      await plain.send({ topic: topic(logical), messages });
    },
    producer: () =>
      kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, allowAutoTopicCreation: false }),
    async close() {
      const own = (await admin.listTopics()).filter((name) => name.startsWith(`${prefix}.`));
      if (own.length > 0) await admin.deleteTopics({ topics: own }).catch(() => undefined);
      await plain.disconnect();
      await admin.disconnect();
    },
  };
}

/** Makes topics and waits until each partition has a leader: kafkajs's own waiting gives up at a broker that is behind. */
export async function createTopics(admin: Admin, topics: readonly string[], partitions: number): Promise<void> {
  await admin
    .createTopics({
      topics: topics.map((name) => ({ topic: name, numPartitions: partitions, replicationFactor: 1 })),
      waitForLeaders: false,
    })
    .catch((error: unknown) => {
      if (!/already exists/.test(String(error))) throw error;
    });
  await until(
    `leaders of ${topics.join(', ')}`,
    async () => {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
      return found.every(({ partitions: all }) => all.length === partitions && all.every(({ leader }) => leader >= 0));
    },
    { withinMs: 60_000 },
  );
}

/**
 * Runs one Java source file against the stock client, under TOCSIN_TEST_KAFKA_JARS; answers its standard output.
 * The class must be the file's first and have `main`.
 */
export async function runJava(source: string, parameters: readonly string[]): Promise<string> {
  const jars = process.env['TOCSIN_TEST_KAFKA_JARS'];
  if (!jars) throw new Error('TOCSIN_TEST_KAFKA_JARS is not set: run the tests by `npm test -- FILE`');
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-java-'));
  try {
    writeFileSync(join(folder, 'Main.java'), source);
    const { stdout } = await promisify(execFile)(
      'java',
      ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*'), join(folder, 'Main.java'), ...parameters],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
