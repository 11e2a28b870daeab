/**
 * Which configuration is active, who made it so, and which copy of which app holds it. The active bundle is the one
 * applied last. Holding is told by real time (a copy that is gone stops telling), disagreement is judged by domain time.
 */
import type { Query, Tx } from '../database/index.js';
import type { Bundle, Files } from './bundle.js';

/** The channel on which a change is told: a new bundle or a threshold put in force. */
export const bundleChannel = 'bundle';

export interface Application {
  /** Grows with each application. */
  readonly sequence: number;
  readonly hash: string;
  readonly appliedAt: Date;
  readonly appliedBy: string;
}

export type Applied = ({ readonly outcome: 'applied' } & Application) | { readonly outcome: 'unchanged' };

export interface Copy {
  /** Names one process. */
  readonly copy: string;
  readonly app: string;
  /** What it holds; null before its first. */
  readonly hash: string | null;
  /** A newer one that it could not adopt. */
  readonly refusedHash: string | null;
  readonly seenAt: Date;
  /** True where the active bundle is older than 2 minutes and this copy does not hold it. */
  readonly disagrees: boolean;
}

// One after another, so that sequences become visible in their order.
export const lockApplications = `select pg_advisory_xact_lock(7408)`;

export const keepBundle = `
  insert into bundle (hash, files, kept_at)
  values ($1, $2::jsonb, $3)
      on conflict (hash) do nothing`;

export const applyBundle = `
  insert into bundle_application (hash, applied_at, applied_by)
  select $1, $2, $3
   where $1 is distinct from (select hash from bundle_application order by sequence desc limit 1)
  returning sequence, hash, applied_at as "appliedAt", applied_by as "appliedBy"`;

export const activeBundle = `
  select a.sequence, a.hash, a.applied_at as "appliedAt", a.applied_by as "appliedBy", b.files
    from bundle_application a
    join bundle b using (hash)
   order by a.sequence desc
   limit 1`;

export const whatIsActive = `
  select (select max(sequence) from bundle_application) as sequence,
         (select hash from bundle_application order by sequence desc limit 1) as hash,
         (select count(*) || ':' || coalesce(max(version), 0)
            from threshold
           where effective_from <= tocsin.now()) as thresholds`;

export const tellCopy = `
  with gone as (delete from bundle_copy where copy <> $1 and seen_at < clock_timestamp() - interval '1 day')
  insert into bundle_copy (copy, app, hash, refused_hash, seen_at)
  values ($1, $2, $3, $4, clock_timestamp())
      on conflict (copy) do update
     set hash         = excluded.hash,
         refused_hash = excluded.refused_hash,
         seen_at      = excluded.seen_at`;

// A living copy tells every 20 s; one silent for a minute is gone, and after a day it is forgotten.
export const livingCopies = `
  select c.copy, c.app, c.hash, c.refused_hash as "refusedHash", c.seen_at as "seenAt",
         coalesce(c.hash is distinct from a.hash and a.applied_at <= tocsin.now() - interval '2 minutes', false) as disagrees
    from bundle_copy c
    left join (select hash, applied_at from bundle_application order by sequence desc limit 1) a on true
   where c.seen_at > clock_timestamp() - interval '1 minute'
   order by c.app, c.copy`;

export class Bundles {
  /** Makes `bundle` the active one, unless it is. Those who listen hear of it when the transaction commits. */
  async apply(tx: Tx, bundle: Pick<Bundle, 'hash' | 'files'>, who: string): Promise<Applied> {
    await tx.query(lockApplications);
    await tx.query(keepBundle, [bundle.hash, JSON.stringify(bundle.files), tx.now]);
    const [row] = await tx.query<Application>(applyBundle, [bundle.hash, tx.now, who]);
    if (!row) return { outcome: 'unchanged' };
    await tx.query(`select pg_notify($1, $2)`, [bundleChannel, bundle.hash]);
    return { outcome: 'applied', ...row };
  }

  /** The active bundle's files, as they were applied. */
  async newest(query: Query): Promise<(Application & { readonly files: Files }) | undefined> {
    const [row] = await query.query<Application & { files: Files }>(activeBundle);
    return row;
  }

  /** The files of any bundle that was ever applied: a finding names its bundle by hash. */
  async files(query: Query, hash: string): Promise<Files | undefined> {
    const [row] = await query.query<{ files: Files }>(`select files from bundle where hash = $1`, [hash]);
    return row?.files;
  }

  /** Newest first. */
  async history(query: Query, limit = 50): Promise<Application[]> {
    return query.query<Application>(
      `select sequence, hash, applied_at as "appliedAt", applied_by as "appliedBy"
         from bundle_application
        order by sequence desc
        limit $1`,
      [limit],
    );
  }

  async whatIsActive(query: Query): Promise<{ sequence: number | null; hash: string | null; thresholds: string }> {
    const [row] = await query.query<{ sequence: number | null; hash: string | null; thresholds: string }>(whatIsActive);
    return row!;
  }

  async tell(query: Query, copy: Omit<Copy, 'seenAt' | 'disagrees'>): Promise<void> {
    await query.query(tellCopy, [copy.copy, copy.app, copy.hash, copy.refusedHash]);
  }

  async forget(query: Query, copy: string): Promise<void> {
    await query.query(`delete from bundle_copy where copy = $1`, [copy]);
  }

  /** Copies that are alive; `doctor` and the metric name those that disagree. */
  async copies(query: Query): Promise<Copy[]> {
    return query.query<Copy>(livingCopies);
  }
}
