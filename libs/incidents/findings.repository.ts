/** Findings and reviews as people read and write them. */
import type { Query, Tx } from '../database/index.js';
import { decodeCursor, limitOf, pageOf, type Page, type PageRequest } from './cursor.js';
import type { Level, Span } from './finding.js';
import { wilson, type Interval, type ReviewLabel } from './review.js';

export interface ListedFinding {
  readonly id: string;
  readonly event?: { readonly source: string; readonly id: string };
  readonly incident?: string;
  readonly detector: string;
  readonly detectorVersion: string;
  readonly rule?: string;
  readonly title: string;
  readonly label: string;
  readonly score: number;
  readonly level: Level;
  readonly matched: string;
  readonly spans: readonly Span[];
  readonly excerpt?: string;
  readonly at: Date;
  readonly account?: string;
  readonly model?: string;
  readonly stage?: string;
  readonly purpose?: string;
  readonly shadow: boolean;
  readonly reviewOnly: boolean;
  readonly thresholdVersion?: number;
  readonly bundle?: string;
}

export interface FindingFilter extends PageRequest {
  readonly incident?: string | undefined;
  readonly detector?: string | undefined;
  readonly rule?: string | undefined;
  readonly account?: string | undefined;
  readonly level?: Level | undefined;
  readonly since?: Date | undefined;
  /** Those that nobody has reviewed. */
  readonly unreviewed?: boolean | undefined;
  /** Newest first; else in the order of event time. */
  readonly newestFirst?: boolean | undefined;
}

export interface Review {
  readonly finding: string;
  readonly reviewer: string;
  readonly label: ReviewLabel;
  readonly reason?: string;
  readonly at: Date;
}

export interface Precision {
  readonly detector: string;
  readonly rule?: string;
  readonly reviewed: number;
  readonly confirmed: number;
  readonly refuted: number;
  readonly unsure: number;
  /** Findings that two or more people reviewed, and those of them on which all agree. */
  readonly shared: number;
  readonly agreed: number;
  /** Confirmed among confirmed and refuted; undefined where there are none. */
  readonly precision?: number;
  readonly interval: Interval;
}

const columns = `
  f.id, f.event_source, f.event_id, f.incident, f.detector, f.detector_version, f.rule, f.title, f.label, f.score,
  f.level, f.matched, f.spans, f.excerpt, f.at, f.account, f.model, f.stage, f.purpose, f.shadow, f.review_only,
  f.threshold_version, f.bundle`;

function listFindings(newestFirst: boolean): string {
  return `
  select ${columns}
    from tocsin.finding f
   where ($1::text is null or f.incident = $1)
     and ($2::text is null or f.detector = $2)
     and ($3::text is null or f.rule = $3)
     and ($4::text is null or f.account = $4)
     and ($5::text is null or f.level = $5)
     and ($6::timestamptz is null or f.at >= $6)
     and (not $7 or not exists (select from tocsin.review r where r.finding = f.id))
     and ($8::timestamptz is null or (f.at, f.id) ${newestFirst ? '<' : '>'} ($8, $9::text))
   order by f.at ${newestFirst ? 'desc' : 'asc'}, f.id ${newestFirst ? 'desc' : 'asc'}
   limit $10`;
}

const oldestFirst = listFindings(false);
const newestFirst = listFindings(true);

const getFinding = `select ${columns} from tocsin.finding f where f.id = $1`;

const writeReview = `
  insert into tocsin.review (finding, reviewer, label, reason, at)
  select id, $2, $3, $4, $5 from tocsin.finding where id = $1
  on conflict (finding, reviewer) do update set label = excluded.label, reason = excluded.reason, at = excluded.at
  returning finding`;

const readReviews = `select finding, reviewer, label, reason, at from tocsin.review where finding = $1 order by at, reviewer`;

const countReviews = `
  with reviewed as (
    select f.id, f.detector, case when $3 then f.rule end as rule, count(*) as people,
           bool_or(r.label = 'true') as said_true, bool_or(r.label = 'false') as said_false,
           bool_or(r.label = 'unsure') as said_unsure
      from tocsin.review r join tocsin.finding f on f.id = r.finding
     where r.at >= $1 and r.at < $2
     group by f.id
  )
  select detector, rule, count(*) as reviewed,
         count(*) filter (where said_true and not said_false) as confirmed,
         count(*) filter (where said_false and not said_true) as refuted,
         count(*) filter (where said_true = said_false) as unsure,
         count(*) filter (where people > 1) as shared,
         count(*) filter (where people > 1 and said_true::int + said_false::int + said_unsure::int = 1) as agreed
    from reviewed
   group by detector, rule
   order by detector, rule`;

export class Findings {
  async list(query: Query, filter: FindingFilter = {}): Promise<Page<ListedFinding>> {
    const limit = limitOf(filter);
    const after = decodeCursor(filter.cursor, ['number', 'string']);
    const rows = await query.query<FindingRow>(filter.newestFirst ? newestFirst : oldestFirst, [
      filter.incident ?? null,
      filter.detector ?? null,
      filter.rule ?? null,
      filter.account ?? null,
      filter.level ?? null,
      filter.since ?? null,
      filter.unreviewed ?? false,
      after ? new Date(Number(after[0])) : null,
      after?.[1] ?? null,
      limit + 1,
    ]);
    return pageOf(rows.map(findingOf), limit, ({ at, id }) => [at.getTime(), id]);
  }

  async get(query: Query, id: string): Promise<ListedFinding | undefined> {
    const [row] = await query.query<FindingRow>(getFinding, [id]);
    return row && findingOf(row);
  }

  /** A person's judgement; a second one of the same person replaces the first. False where there is no such finding. */
  async review(tx: Tx, finding: string, reviewer: string, label: ReviewLabel, reason?: string): Promise<boolean> {
    return (await tx.query(writeReview, [finding, reviewer, label, reason ?? null, tx.now])).length > 0;
  }

  async reviews(query: Query, finding: string): Promise<Review[]> {
    const rows = await query.query<Omit<Review, 'reason'> & { reason: string | null }>(readReviews, [finding]);
    return rows.map(({ reason, ...row }) => ({ ...row, ...(reason === null ? {} : { reason }) }));
  }

  /** Precision from reviews of [from, to), by detector, or by detector and rule. */
  async precision(query: Query, from: Date, to: Date, byRule = false): Promise<Precision[]> {
    type Row = Omit<Precision, 'rule' | 'precision' | 'interval'> & { rule: string | null };
    const rows = await query.query<Row>(countReviews, [from, to, byRule]);
    return rows.map(({ rule, ...row }) => {
      const judged = row.confirmed + row.refuted;
      return {
        ...row,
        ...(rule === null ? {} : { rule }),
        ...(judged === 0 ? {} : { precision: row.confirmed / judged }),
        interval: wilson(row.confirmed, judged),
      };
    });
  }
}

interface FindingRow {
  readonly id: string;
  readonly event_source: string | null;
  readonly event_id: string | null;
  readonly incident: string | null;
  readonly detector: string;
  readonly detector_version: string;
  readonly rule: string | null;
  readonly title: string;
  readonly label: string;
  readonly score: number;
  readonly level: Level;
  readonly matched: string;
  readonly spans: readonly Span[];
  readonly excerpt: string | null;
  readonly at: Date;
  readonly account: string | null;
  readonly model: string | null;
  readonly stage: string | null;
  readonly purpose: string | null;
  readonly shadow: boolean;
  readonly review_only: boolean;
  readonly threshold_version: number | null;
  readonly bundle: string | null;
}

function findingOf(row: FindingRow): ListedFinding {
  return {
    id: row.id,
    detector: row.detector,
    detectorVersion: row.detector_version,
    title: row.title,
    label: row.label,
    score: row.score,
    level: row.level,
    matched: row.matched,
    spans: row.spans,
    at: row.at,
    shadow: row.shadow,
    reviewOnly: row.review_only,
    ...(row.event_source === null || row.event_id === null
      ? {}
      : { event: { source: row.event_source, id: row.event_id } }),
    ...(row.incident === null ? {} : { incident: row.incident }),
    ...(row.rule === null ? {} : { rule: row.rule }),
    ...(row.excerpt === null ? {} : { excerpt: row.excerpt }),
    ...(row.account === null ? {} : { account: row.account }),
    ...(row.model === null ? {} : { model: row.model }),
    ...(row.stage === null ? {} : { stage: row.stage }),
    ...(row.purpose === null ? {} : { purpose: row.purpose }),
    ...(row.threshold_version === null ? {} : { thresholdVersion: row.threshold_version }),
    ...(row.bundle === null ? {} : { bundle: row.bundle }),
  };
}
