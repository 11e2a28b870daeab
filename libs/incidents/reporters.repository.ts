/** Since when each reporter is known and when last seen, to the day, and since when Tocsin runs: a crowd of new accounts counts for review only. */
import { textArray, timestampArray, type Query, type Tx } from '../database/index.js';
import type { FeedbackEvent } from '../events/index.js';

const noteRun = `insert into tocsin.first_run (at) values (tocsin.now()) on conflict do nothing`;

const readKnown = `
  select 'run' as what, '' as account, at, at as last from tocsin.first_run
  union all
  select 'reporter', account, first_at, last_at from tocsin.reporter where account = any ($1::text[])`;

const noteReporters = `
  insert into tocsin.reporter (account, first_at, last_at)
  select r.account, min(r.at), $3::timestamptz from unnest($1::text[], $2::timestamptz[]) as r (account, at)
   group by r.account
   order by r.account
  on conflict (account) do update set last_at = greatest(reporter.last_at, excluded.last_at)`;

/** A row is written once a day at most, however much its account reports. */
const dayMs = 86_400_000;

export interface KnownReporters {
  /** Milliseconds since 1970, as all times here. */
  readonly runningSince?: number;
  firstSeen(account: string): number | undefined;
  lastSeen(account: string): number | undefined;
}

export class Reporters {
  /** Once a start; the first one ever counts. */
  async noteRun(query: Query): Promise<void> {
    await query.query(noteRun);
  }

  async known(query: Query, events: readonly FeedbackEvent[]): Promise<KnownReporters> {
    const rows = await query.query<{ what: 'run' | 'reporter'; account: string; at: Date; last: Date }>(readKnown, [
      textArray([...new Set(events.map(({ account }) => account.id))]),
    ]);
    const seen = new Map(rows.flatMap((row) => (row.what === 'reporter' ? [[row.account, row]] : [])));
    const run = rows.find(({ what }) => what === 'run');
    return {
      ...(run ? { runningSince: run.at.getTime() } : {}),
      firstSeen: (account) => seen.get(account)?.at.getTime(),
      lastSeen: (account) => seen.get(account)?.last.getTime(),
    };
  }

  /** Notes those that are new, or not seen for a day; in the batch's transaction, in sorted order. */
  async note(tx: Tx, events: readonly FeedbackEvent[], known: KnownReporters): Promise<void> {
    const dayAgo = tx.now.getTime() - dayMs;
    const fresh = events.filter(({ account }) => (known.lastSeen(account.id) ?? -Infinity) < dayAgo);
    if (fresh.length === 0) return;
    await tx.query(noteReporters, [
      textArray(fresh.map(({ account }) => account.id)),
      timestampArray(fresh.map(({ at }) => at)),
      tx.now,
    ]);
  }
}
