/** When each stage's first event came: its clock where the policy has no `started_on`. */
import { textArray, timestampArray, type Query, type Tx } from '../database/index.js';
import type { ConformanceResult } from './conformance-batch.js';
import { stageKey, type StageStarts } from './conformance.js';

export const noteStageStarts = `
  insert into stage_start (model, stage, first_event_at)
  select * from unnest($1::text[], $2::text[], $3::timestamptz[])
      on conflict (model, stage) do nothing`;

export const stageStarts = `select model, stage, first_event_at as at from stage_start`;

/**
 * Notes those that are not `known` yet. In the batch's transaction right after its position, in sorted order: two
 * batches that bring a stage's first event together then wait for each other, and never in a circle.
 */
export async function noteStarts(tx: Tx, firsts: ConformanceResult['firsts'], known: StageStarts): Promise<void> {
  const fresh = [...firsts].filter(([key]) => !known.has(key)).sort(([a], [b]) => (a < b ? -1 : 1));
  if (fresh.length === 0) return;
  const rows = fresh.map(([, row]) => row);
  await tx.query(noteStageStarts, [
    textArray(rows.map(({ model }) => model)),
    textArray(rows.map(({ stage }) => stage)),
    timestampArray(rows.map(({ at }) => at)),
  ]);
}

export async function readStarts(query: Query): Promise<StageStarts> {
  const rows = await query.query<{ model: string; stage: string; at: Date }>(stageStarts);
  return new Map(rows.map(({ model, stage, at }) => [stageKey(model, stage), at.getTime()]));
}
