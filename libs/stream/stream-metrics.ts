/** What a responder asks of the stream: how far behind, what was lost to holes, what was refused, what stands still. */
import { counter, gauge, histogram } from '../telemetry/index.js';

export const recordsRead = counter('tocsin_stream_records_total', 'Records committed.', ['topic']);
export const lagRecords = gauge(
  'tocsin_stream_lag_records',
  'Offsets between what was read and the end of the partition; transaction markers are not counted once read.',
  ['topic', 'partition'],
);
export const batchSeconds = histogram(
  'tocsin_stream_batch_seconds',
  'From the first attempt of a batch to its COMMIT.',
  [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
  ['topic'],
);
export const holeOffsets = counter(
  'tocsin_stream_hole_offsets_total',
  'Offsets that the log no longer held when they were due: retention, compaction.',
  ['topic'],
);
export const reruns = counter('tocsin_stream_reruns_total', 'Batches run again, by why.', ['reason']);
export const seeks = counter('tocsin_stream_seeks_total', 'Batches refused and read again from the position.', [
  'reason',
]);
export const stoppedPartitions = gauge('tocsin_stream_stopped_partitions', 'Partitions that wait for a decision.', [
  'topic',
]);
export const waitingBatches = gauge('tocsin_stream_waiting_batches', 'Batches that wait for PostgreSQL.');
export const unreadableBatches = counter('tocsin_stream_unreadable_batches_total', 'Batches no codec could undo.', [
  'codec',
]);
export const deadLettersWritten = counter('tocsin_dead_letters_total', 'Dead letters written, by reason.', ['reason']);
export const joins = counter('tocsin_stream_joins_total', 'Times this process joined its consumer group.');
