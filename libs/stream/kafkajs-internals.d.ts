/**
 * The parts of kafkajs 2.2.4 (pinned) that read a partition without a consumer group; it has no public way to do so.
 * `read-range.ts` alone uses them.
 */
declare module 'kafkajs/src/cluster/index.js' {
  export default class Cluster {
    constructor(options: Record<string, unknown>);
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    addTargetTopic(topic: string): Promise<void>;
    refreshMetadata(): Promise<void>;
    findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
    findTopicPartitionMetadata(topic: string): { partitionId: number }[];
    findBroker(node: { nodeId: string }): Promise<{
      fetch(request: Record<string, unknown>): Promise<{
        responses: { topicName: string; partitions: { partition: number; highWatermark: string }[] }[];
      }>;
    }>;
    fetchTopicsOffset(
      topics: { topic: string; fromBeginning: boolean; partitions: { partition: number }[] }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  }
}

declare module 'kafkajs/src/consumer/batch.js' {
  import type { KafkaMessage } from 'kafkajs';
  export default class FetchedBatch {
    constructor(topic: string, fetchedOffset: string, partition: { partition: number; highWatermark: string });
    readonly messages: KafkaMessage[];
    isEmptyIncludingFiltered(): boolean;
    lastOffset(): string;
  }
}

declare module 'kafkajs/src/loggers/index.js' {
  export const createLogger: (options: { level: number; logCreator: unknown }) => unknown;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  const socketFactory: () => unknown;
  export default socketFactory;
}
