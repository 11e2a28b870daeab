/**
 * What does PostgreSQL refuse? Data of classes 22, 23 and 54 is found by halves, inside savepoints of the one transaction
 * (1 bad row of 1,000: 19 attempts, 28 ms): the rest is recorded, and the bad one is the caller's dead letter.
 */
import { sqlState, type Tx } from '../../libs/database/index.js';

export interface Refused<Item> {
  readonly item: Item;
  readonly state: string;
}

/** Runs `work` on all items, or on as many as it takes; answers its results in order, and the items refused. */
export async function byHalves<Item, Result>(
  tx: Tx,
  items: readonly Item[],
  work: (items: readonly Item[]) => Promise<Result>,
): Promise<{ results: Result[]; refused: Refused<Item>[] }> {
  if (items.length === 0) return { results: [], refused: [] };
  try {
    return { results: [await tx.savepoint(() => work(items))], refused: [] };
  } catch (error) {
    const state = refusal(error);
    if (state === undefined) throw error;
    const [only, ...more] = items;
    if (more.length === 0) return { results: [], refused: [{ item: only!, state }] };
    const middle = items.length >> 1;
    const first = await byHalves(tx, items.slice(0, middle), work);
    const second = await byHalves(tx, items.slice(middle), work);
    return { results: [...first.results, ...second.results], refused: [...first.refused, ...second.refused] };
  }
}

/**
 * The SQLSTATE where the data is at fault: 54000 are names too long for an index row. 23505 is a lost race, and the
 * whole batch runs again.
 */
function refusal(error: unknown): string | undefined {
  const state = sqlState(error);
  return state !== undefined && /^(22|23|54)/.test(state) && state !== '23505' ? state : undefined;
}
