/**
 * Reads offsets [from, to) of one partition once, without a consumer group: for replays and for the evidence behind an
 * incident. It joins nothing, commits nothing, and disturbs no position.
 */
import kafkajs from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import FetchedBatch from 'kafkajs/src/consumer/batch.js';
import { createLogger } from 'kafkajs/src/loggers/index.js';
import defaultSocketFactory from 'kafkajs/src/network/socketFactory.js';
import type { StreamRecord } from '../events/index.js';
import { toRecords } from './batch.js';
import { connection, kafkaTopic, type StreamOptions } from './client.js';
import { registerCodecs } from './codecs.js';

const readCommitted = 1;

export interface Range {
  /** Logical: `tocsin.outputs`. */
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  /** Exclusive; undefined: to the end as it is at the call. */
  readonly to?: number;
}

/**
 * Yields the records in offset order, a fetch at a time. Offsets that the log no longer holds are left out; what is
 * not yet written is not waited for. Throws when the broker is away.
 */
export async function* readRange(options: StreamOptions, range: Range): AsyncGenerator<StreamRecord[]> {
  registerCodecs();
  const topic = kafkaTopic(options.prefix, range.topic);
  const { logLevel, logCreator, ...rest } = connection(options);
  const cluster = new Cluster({
    ...rest,
    logger: createLogger({ level: logLevel ?? kafkajs.logLevel.INFO, logCreator }),
    socketFactory: defaultSocketFactory(),
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    enforceRequestTimeout: true,
    authenticationTimeout: 10_000,
    reauthenticationThreshold: 10_000,
    metadataMaxAge: 300_000,
    allowAutoTopicCreation: false,
    isolationLevel: readCommitted,
  });
  await cluster.connect();
  try {
    await cluster.addTargetTopic(topic);
    await cluster.refreshMetadata();
    if (!cluster.findTopicPartitionMetadata(topic).some(({ partitionId }) => partitionId === range.partition)) return;
    const edge = async (fromBeginning: boolean): Promise<number> => {
      const asked = [{ topic, fromBeginning, partitions: [{ partition: range.partition }] }];
      return Number((await cluster.fetchTopicsOffset(asked))[0]!.partitions[0]!.offset);
    };
    const end = Math.min(range.to ?? Infinity, await edge(false));
    let at = Math.max(range.from, await edge(true));
    while (at < end) {
      const [leader = ''] = Object.keys(cluster.findLeaderForPartitions(topic, [range.partition]));
      const broker = await cluster.findBroker({ nodeId: leader });
      const { responses } = await broker.fetch({
        maxWaitTime: 500,
        minBytes: 1,
        maxBytes: 8 * 1024 * 1024,
        isolationLevel: readCommitted,
        topics: [
          { topic, partitions: [{ partition: range.partition, fetchOffset: String(at), maxBytes: 2 * 1024 * 1024 }] },
        ],
        rackId: '',
      });
      const data = responses[0]?.partitions[0];
      if (!data) return;
      const batch = new FetchedBatch(topic, String(at), data);
      if (batch.isEmptyIncludingFiltered()) return; // an open transaction, or a tail that compaction emptied
      const records = toRecords(range.topic, range.partition, batch.messages).filter(({ offset }) => offset < end);
      at = Number(batch.lastOffset()) + 1;
      if (records.length > 0) yield records;
    }
  } finally {
    await cluster.disconnect();
  }
}
