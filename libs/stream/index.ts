/**
 * Stream: the one way to Kafka. It promises that each record of a partition is handed on in batches, in order, and
 * recorded once: the position is a row in PostgreSQL that moves in the batch's own transaction (promise 1); that an
 * error of a handler is never swallowed, and a bug ends the process (promise 2); that nothing a producer writes stops a
 * partition (promise 3). Topics are logical here (`tocsin.outputs`); the configured prefix is mapped at the edge.
 *
 * A handler: `@EventPattern('tocsin.outputs') f(@Payload() batch: Batch)`, whose transaction begins with
 * `positions.advance(tx, batch)`. What it throws is sorted: a lost race runs again, a lost connection waits, a moved
 * position is read again, anything else is a bug.
 */
export type { Batch } from './batch.js';
export { BatchServer, type BatchServerHooks } from './batch-server.js';
export type { Stopped } from './group-reader.js';
export { RethrowFilter } from './rethrow-filter.js';
export { PositionMoved, Positions } from './position.js';
export { resetPositions, showPositions, type PositionReport, type Reset } from './inspect-positions.js';
export { DeadLetters, fullLettersAMinute, type ListedDeadLetter } from './dead-letter.js';
export { Publisher, type PublishedEvent, type RawRecord } from './publisher.js';
export { readRange, type Range } from './read-range.js';
export { rangesOf } from './log-ranges.js';
export { ensureTopics, logicalTopics } from './topics.js';
export { awaitBroker, kafkaTopic, pingBroker, type StreamOptions } from './client.js';
export { StreamError, type StreamErrorCode } from './stream-error.js';
export { StreamModule } from './stream.module.js';

import { DeadLetterEntity, DeadLetterMinuteEntity, DeadLetterRevealEntity } from './dead-letter.entity.js';
import { PositionEntity } from './position.entity.js';

/** For the data source and the drift test. */
export const streamEntities = [PositionEntity, DeadLetterEntity, DeadLetterMinuteEntity, DeadLetterRevealEntity];
