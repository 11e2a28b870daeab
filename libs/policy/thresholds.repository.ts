/** Thresholds as rows: proposed from the deployment's own scores, put in force by a named somebody, never changed after. */
import type { Query, Tx } from '../database/index.js';
import { bundleChannel } from './bundles.repository.js';
import type { PublishedThreshold } from './threshold.js';

export interface ProposedThreshold {
  readonly model: string;
  readonly stage: string;
  readonly detector: string;
  /** Between the two bounds. */
  readonly value: number;
  readonly floor: number;
  readonly ceiling: number;
  /** What it was computed from: outputs, share, interval. Shown to the person who decides. */
  readonly grounds: Readonly<Record<string, unknown>>;
}

export type Answered =
  | { readonly outcome: 'published'; readonly threshold: PublishedThreshold }
  | { readonly outcome: 'declined' }
  /** Somebody answered before, or there is no such version. */
  | { readonly outcome: 'answered' | 'unknown' };

// A newer proposal for the same place stands in for one that nobody has answered.
export const withdrawOlder = `
  update threshold
     set declined_by = 'superseded'
   where model = $1 and stage = $2 and detector = $3
     and published_by is null and declined_by is null`;

export const lockThresholds = `select pg_advisory_xact_lock(7409)`;

export const everPublished = `
  select 1 from threshold
   where model = $1 and stage = $2 and detector = $3 and published_by is not null
   limit 1`;

export const proposeThreshold = `
  insert into threshold (model, stage, detector, value, floor, ceiling, grounds, proposed_at, proposed_by)
  values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9)
  returning version`;

const published = `version, model, stage, detector, value, floor, ceiling,
         (extract(epoch from effective_from) * 1000)::double precision as "effectiveFrom", published_by as "publishedBy"`;

export const publishThreshold = `
  update threshold
     set effective_from = $2, published_by = $3
   where version = $1 and published_by is null and declined_by is null
  returning ${published}`;

export const thresholdsInForce = `
  select distinct on (model, stage, detector) ${published}
    from threshold
   where effective_from <= $1
   order by model, stage, detector, effective_from desc, version desc`;

export const waitingProposals = `
  select version, model, stage, detector, value, floor, ceiling, grounds,
         proposed_at as "proposedAt", proposed_by as "proposedBy"
    from threshold
   where published_by is null and declined_by is null
   order by version`;

export class Thresholds {
  /** Answers the version, which is the row's for good. */
  async propose(tx: Tx, { model, stage, detector, ...rest }: ProposedThreshold, who: string): Promise<number> {
    const { value, floor, ceiling, grounds } = rest;
    await tx.query(withdrawOlder, [model, stage, detector]);
    const [row] = await tx.query<{ version: number }>(proposeThreshold, [
      model,
      stage,
      detector,
      value,
      floor,
      ceiling,
      JSON.stringify(grounds),
      tx.now,
      who,
    ]);
    return row!.version;
  }

  /**
   * Proposes, and where `publishFirst` (the policy's `publish_first_threshold`) and this model, stage and detector has
   * never had a published one, puts it in force in the policy's name. Every later one waits for a person.
   */
  async offer(
    tx: Tx,
    proposal: ProposedThreshold,
    publishFirst: boolean,
  ): Promise<{ readonly version: number; readonly published: boolean }> {
    // Two reporters at once: the second sees the first one's row.
    await tx.query(lockThresholds);
    const { model, stage, detector } = proposal;
    const earlier = await tx.query(everPublished, [model, stage, detector]);
    const version = await this.propose(tx, proposal, 'tocsin');
    if (!publishFirst || earlier.length > 0) return { version, published: false };
    return { version, published: (await this.publish(tx, version, 'policy')).outcome === 'published' };
  }

  /** Puts a proposal in force from `from` (now) on; never for the past, which is judged already. */
  async publish(tx: Tx, version: number, who: string, from: Date = tx.now): Promise<Answered> {
    const start = from < tx.now ? tx.now : from;
    const [threshold] = await tx.query<PublishedThreshold>(publishThreshold, [version, start, who]);
    if (!threshold) return this.unanswerable(tx, version);
    await tx.query(`select pg_notify($1, 'threshold')`, [bundleChannel]);
    return { outcome: 'published', threshold };
  }

  async decline(tx: Tx, version: number, who: string): Promise<Answered> {
    const done = await tx.execute(
      `update threshold set declined_by = $2 where version = $1 and published_by is null and declined_by is null`,
      [version, who],
    );
    return done > 0 ? { outcome: 'declined' } : this.unanswerable(tx, version);
  }

  /** One row a model, stage and detector: the last that came into force at or before `at`. A replay asks for its own time. */
  async inForce(query: Query, at: Date): Promise<PublishedThreshold[]> {
    return query.query<PublishedThreshold>(thresholdsInForce, [at]);
  }

  /** Proposals that wait for a person. */
  async waiting(
    query: Query,
  ): Promise<
    (ProposedThreshold & { readonly version: number; readonly proposedAt: Date; readonly proposedBy: string })[]
  > {
    return query.query(waitingProposals);
  }

  private async unanswerable(query: Query, version: number): Promise<Answered> {
    const [row] = await query.query(`select 1 from threshold where version = $1`, [version]);
    return { outcome: row ? 'answered' : 'unknown' };
  }
}
