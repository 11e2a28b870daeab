/**
 * Where each partition has been processed to: a row in PostgreSQL, moved inside the batch's own transaction by
 * compare-and-swap (promise 1). Kafka's own offsets decide nothing.
 */
import { numberArray, type Query, type Tx } from '../database/index.js';
import type { Batch } from './batch.js';

/** The row is not where this process left it: another copy, a reset, or a COMMIT whose answer was lost. Read it again. */
export class PositionMoved extends Error {
  override readonly name = 'PositionMoved';
}

/** The first statement of a batch's transaction: a zombie stops here, before any work. */
export const advancePosition = `
  update tocsin.stream_position
     set next_offset = $4, moved_at = now()
   where consumer_group = $1 and topic = $2 and partition = $3 and next_offset = $5 and cluster_id = $6`;

/** Gives partitions without a row one at the log's start, so that the compare-and-swap is always an update. */
export const insertMissingPositions = `
  insert into tocsin.stream_position (consumer_group, topic, partition, next_offset, cluster_id)
  select $1, $2, row.partition, row.low, $5
    from unnest($3::integer[], $4::bigint[]) as row (partition, low)
   order by row.partition
  on conflict do nothing`;

export const readPositions = `
  select topic, partition, next_offset as "next", cluster_id as "clusterId"
    from tocsin.stream_position
   where consumer_group = $1 and topic = any ($2::text[])`;

const resetPosition = `
  insert into tocsin.stream_position (consumer_group, topic, partition, next_offset, cluster_id)
  values ($1, $2, $3, $4, $5)
  on conflict (consumer_group, topic, partition)
  do update set next_offset = excluded.next_offset, cluster_id = excluded.cluster_id, moved_at = now()`;

const allPositions = `
  select consumer_group as "group", topic, partition, next_offset as "next", cluster_id as "clusterId",
         moved_at as "movedAt"
    from tocsin.stream_position
   order by consumer_group, topic, partition`;

export interface PositionRow {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
  readonly clusterId: string;
}

/** What a log holds: `low` is its first offset, `high` the one after its last. */
export interface LogRange {
  readonly low: number;
  readonly high: number;
}

/** Moves positions. Stateless: what is expected stands in the batch. */
export class Positions {
  /** Call it first in the transaction. Throws PositionMoved where the row is not what this process last read or wrote. */
  async advance(tx: Tx, { claim }: Batch): Promise<void> {
    const { group, kafkaTopic, partition, next, expected, clusterId } = claim;
    const moved = await tx.execute(advancePosition, [group, kafkaTopic, partition, next, expected, clusterId]);
    if (moved !== 1)
      throw new PositionMoved(
        `${kafkaTopic}/${partition} is no longer at ${expected}: another copy or a reset moved it`,
      );
    claim.advanced = true;
  }
}

/** The rows of these partitions, made at the log's start where there is none yet. */
export async function claimPositions(
  query: Query,
  group: string,
  clusterId: string,
  lows: ReadonlyMap<string, ReadonlyMap<number, number>>,
): Promise<PositionRow[]> {
  for (const [topic, partitions] of [...lows].sort(([a], [b]) => (a < b ? -1 : 1)))
    await query.query(insertMissingPositions, [
      group,
      topic,
      numberArray([...partitions.keys()]),
      numberArray([...partitions.values()]),
      clusterId,
    ]);
  return query.query<PositionRow>(readPositions, [group, [...lows.keys()]]);
}

export type Standing =
  | { readonly at: 'ready'; readonly readFrom: number; readonly hole: number }
  | { readonly at: 'stopped'; readonly reason: string };

/** Decides whether a partition may be read on, given its row and what the log holds now. */
export function standing(row: PositionRow | undefined, log: LogRange | undefined, clusterId: string): Standing {
  if (!row) return { at: 'stopped', reason: 'its position is gone from the database' };
  if (row.clusterId !== clusterId)
    return {
      at: 'stopped',
      reason: `its position belongs to Kafka cluster ${row.clusterId || 'without id'}, this is ${clusterId || 'one without id'}`,
    };
  if (!log) return { at: 'stopped', reason: 'the broker does not know the partition' };
  if (row.next > log.high)
    return { at: 'stopped', reason: `its position ${row.next} is beyond the end of the log, which is ${log.high}` };
  const hole = Math.max(0, log.low - row.next);
  return { at: 'ready', readFrom: row.next + hole, hole };
}

export interface ShownPosition extends PositionRow {
  readonly group: string;
  readonly movedAt: Date;
}

/** Every position in the database, for `tocsin positions show`. */
export function listPositions(query: Query): Promise<ShownPosition[]> {
  return query.query<ShownPosition>(allPositions);
}

/** Writes a position whatever it was: running copies notice by their compare-and-swap, or within one upkeep round. */
export async function writePosition(query: Query, group: string, row: PositionRow): Promise<void> {
  await query.query(resetPosition, [group, row.topic, row.partition, row.next, row.clusterId]);
}
