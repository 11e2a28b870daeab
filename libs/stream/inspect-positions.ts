/** What a person sees and decides of positions: `tocsin positions show` and `reset`. */
import type { Query } from '../database/index.js';
import { awaitBroker, createKafka, kafkaTopic, type StreamOptions } from './client.js';
import { listPositions, standing, writePosition, type LogRange, type ShownPosition } from './position.js';
import { StreamError } from './stream-error.js';

export interface PositionReport extends ShownPosition, Partial<LogRange> {
  /** Offsets to go; undefined where the broker does not know the partition. */
  readonly lag?: number;
  /** `ok`, or why the partition does not move on. */
  readonly state: string;
}

/** Every position beside what its log holds. Reads Kafka and PostgreSQL, changes neither. */
export async function showPositions(query: Query, options: StreamOptions): Promise<PositionReport[]> {
  const rows = await listPositions(query);
  return withLogs(options, [...new Set(rows.map(({ topic }) => topic))], (logs, clusterId) =>
    rows.map((row) => {
      const log = logs.get(row.topic)?.get(row.partition);
      const found = standing(row, log, clusterId);
      return {
        ...row,
        ...log,
        ...(log ? { lag: Math.max(0, log.high - row.next) } : {}),
        state: found.at === 'stopped' ? found.reason : found.hole > 0 ? `${found.hole} offsets are gone` : 'ok',
      };
    }),
  );
}

export interface Reset {
  /** Logical: `tocsin.outputs`. */
  readonly topic: string;
  /** Undefined: all of the topic. */
  readonly partition?: number;
  readonly to: 'earliest' | 'latest' | number;
}

/**
 * Moves the group's positions of a topic: back means that records are judged again, forward that some never are. A
 * number is held within what the log has. Running copies follow by themselves. Answers the new positions.
 */
export async function resetPositions(query: Query, options: StreamOptions, reset: Reset): Promise<PositionReport[]> {
  const topic = kafkaTopic(options.prefix, reset.topic);
  const written = await withLogs(options, [topic], async (logs, clusterId) => {
    const partitions = [...(logs.get(topic) ?? [])].filter(
      ([partition]) => reset.partition === undefined || partition === reset.partition,
    );
    if (partitions.length === 0)
      throw new StreamError(
        'TOCSIN_KAFKA_TOPICS',
        `Kafka has no ${topic}${reset.partition === undefined ? '' : `/${reset.partition}`}: nothing to reset.`,
      );
    for (const [partition, { low, high }] of partitions) {
      const next =
        reset.to === 'earliest' ? low : reset.to === 'latest' ? high : Math.min(Math.max(reset.to, low), high);
      await writePosition(query, options.group, { topic, partition, next, clusterId });
    }
    return new Set(partitions.map(([partition]) => partition));
  });
  return (await showPositions(query, options)).filter(
    (row) => row.group === options.group && row.topic === topic && written.has(row.partition),
  );
}

async function withLogs<T>(
  options: StreamOptions,
  topics: readonly string[],
  use: (logs: Map<string, Map<number, LogRange>>, clusterId: string) => T | Promise<T>,
): Promise<T> {
  await awaitBroker(options);
  const admin = createKafka(options, { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 }).admin();
  await admin.connect();
  try {
    const present = new Set(await admin.listTopics());
    const logs = new Map<string, Map<number, LogRange>>();
    for (const topic of topics)
      if (present.has(topic))
        logs.set(
          topic,
          new Map(
            (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => [
              partition,
              { low: Number(low), high: Number(high) },
            ]),
          ),
        );
    return await use(logs, (await admin.describeCluster()).clusterId ?? '');
  } finally {
    await admin.disconnect();
  }
}
