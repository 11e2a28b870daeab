/**
 * Reads the partitions that the group gave to this process, each from its row in PostgreSQL, and sees to it that
 * nothing expected leaves the library's eachBatch: it stalls every partition for seconds, or ends the consumer, on
 * what throws there (promises 1 and 2).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload } from 'kafkajs';
import { isConnectionLoss, isRetryable, sqlState, type Database } from '../database/index.js';
import { logger } from '../telemetry/index.js';
import { toRecords, type Batch } from './batch.js';
import { within } from './client.js';
import { claimPositions, PositionMoved, readPositions, standing, type LogRange, type PositionRow } from './position.js';
import { StreamError } from './stream-error.js';
import * as metrics from './stream-metrics.js';

/** A partition that waits for a person, and why. `topic` is logical. */
export interface Stopped {
  readonly topic: string;
  readonly partition: number;
  readonly reason: string;
}

export interface GroupReaderOptions {
  readonly group: string;
  /** Logical topic by the broker's name of it. */
  readonly topics: ReadonlyMap<string, string>;
  readonly dispatch: (batch: Batch) => Promise<void>;
  /** Called again after each join while the partition stays stopped. */
  readonly onStopped: (stopped: Stopped) => void;
  /** Called once, with a bug or a consumer that does not come back: the process has to end. */
  readonly onFatal: (error: unknown) => void;
}

/** One partition of the current assignment. */
interface Reading {
  readonly topic: string;
  readonly kafkaTopic: string;
  readonly partition: number;
  /** What the row last said to this process. */
  known: number;
  /** False after anything failed behind BEGIN: the row may have moved, and is read again before it is trusted. */
  sure: boolean;
  /** Where reading stands: at `known`, or past markers, aborted records and holes that follow it. */
  readTo: number;
  /** Where a batch was refused last; the same again after a seek is a gap in the log. */
  refusedAt?: number;
  stopped?: string;
  busy: boolean;
  /** Counts a batch's coming and going, so that upkeep knows whether it looked at a still picture. */
  visits: number;
  log: LogRange;
}

/** What one join gave. A new join makes a new one; whoever holds the old one finds it replaced. */
interface Assignment {
  readonly readings: Map<string, Reading>;
  ready: boolean;
  loaded: Promise<void>;
}

const heartbeatMs = 1_000;
const mostRaces = 20;
const say = logger('stream');
const lostGroup = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);

export class GroupReader {
  private assignment: Assignment | undefined;
  private clusterId = '';
  private closing = false;
  private dead = false;
  private paused: string | undefined;
  private readonly halted = new Set<string>();
  private readonly uncommitted = new Map<string, { topic: string; partition: number; offset: string }>();
  private readonly inFlight = new Set<Promise<unknown>>();
  private committing = false;
  private tending = false;
  private batches = 0;

  constructor(
    private readonly consumer: Consumer,
    private readonly admin: Admin,
    private readonly database: Database,
    private readonly options: GroupReaderOptions,
  ) {}

  /** GROUP_JOIN: the map of positions is replaced, and every partition is sought once its row is read. */
  joined(partitions: Readonly<Record<string, readonly number[]>>): void {
    metrics.joins.inc();
    for (const reading of this.assignment?.readings.values() ?? []) metrics.lagRecords.remove(labels(reading));
    for (const topic of this.options.topics.values()) metrics.stoppedPartitions.set({ topic }, 0);
    this.uncommitted.clear();
    const assignment: Assignment = { readings: new Map(), ready: false, loaded: Promise.resolve() };
    this.assignment = assignment;
    assignment.loaded = this.load(assignment, partitions);
  }

  /** Why the stream is not ready, or undefined. */
  trouble(): string | undefined {
    if (this.dead) return 'the consumer ended; the process must start again';
    if (!this.assignment) return `not yet in the consumer group ${this.options.group}`;
    if (!this.assignment.ready) return 'reading the positions of its partitions';
    const stopped = [...this.assignment.readings.values()].filter((reading) => reading.stopped !== undefined);
    if (stopped.length > 0)
      return `${stopped.map((one) => `${one.topic}/${one.partition} stopped: ${one.stopped}`).join('; ')}. Decide by \`tocsin positions reset\``;
    return this.paused === undefined ? undefined : `paused: ${this.paused}`;
  }

  /** Batches wait where they are, heartbeating, until `resume`. */
  pause(reason: string): void {
    this.paused = reason;
  }

  resume(): void {
    this.paused = undefined;
  }

  /** A fetch brought control and aborted records alone: nothing to hand on, but reading has come this far. */
  skipped(kafkaTopic: string, partition: number, first: string | null, last: string): void {
    const reading = this.assignment?.ready ? this.assignment.readings.get(`${kafkaTopic}/${partition}`) : undefined;
    if (!reading || first === null || Number(first) > reading.readTo || Number(last) < reading.readTo) return;
    reading.readTo = Number(last) + 1;
    this.showLag(reading);
  }

  async eachBatch(payload: EachBatchPayload): Promise<void> {
    const assignment = this.assignment;
    if (!assignment || this.dead || !payload.isRunning() || payload.isStale()) return;
    let rebalancing = false;
    const beat = setInterval(() => {
      payload.heartbeat().catch((error: { type?: string }) => {
        rebalancing ||= lostGroup.has(error.type ?? '');
      });
    }, heartbeatMs);
    const gone = (): boolean =>
      rebalancing || this.closing || this.dead || !payload.isRunning() || this.assignment !== assignment;
    let reading: Reading | undefined;
    this.batches++;
    try {
      while (!assignment.ready || this.paused !== undefined) {
        if (gone()) return;
        await Promise.race([sleep(100), ...(assignment.ready ? [] : [assignment.loaded])]);
      }
      reading = assignment.readings.get(`${payload.batch.topic}/${payload.batch.partition}`);
      if (!reading || reading.stopped !== undefined || payload.isStale()) return;
      reading.busy = true;
      reading.visits++;
      if (await this.inPlace(reading, payload)) await this.record(reading, payload, assignment, gone);
    } catch (error) {
      this.die(error);
    } finally {
      clearInterval(beat);
      this.batches--;
      if (reading) {
        reading.busy = false;
        reading.visits++;
      }
    }
  }

  /** Ends the consumer for good: a bug, or a crash without a restart. */
  die(error: unknown): void {
    if (this.dead) return;
    this.dead = true;
    // Nothing is fetched any more; what was fetched is dropped, and read again by the next process.
    this.quietly(() => this.consumer.pause([...this.options.topics.keys()].map((topic) => ({ topic }))));
    say.fatal({ err: error }, 'the stream cannot go on: the process ends, nothing of the batch is committed');
    this.options.onFatal(error);
  }

  /** Offsets in Kafka are for lag tools alone: a failure there fails nothing. */
  async commitToKafka(): Promise<void> {
    if (this.committing || this.uncommitted.size === 0) return;
    this.committing = true;
    const offsets = [...this.uncommitted.values()];
    this.uncommitted.clear();
    await this.track(this.consumer.commitOffsets(offsets)).catch(() => undefined);
    this.committing = false;
  }

  /** Every few seconds: the lag gauge, resets made by a person, and stopped partitions that may go on. */
  async tend(): Promise<void> {
    const assignment = this.assignment;
    if (this.tending || this.closing || this.dead || !assignment?.ready) return;
    this.tending = true;
    try {
      const seen = new Map([...assignment.readings.values()].map((reading) => [reading, reading.visits]));
      const logs = await this.logs();
      const rows = await this.database.query<PositionRow>(readPositions, [this.options.group, [...logs.keys()]]);
      if (this.assignment !== assignment || this.closing) return;
      for (const [key, reading] of assignment.readings) {
        const log = logs.get(reading.kafkaTopic)?.get(reading.partition);
        if (log) reading.log = log;
        const row = rows.find((one) => `${one.topic}/${one.partition}` === key);
        const still = !reading.busy && reading.visits === seen.get(reading);
        if (still && (reading.stopped !== undefined || row?.next !== reading.known)) this.settle(reading, row, log);
        this.showLag(reading);
      }
    } catch (error) {
      say.debug({ reason: message(error) }, 'upkeep of the stream waits');
    } finally {
      this.tending = false;
    }
  }

  /** Lets waiting batches go; what is being recorded goes on. */
  close(): void {
    this.closing = true;
  }

  /** Resolves when no batch is in flight. */
  async idle(): Promise<void> {
    while (this.batches > 0) await sleep(50);
  }

  /** Resolves when no question is under way: one that outlives its client opens a connection nobody closes. */
  async settled(): Promise<void> {
    while (this.inFlight.size > 0) await Promise.allSettled(this.inFlight);
  }

  private async load(assignment: Assignment, partitions: Readonly<Record<string, readonly number[]>>): Promise<void> {
    const replaced = (): boolean => this.assignment !== assignment || this.closing || this.dead;
    for (let tries = 0; !replaced(); tries++) {
      try {
        const clusterId = (await this.ask(() => this.admin.describeCluster())).clusterId ?? '';
        const logs = await this.logs(Object.keys(partitions));
        const lows = new Map(
          Object.entries(partitions).map(([topic, own]) => [
            topic,
            new Map(own.map((partition) => [partition, logs.get(topic)?.get(partition)?.low ?? 0])),
          ]),
        );
        const rows = await claimPositions(this.database, this.options.group, clusterId, lows);
        if (replaced()) return;
        this.clusterId = clusterId;
        for (const [kafkaTopic, own] of Object.entries(partitions))
          for (const partition of own) {
            const row = rows.find((one) => one.topic === kafkaTopic && one.partition === partition);
            const log = logs.get(kafkaTopic)?.get(partition);
            const reading: Reading = {
              topic: this.options.topics.get(kafkaTopic) ?? kafkaTopic,
              kafkaTopic,
              partition,
              known: row?.next ?? 0,
              sure: false,
              readTo: row?.next ?? 0,
              busy: false,
              visits: 0,
              log: log ?? { low: 0, high: 0 },
            };
            assignment.readings.set(`${kafkaTopic}/${partition}`, reading);
            this.settle(reading, row, log);
          }
        assignment.ready = true;
        return;
      } catch (error) {
        if (!isWait(error)) return this.die(error);
        if (tries === 0) say.warn({ reason: message(error) }, 'positions cannot be read yet: the partitions wait');
        await sleep(Math.min(100 * 2 ** tries, 500));
      }
    }
  }

  /** Takes the row for true: reads on from it, or stops the partition and says why. */
  private settle(reading: Reading, row: PositionRow | undefined, log: LogRange | undefined): void {
    const found = standing(row, log, this.clusterId);
    if (found.at === 'stopped') return this.stop(reading, found.reason);
    reading.known = row!.next;
    reading.readTo = found.readFrom;
    reading.sure = true;
    reading.log = log!;
    delete reading.refusedAt;
    if (found.hole > 0) this.hole(reading, found.hole);
    this.seek(reading);
    const key = `${reading.kafkaTopic}/${reading.partition}`;
    if (reading.stopped !== undefined) {
      delete reading.stopped;
      metrics.stoppedPartitions.dec({ topic: reading.topic });
      say.info({ topic: reading.topic, partition: reading.partition, from: reading.known }, 'the partition goes on');
    }
    if (this.halted.delete(key))
      this.quietly(() => this.consumer.resume([{ topic: reading.kafkaTopic, partitions: [reading.partition] }]));
    this.showLag(reading);
  }

  private stop(reading: Reading, reason: string): void {
    const news = reading.stopped !== reason;
    if (reading.stopped === undefined) metrics.stoppedPartitions.inc({ topic: reading.topic });
    reading.stopped = reason;
    this.halted.add(`${reading.kafkaTopic}/${reading.partition}`);
    this.quietly(() => this.consumer.pause([{ topic: reading.kafkaTopic, partitions: [reading.partition] }]));
    if (!news) return;
    const { topic, partition } = reading;
    say.error({ topic, partition, reason }, 'a partition stopped; decide by `tocsin positions reset`');
    this.options.onStopped({ topic, partition, reason });
  }

  /**
   * Does the batch begin where reading stands? The library resets an offset out of range in silence, and hands on what
   * it had fetched before a seek: both would move the row to where it does not belong.
   */
  private async inPlace(reading: Reading, { batch }: EachBatchPayload): Promise<boolean> {
    const { fetchedOffset } = batch as typeof batch & { fetchedOffset?: string };
    const fetched = Number(fetchedOffset ?? batch.firstOffset());
    if (fetched === reading.readTo) return true;
    let log = reading.log;
    try {
      log = (await this.logs([reading.kafkaTopic])).get(reading.kafkaTopic)?.get(reading.partition) ?? log;
    } catch {
      // The broker is away: the seek below is right whatever the log holds.
    }
    if (fetched > reading.readTo && (log.low > reading.readTo || reading.refusedAt === fetched)) {
      // Retention overtook the position, or nothing that can be read stands between: the same place after a seek.
      if (log.low > reading.readTo) this.hole(reading, fetched - reading.readTo);
      reading.readTo = fetched;
      return true;
    }
    if (reading.readTo > log.high) {
      this.stop(reading, `its position ${reading.known} is beyond the end of the log, which is ${log.high}`);
      return false;
    }
    if (reading.refusedAt === fetched) await sleep(200);
    reading.refusedAt = fetched;
    metrics.seeks.inc({ reason: fetched < reading.readTo ? 'below' : 'ahead' });
    this.seek(reading);
    return false;
  }

  /** Runs the batch until it is committed, refused, or no longer ours. */
  private async record(
    reading: Reading,
    { batch, resolveOffset }: EachBatchPayload,
    assignment: Assignment,
    gone: () => boolean,
  ): Promise<void> {
    const began = performance.now();
    const last = batch.messages[batch.messages.length - 1]!;
    const next = Number(batch.lastOffset()) + 1;
    const records = toRecords(reading.topic, reading.partition, batch.messages);
    for (let attempt = 1, races = 0, waits = 0; !gone(); attempt++) {
      const claim = {
        group: this.options.group,
        kafkaTopic: reading.kafkaTopic,
        partition: reading.partition,
        expected: reading.known,
        next,
        clusterId: this.clusterId,
        advanced: false,
      };
      try {
        if (!reading.sure && !(await this.readAgain(reading, gone))) return;
        await this.options.dispatch({
          topic: reading.topic,
          partition: reading.partition,
          records,
          highWatermark: Number(batch.highWatermark),
          attempt,
          claim,
        });
        if (!claim.advanced)
          throw new StreamError(
            'TOCSIN_STREAM_NOT_ADVANCED',
            `The handler of ${reading.topic} returned without moving the position: call positions.advance(tx, batch) first in its transaction.`,
          );
      } catch (error) {
        reading.sure = false;
        if (error instanceof PositionMoved) {
          metrics.seeks.inc({ reason: 'moved' });
          say.info({ topic: reading.topic, partition: reading.partition, at: reading.known }, error.message);
          await sleep(50);
        } else if (isRetryable(error)) {
          metrics.reruns.inc({ reason: sqlState(error) ?? 'unknown' });
          if (++races >= mostRaces)
            throw new StreamError(
              'TOCSIN_STREAM_RACE',
              `A batch of ${reading.topic}/${reading.partition} from offset ${reading.known} lost ${races} races in a row (SQLSTATE ${sqlState(error)}): this is no race but a fault.`,
              { cause: error },
            );
          await sleep(Math.random() * 10 * races);
        } else if (isWait(error)) {
          metrics.reruns.inc({ reason: 'connection' });
          if (waits === 0)
            say.warn(
              { topic: reading.topic, partition: reading.partition, reason: message(error) },
              'PostgreSQL is away: the batch waits in its group',
            );
          metrics.waitingBatches.inc();
          await sleep(Math.min(50 * 2 ** Math.min(waits++, 4), 500)).finally(() => metrics.waitingBatches.dec());
        } else throw error;
        continue;
      }
      const gap = Number(batch.firstOffset()) - reading.readTo;
      if (gap > 0) this.hole(reading, gap);
      reading.known = next;
      reading.readTo = next;
      reading.log = { low: reading.log.low, high: Math.max(reading.log.high, Number(batch.highWatermark)) };
      delete reading.refusedAt;
      metrics.recordsRead.inc({ topic: reading.topic }, records.length);
      metrics.batchSeconds.observe({ topic: reading.topic }, (performance.now() - began) / 1_000);
      if (this.assignment !== assignment) return;
      this.showLag(reading);
      this.quietly(() => resolveOffset(last.offset));
      this.uncommitted.set(`${reading.kafkaTopic}/${reading.partition}`, {
        topic: reading.kafkaTopic,
        partition: reading.partition,
        offset: String(next),
      });
      return;
    }
  }

  /** True where the row is as this process remembers it; else it has been sought, or stopped. */
  private async readAgain(reading: Reading, gone: () => boolean): Promise<boolean> {
    const rows = await this.database.query<PositionRow>(readPositions, [this.options.group, [reading.kafkaTopic]]);
    const row = rows.find(({ partition }) => partition === reading.partition);
    if (gone()) return false;
    if (row?.next === reading.known && row.clusterId === this.clusterId) {
      reading.sure = true;
      return true;
    }
    const log = (await this.logs([reading.kafkaTopic])).get(reading.kafkaTopic)?.get(reading.partition);
    if (!gone()) this.settle(reading, row, log);
    return false;
  }

  private async logs(topics: readonly string[] = [...this.options.topics.keys()]) {
    const found = new Map<string, Map<number, LogRange>>();
    for (const topic of topics) {
      const partitions = await this.ask(() => this.admin.fetchTopicOffsets(topic));
      found.set(
        topic,
        new Map(partitions.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }])),
      );
    }
    return found;
  }

  /**
   * One question to the broker, answered within 10 s. Whatever goes wrong is a wait: with a connection lost in the
   * middle, the library's admin fails by a TypeError of its own, which would pass for a bug of ours.
   */
  private async ask<T>(question: () => Promise<T>): Promise<T> {
    const unanswered = (why: string, cause?: unknown): Error =>
      Object.assign(new Error(`the broker did not answer: ${why}`, { cause }), { name: 'KafkaJSUnanswered' });
    if (this.closing) throw unanswered('the stream is closing');
    try {
      return await within(10_000, this.track(question()), () => unanswered('10 s have passed'));
    } catch (error) {
      throw unanswered(message(error), error);
    }
  }

  private track<T>(work: Promise<T>): Promise<T> {
    this.inFlight.add(work);
    const done = (): boolean => this.inFlight.delete(work);
    work.then(done, done);
    return work;
  }

  private seek({ kafkaTopic, partition, readTo }: Reading): void {
    this.quietly(() => this.consumer.seek({ topic: kafkaTopic, partition, offset: String(readTo) }));
  }

  private hole({ topic, partition, readTo }: Reading, offsets: number): void {
    metrics.holeOffsets.inc({ topic }, offsets);
    say.warn({ topic, partition, from: readTo, offsets }, 'the log no longer holds these offsets: skipped');
  }

  private showLag(reading: Reading): void {
    metrics.lagRecords.set(labels(reading), Math.max(0, reading.log.high - reading.readTo));
  }

  /** The library throws when it has no group at this moment; the next join reads and seeks anew. */
  private quietly(call: () => void): void {
    try {
      call();
    } catch (error) {
      say.debug({ reason: message(error) }, 'the consumer is between two groups');
    }
  }
}

/** The server or the broker is away: to wait is right, and nothing is wrong with the batch. */
function isWait(error: unknown): boolean {
  return isConnectionLoss(error) || (error instanceof Error && error.name.startsWith('KafkaJS'));
}

function labels({ topic, partition }: Reading): { topic: string; partition: string } {
  return { topic, partition: String(partition) };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
