/** Makes the topics that are missing, with 4 partitions and the broker's own replication. */
import { createKafka, kafkaTopic, type StreamOptions } from './client.js';
import { StreamError } from './stream-error.js';

export const logicalTopics = ['tocsin.outputs', 'tocsin.feedback', 'tocsin.verdicts'] as const;

/** Answers the topics it made. Those that exist are left as they are, so no right to create is needed for them. */
export async function ensureTopics(
  options: StreamOptions,
  topics: readonly string[] = logicalTopics,
  partitions = 4,
): Promise<string[]> {
  const admin = createKafka(options, { retries: 5 }).admin();
  await admin.connect();
  try {
    const wanted = topics.map((topic) => kafkaTopic(options.prefix, topic));
    const present = new Set(await admin.listTopics());
    const missing = wanted.filter((topic) => !present.has(topic));
    if (missing.length === 0) return [];
    try {
      await admin.createTopics({
        topics: missing.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: -1 })),
        waitForLeaders: true,
        timeout: 15_000,
      });
    } catch (error) {
      // Another copy may have made them between our look and our wish.
      const now = new Set(await admin.listTopics());
      if (!missing.every((topic) => now.has(topic)))
        throw new StreamError(
          'TOCSIN_KAFKA_TOPICS',
          `Kafka has no topic ${missing.join(', ')}, and to make it failed: ${(error as Error).message}. Create it, or allow this user to create topics.`,
          { cause: error },
        );
    }
    return missing;
  } finally {
    await admin.disconnect();
  }
}
