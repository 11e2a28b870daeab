/** Days of the output index made ahead and dropped behind, and rows that have had their time. One copy at a time. */
import type { Database } from '../database/index.js';

/** A number that nothing else locks: 7407 is migrations, 7408 bundles, 7409 thresholds. */
const upkeepLock = 7_410;
const daysAhead = 3;
const dayMs = 86_400_000;

const partitions = `
  select c.relname as name
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
   where i.inhparent = 'tocsin.output_index'::regclass and c.relname ~ '^output_index_\\d{8}$'
   order by 1`;

const expire = [
  `delete from tocsin.signal where expires_at <= tocsin.now()`,
  `delete from tocsin.window_group where expires_at <= tocsin.now()`,
  `delete from tocsin.flood_kept where hour <= tocsin.now() - interval '3 days'`,
  `delete from tocsin.waiting_reference where state <> 'waiting' and arrived_at <= tocsin.now() - interval '14 days'`,
];

/**
 * Makes partitions for today and three days on, drops those older than `keepMs`, and deletes what expired. Answers false
 * where another copy is at it. A day that rows of the default partition belong to is made by moving them.
 */
export async function keepUp(database: Database, keepMs: number): Promise<boolean> {
  const mine = await database.transaction(async (tx) => {
    const [lock] = await tx.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [upkeepLock]);
    if (!lock!.got) return false;
    // A partition is attached under a lock that writers wait for: rather come back than make them wait long.
    await tx.query(`set local lock_timeout = '2s'`);
    const have = new Set((await tx.query<{ name: string }>(partitions)).map(({ name }) => name));
    const oldest = dayOf(tx.now.getTime() - keepMs - dayMs);
    for (let ahead = 0; ahead <= daysAhead; ahead++) {
      const day = dayOf(tx.now.getTime() + ahead * dayMs);
      const name = partitionOf(day);
      if (have.has(name)) continue;
      const next = dayOf(Date.parse(day) + dayMs);
      await tx.query(`create table tocsin.${name} (like tocsin.output_index including all)`);
      await tx.query('lock table tocsin.output_index_default in access exclusive mode');
      await tx.query(
        `with moved as (delete from tocsin.output_index_default where day = '${day}' returning *)
         insert into tocsin.${name} select * from moved`,
      );
      await tx.query(
        `alter table tocsin.output_index attach partition tocsin.${name} for values from ('${day}') to ('${next}')`,
      );
    }
    for (const name of have) {
      if (name < partitionOf(oldest)) await tx.query(`drop table tocsin.${name}`);
    }
    await tx.query('delete from tocsin.output_index_default where day < $1', [oldest]);
    return true;
  });
  if (!mine) return false;
  for (const statement of expire) await database.query(statement);
  return true;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function partitionOf(day: string): string {
  return `output_index_${day.replaceAll('-', '')}`;
}
