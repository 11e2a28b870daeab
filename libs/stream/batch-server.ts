/**
 * Nest's transport for batches: one dispatch a batch, errors as they are, one handler a topic. Nest's own dispatch
 * resolves although the handler threw, so this one awaits the handler's Observable itself (promise 2).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { Server } from '@nestjs/microservices';
import type { Admin, Consumer } from 'kafkajs';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Database } from '../database/index.js';
import { logger, type Health } from '../telemetry/index.js';
import type { Batch } from './batch.js';
import { awaitBroker, createKafka, kafkaTopic, patience, within, type StreamOptions } from './client.js';
import { GroupReader, type Stopped } from './group-reader.js';
import { StreamError } from './stream-error.js';
import { ensureTopics } from './topics.js';

export interface BatchServerHooks {
  /** Gets a check named `stream`. */
  readonly health?: Health;
  /** Called when a partition stops and waits for `tocsin positions reset`. */
  readonly onStopped?: (stopped: Stopped) => void;
  /** Called once with a bug, or a consumer that does not come back; default: the process ends with code 1. */
  readonly onFatal?: (error: unknown) => void;
  /** How often lag, resets and stopped partitions are looked at; default 5 s. */
  readonly upkeepMs?: number;
  /** How long `close` waits for batches in flight; default 20 s, which leaves a supervisor's 30 s some room. */
  readonly drainMs?: number;
}

const say = logger('stream');
const commitEveryMs = 1_000;
/** What may be spent on leaving the group once no batch is in flight: a broker that is away or half up answers late or never. */
const farewellMs = 3_000;

export class BatchServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('batches');
  override readonly propagatesEventHandlerErrors = true;

  private consumer: Consumer | undefined;
  private admin: Admin | undefined;
  private reader: GroupReader | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private closing: Promise<void> | undefined;

  constructor(
    private readonly options: StreamOptions,
    private readonly database: Database,
    private readonly hooks: BatchServerHooks = {},
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  /** Drains: batches in flight commit, the member leaves its group, and nothing is fetched any more. */
  close(): Promise<void> {
    return (this.closing ??= this.drain()); // the owner closes it, and Nest once more
  }

  private async drain(): Promise<void> {
    this.reader?.close();
    for (const timer of this.timers) clearInterval(timer);
    const leave = async (): Promise<void> => {
      await within(1_000, this.reader?.commitToKafka() ?? Promise.resolve(), () => new Error('late')).catch(
        () => undefined,
      );
      await this.consumer?.disconnect();
      await this.reader?.settled();
      await this.consumer?.disconnect();
      await this.admin?.disconnect();
    };
    const unanswered = (): Error => new Error('the broker does not answer');
    const patience = async (): Promise<never> => {
      await this.reader?.idle();
      await sleep(farewellMs, undefined, { ref: false });
      throw unanswered();
    };
    await within(this.hooks.drainMs ?? 20_000, Promise.race([leave(), patience()]), unanswered).catch((error: Error) =>
      say.warn({ reason: error.message }, 'the consumer left without a farewell'),
    );
  }

  /** Back-pressure: batches wait where they are, in their group, until `resume`. */
  pause(reason: string): void {
    this.reader?.pause(reason);
  }

  resume(): void {
    this.reader?.resume();
  }

  override on(): never {
    throw new Error('the batch server has no events to listen to');
  }

  override unwrap<T>(): T {
    return this.consumer as T;
  }

  private async start(): Promise<void> {
    const topics = new Map(this.handled().map((topic) => [kafkaTopic(this.options.prefix, topic), topic]));
    this.hooks.health?.add('stream', () => (this.reader ? this.reader.trouble() : 'not yet connected to Kafka'));
    await awaitBroker(this.options);
    await ensureTopics(this.options, [...topics.values()]);

    this.admin = createKafka(this.options, { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 }).admin();
    await this.admin.connect();
    // Measured; what each costs and buys stands in docs/architecture.md.
    this.consumer = createKafka(this.options).consumer({
      groupId: this.options.group,
      sessionTimeout: 10_000,
      heartbeatInterval: 1_000,
      maxWaitTimeInMs: 200,
      minBytes: 1,
      maxBytesPerPartition: 2 * 1024 * 1024,
      allowAutoTopicCreation: false,
      retry: { ...patience },
    });
    const reader = new GroupReader(this.consumer, this.admin, this.database, {
      group: this.options.group,
      topics,
      dispatch: (batch) => this.dispatch(batch),
      onStopped: this.hooks.onStopped ?? (() => undefined),
      onFatal: this.hooks.onFatal ?? (() => process.exit(1)),
    });
    this.reader = reader;
    this.follow(this.consumer, reader);
    await this.consumer.connect();
    // Always from the beginning: the other choice skips to the latest when an offset is out of range.
    await this.consumer.subscribe({ topics: [...topics.keys()], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: (payload) => reader.eachBatch(payload),
    });
    this.timers.push(
      setInterval(() => void reader.commitToKafka(), commitEveryMs),
      setInterval(() => void reader.tend(), this.hooks.upkeepMs ?? 5_000),
    );
  }

  private follow(consumer: Consumer, reader: GroupReader): void {
    consumer.on('consumer.group_join', ({ payload }) => reader.joined(payload.memberAssignment));
    consumer.on('consumer.end_batch_process', ({ payload }) => {
      if (payload.batchSize === 0)
        reader.skipped(payload.topic, payload.partition, payload.firstOffset, payload.lastOffset);
    });
    consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      if (restart) return say.warn({ reason: error.message }, 'the consumer crashed and starts again');
      reader.die(
        new StreamError('TOCSIN_STREAM_CRASHED', `The Kafka consumer ended and does not come back: ${error.message}`, {
          cause: error,
        }),
      );
    });
  }

  /** The topics with a handler. A request, or a second handler that would open a second transaction, is refused. */
  private handled(): string[] {
    for (const [topic, handler] of this.messageHandlers) {
      if (!handler.isEventHandler)
        throw new StreamError(
          'TOCSIN_STREAM_HANDLER',
          `${topic} has a request handler: use @EventPattern, nobody waits for an answer.`,
        );
      if (handler.next)
        throw new StreamError(
          'TOCSIN_STREAM_HANDLER',
          `${topic} has two handlers: a batch is one transaction, so keep one.`,
        );
      if (!topic.startsWith('tocsin.'))
        throw new StreamError(
          'TOCSIN_STREAM_HANDLER',
          `${topic} is no topic of Tocsin: name it tocsin.NAME, the prefix is mapped.`,
        );
    }
    return [...this.messageHandlers.keys()];
  }

  private async dispatch(batch: Batch): Promise<void> {
    const handler = this.messageHandlers.get(batch.topic)!;
    const result: unknown = await handler(batch, undefined);
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
  }
}
