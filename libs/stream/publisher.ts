/** Puts events on Kafka: the verifier's verdicts, replays, the sample. Idempotent, so a retry stores nothing twice. */
import { randomUUID } from 'node:crypto';
import kafkajs, { type Message, type Producer } from 'kafkajs';
import { createKafka, kafkaTopic, patience, within, type StreamOptions } from './client.js';
import { StreamError } from './stream-error.js';

/** A CloudEvent in structured mode; `key` is the account's id where there is one. */
export interface PublishedEvent {
  readonly type: string;
  readonly source: string;
  /** Default: a random one. */
  readonly id?: string;
  /** ISO 8601. */
  readonly time?: string;
  readonly data: unknown;
  readonly key?: string | null;
  /** CloudEvents extension attributes, such as `retention`. */
  readonly extensions?: Readonly<Record<string, string>>;
}

export interface RawRecord {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[]>>;
}

// The library's retries end soon after it, so that nothing is sent long after it was given up.
const deadlineMs = 30_000;

export class Publisher {
  private producer: Promise<Producer> | undefined;

  constructor(private readonly options: StreamOptions) {}

  /** Resolves when the brokers have taken all of them. `topic` is logical, `tocsin.verdicts`. */
  publish(topic: string, events: readonly PublishedEvent[]): Promise<void> {
    return this.publishRecords(
      topic,
      events.map(({ key, data, extensions, ...rest }) => ({
        key: key ?? null,
        value: JSON.stringify({
          specversion: '1.0',
          id: randomUUID(),
          datacontenttype: 'application/json',
          ...rest,
          ...extensions,
          data,
        }),
        headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
      })),
    );
  }

  /**
   * The same for bytes as they are. Throws TOCSIN_KAFKA_TIMEOUT where the brokers did not answer within 30 s: the
   * records may still arrive.
   */
  async publishRecords(topic: string, records: readonly RawRecord[]): Promise<void> {
    if (records.length === 0) return;
    const send = async (): Promise<void> => {
      const producer = await this.connected();
      await producer.send({ topic: kafkaTopic(this.options.prefix, topic), messages: records as Message[] });
    };
    try {
      await within(
        deadlineMs,
        send(),
        () =>
          new StreamError(
            'TOCSIN_KAFKA_TIMEOUT',
            `Kafka did not take ${records.length} records for ${topic} within ${deadlineMs / 1000} s; they may still arrive. Check that the brokers run.`,
          ),
      );
    } catch (error) {
      // A producer whose sequence the broker disputes never recovers: the next call begins with a new one.
      await this.close();
      throw error;
    }
  }

  /** Waits for what is on its way, 5 s at most. */
  async close(): Promise<void> {
    const open = this.producer;
    this.producer = undefined;
    await within(
      5_000,
      open?.then((producer) => producer.disconnect()) ?? Promise.resolve(),
      () => new Error('late'),
    ).catch(() => undefined);
  }

  /** For Nest: the module closes it last. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  private connected(): Promise<Producer> {
    this.producer ??= (async () => {
      const producer = createKafka(this.options, { ...patience, retries: 40 }).producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      return producer;
    })();
    return this.producer;
  }
}
