/**
 * How Tocsin reaches Kafka: address, TLS, SASL, the settings that were measured, and a start that gives up with a
 * sentence. The broker library itself is told never to give up: an outage of any length is then only a wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Kafka, type KafkaConfig, type RetryOptions, type SASLOptions } from 'kafkajs';
import { logger } from '../telemetry/index.js';
import { registerCodecs } from './codecs.js';
import { StreamError } from './stream-error.js';

export interface StreamOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly tls: boolean;
  /** PEM text of the authority that signed the brokers' certificates; undefined: the system's. */
  readonly ca?: string;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** The word before the dot of each topic: `tocsin` reads `tocsin.outputs`. */
  readonly prefix: string;
  readonly group: string;
  readonly clientId: string;
  /** How long a start may look for a broker before it gives up; default 30 s. */
  readonly startTimeoutMs?: number;
}

/** Kafka away for 45 s with these: no rejoin, first commit 2.8 s after its start; with the library's own, a crash. */
export const patience: RetryOptions = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1_000_000 };

const say = logger('stream');
const requestTimeoutMs = 30_000;

/** The library's client; every consumer, producer and admin of this process comes from here. */
export function createKafka(options: StreamOptions, retry: RetryOptions = patience, quiet = false): Kafka {
  registerCodecs();
  hushKnownWarning();
  return new kafkajs.Kafka({
    ...connection(options),
    ...(quiet ? { logLevel: kafkajs.logLevel.NOTHING } : {}),
    retry: { ...retry },
  });
}

/** What both the public client and the reader without a group connect with. */
export function connection(options: StreamOptions): Pick<
  KafkaConfig,
  'clientId' | 'ssl' | 'sasl' | 'connectionTimeout' | 'requestTimeout' | 'logLevel' | 'logCreator'
> & {
  brokers: string[];
} {
  return {
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: 5_000,
    requestTimeout: requestTimeoutMs,
    ssl: options.tls ? (options.ca ? { ca: [options.ca] } : {}) : false,
    ...(options.sasl ? { sasl: { ...options.sasl } as SASLOptions } : {}),
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => relay,
  };
}

/** `tocsin.outputs` as the broker knows it. */
export function kafkaTopic(prefix: string, topic: string): string {
  return prefix + topic.slice(topic.indexOf('.'));
}

/**
 * Waits for a broker that answers and accepts the login. Throws a StreamError: unreachable after the deadline, refused
 * at once where the broker says that name, password or mechanism are wrong.
 */
export async function awaitBroker(options: StreamOptions): Promise<void> {
  const within = options.startTimeoutMs ?? 30_000;
  const deadline = performance.now() + within;
  for (;;) {
    const admin = createKafka(options, { retries: 0, initialRetryTime: 100 }, true).admin();
    try {
      await admin.connect();
      return;
    } catch (error) {
      const { name, message } = error as Error;
      const where = options.brokers.join(', ');
      if (/SASL/.test(`${name} ${message}`))
        throw new StreamError(
          'TOCSIN_KAFKA_REFUSED',
          `Kafka at ${where} refused the login of ${options.sasl ? `user ${options.sasl.username} by ${options.sasl.mechanism}` : 'this client, which sends none'}: ${message}. Check TOCSIN_KAFKA_SASL_MECHANISM, TOCSIN_KAFKA_SASL_USERNAME and TOCSIN_KAFKA_SASL_PASSWORD.`,
          { cause: error },
        );
      if (performance.now() >= deadline)
        throw new StreamError(
          'TOCSIN_KAFKA_UNREACHABLE',
          `No Kafka broker answered at ${where} within ${Math.round(within / 1000)} s (last: ${message || name}). Check TOCSIN_KAFKA_BROKERS${options.tls ? ', TOCSIN_KAFKA_CA_FILE' : ''} and TOCSIN_KAFKA_TLS (now ${options.tls ? 'on' : 'off'}), and that the broker runs.`,
          { cause: error },
        );
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    await sleep(250);
  }
}

/** Answers the doctor: connects, asks the cluster for its id, and leaves. Throws as `awaitBroker` does. */
export async function pingBroker(options: StreamOptions): Promise<{ clusterId: string; brokers: number }> {
  await awaitBroker(options);
  const admin = createKafka(options, { retries: 3 }).admin();
  try {
    await admin.connect();
    const { clusterId, brokers } = await admin.describeCluster();
    return { clusterId, brokers: brokers.length };
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Settles as `work` does, or rejects with `late()` after `ms`; `work` itself is not stopped. */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late()), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

type Relayed = Parameters<ReturnType<NonNullable<KafkaConfig['logCreator']>>>[0];

const quietForMs = 30_000;
const said = new Map<string, number>();

/**
 * The library calls each broken connection an error; to us it is a wait, so its errors are warnings of ours, the same
 * one at most twice a minute: it is tried again every second.
 */
function relay({ namespace, level, log: { message, ...rest } }: Relayed): void {
  const now = performance.now();
  const news = now - (said.get(message) ?? -Infinity) > quietForMs;
  const warns = level <= kafkajs.logLevel.WARN && news && !message.startsWith('Limiting retries');
  if (warns) {
    if (said.size > 500) said.clear();
    said.set(message, now);
  }
  const error: unknown = rest['error'];
  say[warns ? 'warn' : 'debug'](
    {
      kafka: namespace,
      broker: rest['broker'] as unknown,
      topic: rest['topic'] as unknown,
      partition: rest['partition'] as unknown,
      group: rest['groupId'] as unknown,
      reason: error instanceof Error ? error.message : error,
    },
    message,
  );
}

let hushed = false;

/** kafkajs 2.2.4 arms a timer with a negative delay at every connect; Node warns each time, and it is only noise. */
function hushKnownWarning(): void {
  if (hushed) return;
  hushed = true;
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning') for (const print of printers) print(warning);
  });
}
