/** What the pager does by the clock: one row a duty, so that one copy does it, on time by domain time, also after a crash. */
import { textArray, timestampArray, type Database, type Tx } from '../database/index.js';

/** Name and period in milliseconds. */
export type Duties = Readonly<Record<string, number>>;

/** Makes the rows fit what the plan asks for: a new duty is due at once, one that is no longer asked for goes. */
export async function arrangeDuties(tx: Tx, duties: Duties): Promise<void> {
  const names = Object.keys(duties).toSorted();
  await tx.query('delete from tocsin.paging_due where name <> all($1)', [names]);
  await tx.query(
    `insert into tocsin.paging_due (name, due_at) select * from unnest($1::text[], $2::timestamptz[]) on conflict (name) do nothing`,
    [textArray(names), timestampArray(names.map(() => tx.now.getTime()))],
  );
}

/**
 * Takes one duty that is due and runs it inside the transaction that moves it on; false where none is, or another copy
 * has it. What it answers is kept in the row for the next time.
 */
export async function doDuty(
  database: Database,
  duties: Duties,
  work: (tx: Tx, name: string, said: unknown) => Promise<object | undefined>,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const [duty] = await tx.query<{ name: string; said: unknown }>(
      `select name, said from tocsin.paging_due where due_at <= (select tocsin.now()) and name = any($1)
        order by due_at limit 1 for update skip locked`,
      [Object.keys(duties)],
    );
    if (!duty) return false;
    const said = await work(tx, duty.name, duty.said);
    const next = new Date(tx.now.getTime() + (duties[duty.name] ?? 60_000));
    await tx.query('update tocsin.paging_due set due_at = $2, said = $3 where name = $1', [
      duty.name,
      next,
      said === undefined ? null : JSON.stringify(said),
    ]);
    return true;
  });
}
