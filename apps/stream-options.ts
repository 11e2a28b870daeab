/** How this process speaks to Kafka, from its environment. */
import { readFileSync } from 'node:fs';
import type { StreamOptions } from '../libs/stream/index.js';
import { Complaint } from './cli/verb.js';
import type { Config } from './config.js';

export function streamOptions({ kafka }: Config, clientId: string): StreamOptions {
  return {
    brokers: kafka.brokers,
    tls: kafka.tls || kafka.caFile !== undefined,
    ...(kafka.caFile !== undefined && { ca: authority(kafka.caFile) }),
    ...(kafka.sasl && { sasl: kafka.sasl }),
    prefix: kafka.prefix,
    group: kafka.group,
    clientId,
  };
}

function authority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Complaint(`TOCSIN_KAFKA_CA_FILE names ${path}, which cannot be read (${code}).`);
  }
}
