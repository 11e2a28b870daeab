/** Counts per minute. The partition is part of a row's key, so a row has one writer; readers sum. */
import { numberArray, textArray, timestampArray, type Query, type Tx } from '../database/index.js';
import type { ScoreRow } from './score-sheet.js';
import type { TallyRow, TallySheet } from './tally.js';

// Two rows may meet in one batch once their names are cut: summed here, for one statement changes no row twice.
const addTallies = `
  insert into tocsin.tally as t (minute, model, stage, purpose, measure, label, topic, partition, count)
  select c.minute, c.model, c.stage, c.purpose, c.measure, c.label, $1, $2, sum(c.count)
    from unnest($3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])
         as c (minute, model, stage, purpose, measure, label, count)
   group by 1, 2, 3, 4, 5, 6
   order by 1, 2, 3, 4, 5, 6
  on conflict (minute, model, stage, purpose, measure, label, topic, partition)
  do update set count = t.count + excluded.count`;

const addScores = `
  insert into tocsin.score_count as s (day, model, version, stage, detector, bucket, topic, partition, count)
  select c.day, c.model, c.version, c.stage, c.detector, c.bucket, $1, $2, c.count
    from unnest($3::text[]::date[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::bigint[])
         as c (day, model, version, stage, detector, bucket, count)
   order by 1, 2, 3, 4, 5, 6
  on conflict (day, model, version, stage, detector, bucket, topic, partition)
  do update set count = s.count + excluded.count`;

const readScores = `
  select bucket, sum(count)::bigint as count
    from tocsin.score_count
   where model = $1 and version = $2 and stage = $3 and detector = $4 and day >= $5::date
   group by bucket
   order by bucket`;

const sumTallies = `
  select model, stage, purpose, measure, label, sum(count)::bigint as count
    from tocsin.tally
   where minute >= $1 and minute < $2 and ($3::text[] is null or measure = any ($3))
   group by model, stage, purpose, measure, label
   order by measure, label, model, stage, purpose`;

const seriesOfTallies = `
  select date_bin(make_interval(secs => $4), minute, $1::timestamptz) as at, label, sum(count)::bigint as count
    from tocsin.tally
   where minute >= $1 and minute < $2 and measure = $3
   group by 1, 2
   order by 1, 2`;

export interface TallySum {
  readonly model: string;
  readonly stage: string;
  readonly purpose: string;
  readonly measure: string;
  readonly label: string;
  readonly count: number;
}

export class Tallies {
  async add(tx: Tx, topic: string, partition: number, sheet: TallySheet): Promise<void> {
    const rows: readonly TallyRow[] = sheet.rows();
    if (rows.length === 0) return;
    await tx.query(addTallies, [
      topic,
      partition,
      timestampArray(rows.map(({ minute }) => minute)),
      textArray(rows.map(({ model }) => model)),
      textArray(rows.map(({ stage }) => stage)),
      textArray(rows.map(({ purpose }) => purpose)),
      textArray(rows.map(({ measure }) => measure)),
      textArray(rows.map(({ label }) => label)),
      numberArray(rows.map(({ count }) => count)),
    ]);
  }

  /** Adds to the histograms of scores; rows of one batch, each place once. */
  async addScores(tx: Tx, topic: string, partition: number, rows: readonly ScoreRow[]): Promise<void> {
    if (rows.length === 0) return;
    await tx.query(addScores, [
      topic,
      partition,
      textArray(rows.map(({ day }) => day)),
      textArray(rows.map(({ model }) => model)),
      textArray(rows.map(({ version }) => version)),
      textArray(rows.map(({ stage }) => stage)),
      textArray(rows.map(({ detector }) => detector)),
      numberArray(rows.map(({ bucket }) => bucket)),
      numberArray(rows.map(({ count }) => count)),
    ]);
  }

  /** A detector's scores since a day, by bucket: thousandths, and the last for 1 alone. */
  async scores(
    query: Query,
    of: { readonly model: string; readonly version: string; readonly stage: string; readonly detector: string },
    sinceDay: string,
  ): Promise<number[]> {
    const counts = Array.from({ length: 1_001 }, () => 0);
    const rows = await query.query<{ bucket: number; count: number }>(readScores, [
      of.model,
      of.version,
      of.stage,
      of.detector,
      sinceDay,
    ]);
    for (const { bucket, count } of rows) counts[bucket] = count;
    return counts;
  }

  /** Sums of [from, to), of all measures unless some are named. */
  async sum(query: Query, from: Date, to: Date, measures?: readonly string[]): Promise<TallySum[]> {
    return query.query<TallySum>(sumTallies, [from, to, measures ? textArray(measures) : null]);
  }

  /** One measure over time, a row a label and bucket that has any. */
  async series(
    query: Query,
    from: Date,
    to: Date,
    measure: string,
    bucketSeconds: number,
  ): Promise<{ at: Date; label: string; count: number }[]> {
    return query.query(seriesOfTallies, [from, to, measure, bucketSeconds]);
  }
}
