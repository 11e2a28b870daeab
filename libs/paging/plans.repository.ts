/** Plans by their hash: an escalation is driven by the plan that was in force at its birth, whatever came since. */
import type { Query, Tx } from '../database/index.js';
import type { Plan, StampedPlan } from './plan.js';

const storePlan = `
  insert into tocsin.paging_plan (hash, plan, stored_at) values ($1, $2, $3)
  on conflict (hash) do nothing`;

const readPlans = `select hash, plan from tocsin.paging_plan where hash = any($1)`;

/** A plan is stored as parsed: durations in milliseconds, defaults filled in. */
export class Plans {
  private readonly known = new Map<string, Plan>();
  /** Hashes read back from the database: what this process wrote itself may have been rolled back. */
  private readonly stored = new Set<string>();

  /** Makes sure that the plan can be found again by its hash; one statement until it is known to be there. */
  async remember(tx: Tx, stamped: StampedPlan): Promise<void> {
    this.known.set(stamped.hash, stamped.plan);
    if (this.stored.has(stamped.hash)) return;
    const found = await tx.query('select 1 from tocsin.paging_plan where hash = $1', [stamped.hash]);
    // Another transaction's row is committed when it can be read; our own of a moment ago may not be, so ask again.
    if (found.length > 0) this.stored.add(stamped.hash);
    else await tx.query(storePlan, [stamped.hash, JSON.stringify(stamped.plan), tx.now]);
  }

  async byHash(query: Query, hashes: Iterable<string>): Promise<ReadonlyMap<string, Plan>> {
    const wanted = [...new Set(hashes)];
    const missing = wanted.filter((hash) => !this.known.has(hash));
    if (missing.length > 0) {
      for (const row of await query.query<{ hash: string; plan: Plan }>(readPlans, [missing])) {
        this.known.set(row.hash, row.plan);
        this.stored.add(row.hash);
      }
    }
    return this.known;
  }
}
