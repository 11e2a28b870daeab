/**
 * Campaigns in the database: which suspect findings wait, and what the one writer made of them. The writer is whoever
 * holds the advisory lock for the length of a transaction; the count of steps tells a copy that another one wrote since.
 */
import { numberArray, textArray, timestampArray, type Tx } from '../../database/index.js';
import type { Subject } from '../../incidents/index.js';
import type { Suspect } from './campaign.js';

/** Any number that no other lock of ours has. */
const lockKey = 7406_0008;
/** Clusters that had no text for so long are not read again. */
const remembered = '7 days';

const takeLock = `select pg_try_advisory_xact_lock(${lockKey}) as held`;

const readStep = `select steps from tocsin.campaign_step`;

const nextStep = `update tocsin.campaign_step set steps = steps + 1 returning steps`;

// Of one output only one finding: five detectors that agree are not five texts.
const readSuspects = `
  select distinct on (recorded_at, event_source, event_id)
         id, excerpt, at, account, organization, end_user, conversation, model, version, stage, purpose
    from tocsin.finding
   where cluster is null and excerpt is not null and account is not null and not shadow
     and recorded_at > tocsin.now() - interval '2 days'
     and detector = any ($1::text[])
   order by recorded_at, event_source, event_id, id
   limit $2`;

const readClustered = `
  select f.cluster, f.excerpt
    from tocsin.finding f
   where f.cluster is not null and f.excerpt is not null and f.recorded_at > tocsin.now() - interval '${remembered}'
   order by f.recorded_at, f.id
   limit 50000`;

const writeClusters = `
  update tocsin.finding f set cluster = w.cluster
    from unnest($1::text[], $2::text[]) as w (id, cluster)
   where f.id = w.id`;

const writeCampaigns = `
  insert into tocsin.campaign as c (id, background, first_at, last_at, texts)
  select w.id, $1, w.first_at, w.last_at, w.texts
    from unnest($2::text[], $3::timestamptz[], $4::timestamptz[], $5::integer[]) as w (id, first_at, last_at, texts)
   order by w.id
  on conflict (id) do update
     set first_at = least(c.first_at, excluded.first_at), last_at = greatest(c.last_at, excluded.last_at),
         texts = c.texts + excluded.texts`;

const moveFindings = `
  update tocsin.finding set cluster = $2 where cluster = $1
  returning id, at, account, organization, end_user, conversation, model, version, stage, purpose`;

const writeMerge = `
  update tocsin.campaign set merged_into = $2 where id = $1 or merged_into = $1`;

const addTexts = `
  update tocsin.campaign kept
     set texts = kept.texts + gone.texts, first_at = least(kept.first_at, gone.first_at),
         last_at = greatest(kept.last_at, gone.last_at)
    from tocsin.campaign gone
   where kept.id = $2 and gone.id = $1`;

const openOf = `
  select id, key ->> 'cluster' as cluster from tocsin.incident
   where status <> 'resolved' and key ->> 'cluster' = any ($1::text[])
   order by id`;

interface SuspectRow {
  readonly id: string;
  readonly excerpt: string;
  readonly at: Date;
  readonly account: string;
  readonly organization: string | null;
  readonly end_user: string | null;
  readonly conversation: string | null;
  readonly model: string | null;
  readonly version: string | null;
  readonly stage: string | null;
  readonly purpose: string | null;
}

export class Campaigns {
  /** True while this transaction alone may write clusters. */
  async lock(tx: Tx): Promise<boolean> {
    const [row] = await tx.query<{ held: boolean }>(takeLock);
    return row?.held ?? false;
  }

  async step(tx: Tx): Promise<number> {
    const [row] = await tx.query<{ steps: number }>(readStep);
    return row?.steps ?? 0;
  }

  async advance(tx: Tx): Promise<number> {
    const [row] = await tx.query<{ steps: number }>(nextStep);
    return row?.steps ?? 0;
  }

  async suspects(tx: Tx, detectors: readonly string[], limit: number): Promise<Suspect[]> {
    const rows = await tx.query<SuspectRow>(readSuspects, [textArray(detectors), limit]);
    return rows.map(suspectOf);
  }

  /** What earlier steps clustered, oldest first. */
  async clustered(tx: Tx): Promise<{ readonly cluster: string; readonly text: string }[]> {
    const rows = await tx.query<{ cluster: string; excerpt: string }>(readClustered);
    return rows.map(({ cluster, excerpt }) => ({ cluster, text: excerpt }));
  }

  async write(
    tx: Tx,
    background: string,
    placed: readonly { readonly cluster: string; readonly suspect: Suspect }[],
  ): Promise<void> {
    if (placed.length === 0) return;
    await tx.query(writeClusters, [
      textArray(placed.map(({ suspect }) => suspect.finding)),
      textArray(placed.map(({ cluster }) => cluster)),
    ]);
    const grown = [...Map.groupBy(placed, ({ cluster }) => cluster)].map(([id, texts]) => {
      const times = texts.map(({ suspect }) => suspect.at);
      return { id, first: Math.min(...times), last: Math.max(...times), texts: texts.length };
    });
    await tx.query(writeCampaigns, [
      background,
      textArray(grown.map(({ id }) => id)),
      timestampArray(grown.map(({ first }) => first)),
      timestampArray(grown.map(({ last }) => last)),
      numberArray(grown.map(({ texts }) => texts)),
    ]);
  }

  /** Moves the findings of a cluster that is no more; answers them as they count in their new cluster. */
  async merge(tx: Tx, gone: string, kept: string): Promise<Omit<Suspect, 'text'>[]> {
    await tx.query(addTexts, [gone, kept]);
    await tx.query(writeMerge, [gone, kept]);
    const rows = await tx.query<Omit<SuspectRow, 'excerpt'>>(moveFindings, [gone, kept]);
    return rows.map((row) => suspectOf({ ...row, excerpt: '' }));
  }

  /** Unresolved incidents of these clusters. */
  async openIncidents(
    tx: Tx,
    clusters: readonly string[],
  ): Promise<{ readonly id: string; readonly cluster: string }[]> {
    return tx.query(openOf, [textArray(clusters)]);
  }
}

function suspectOf(row: SuspectRow): Suspect {
  const subject: Subject = {
    account: row.account,
    organization: row.organization ?? undefined,
    endUser: row.end_user ?? undefined,
    conversation: row.conversation ?? undefined,
    model: row.model ?? undefined,
    version: row.version ?? undefined,
    stage: row.stage ?? undefined,
    purpose: row.purpose ?? undefined,
  };
  return { finding: row.id, text: row.excerpt, at: row.at.getTime(), account: row.account, subject };
}
