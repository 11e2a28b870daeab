/** Records that this group has still to read, of all topics together; undefined where Kafka is not known or does not answer. */
import type { Database } from '../libs/database/index.js';
import { showPositions } from '../libs/stream/index.js';
import type { Config } from './config.js';
import { streamOptions } from './stream-options.js';

const answerWithinMs = 3_000;

export async function recordsBehind(database: Database, config: Config, clientId: string): Promise<number | undefined> {
  if (config.kafka.brokers.length === 0) return undefined;
  try {
    const rows = await showPositions(database, {
      ...streamOptions(config, clientId),
      startTimeoutMs: answerWithinMs,
    });
    return rows.filter(({ group }) => group === config.kafka.group).reduce((sum, { lag }) => sum + (lag ?? 0), 0);
  } catch {
    return undefined;
  }
}
