/** Since when each reporter is known, and since when Tocsin runs: a crowd of new accounts counts for review only. */
import { textArray, timestampArray, type Query, type Tx } from '../database/index.js';
import type { FeedbackEvent } from '../events/index.js';

const noteRun = `insert into tocsin.first_run (at) values (tocsin.now()) on conflict do nothing`;

const readKnown = `
  select 'run' as what, '' as account, at from tocsin.first_run
  union all
  select 'reporter', account, first_at from tocsin.reporter where account = any ($1::text[])`;

const noteReporters = `
  insert into tocsin.reporter (account, first_at)
  select r.account, min(r.at) from unnest($1::text[], $2::timestamptz[]) as r (account, at)
   group by r.account
   order by r.account
  on conflict do nothing`;

export interface KnownReporters {
  /** Milliseconds since 1970, as all times here. */
  readonly runningSince?: number;
  firstSeen(account: string): number | undefined;
}

export class Reporters {
  /** Once a start; the first one ever counts. */
  async noteRun(query: Query): Promise<void> {
    await query.query(noteRun);
  }

  async known(query: Query, events: readonly FeedbackEvent[]): Promise<KnownReporters> {
    const rows = await query.query<{ what: 'run' | 'reporter'; account: string; at: Date }>(readKnown, [
      textArray([...new Set(events.map(({ account }) => account.id))]),
    ]);
    const seen = new Map(
      rows.flatMap(({ what, account, at }) => (what === 'reporter' ? [[account, at.getTime()]] : [])),
    );
    const run = rows.find(({ what }) => what === 'run');
    return {
      ...(run ? { runningSince: run.at.getTime() } : {}),
      firstSeen: (account) => seen.get(account),
    };
  }

  /** Notes those that are new; in the batch's transaction, in sorted order. */
  async note(tx: Tx, events: readonly FeedbackEvent[], known: KnownReporters): Promise<void> {
    const fresh = events.filter(({ account }) => known.firstSeen(account.id) === undefined);
    if (fresh.length === 0) return;
    await tx.query(noteReporters, [
      textArray(fresh.map(({ account }) => account.id)),
      timestampArray(fresh.map(({ at }) => at)),
    ]);
  }
}
