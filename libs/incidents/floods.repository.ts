/** Floods as all copies know them, and the one finding an account and hour that each keeps. */
import { textArray, timestampArray, type Query, type Tx } from '../database/index.js';
import type { Finding } from './finding.js';
import { floodKey, floodSubject, quietMs } from './flood.js';

const noteOver = `
  with known as (select subject from tocsin.flood where subject = any ($1::text[]) and lifted_at is null)
  insert into tocsin.flood as f (subject, began_at, last_over_at)
  select subject, $2, $2 from unnest($1::text[]) as s (subject) order by subject
  on conflict (subject) do update
     set began_at = case when f.lifted_at is null then f.began_at else excluded.began_at end,
         last_over_at = greatest(f.last_over_at, excluded.last_over_at), lifted_at = null
  returning subject, not exists (select from known k where k.subject = f.subject) as began`;

const activeFloods = `select subject from tocsin.flood where lifted_at is null order by subject`;

const liftFloods = `
  update tocsin.flood set lifted_at = tocsin.now()
   where lifted_at is null and last_over_at <= tocsin.now() - make_interval(secs => ${quietMs / 1000})
  returning subject`;

// Answers who holds each place, so that the same event judged again keeps what it had. Places that are taken are not
// locked: batches in a flood must not queue behind one another.
const keepOne = `
  with wanted as (
    select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) as w (subject, account, hour, finding)
  ), taken as (
    insert into tocsin.flood_kept (subject, account, hour, finding)
    select w.subject, w.account, w.hour, w.finding from wanted w
     where not exists (select from tocsin.flood_kept k
                        where k.subject = w.subject and k.account = w.account and k.hour = w.hour)
     order by w.subject, w.account, w.hour
    on conflict (subject, account, hour) do nothing
    returning finding
  )
  select finding from taken
   union all
  select k.finding from wanted w join tocsin.flood_kept k using (subject, account, hour)`;

export class Floods {
  /** Notes that these are over the limit now; answers those whose flood begins with it. */
  async over(tx: Tx, subjects: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ subject: string; began: boolean }>(noteOver, [textArray(subjects), tx.now]);
    return rows.flatMap(({ subject, began }) => (began ? subject : []));
  }

  async active(query: Query): Promise<ReadonlySet<string>> {
    return new Set((await query.query<{ subject: string }>(activeFloods)).map(({ subject }) => subject));
  }

  /** Ends floods that were quiet for 10 minutes. */
  async lift(tx: Tx): Promise<string[]> {
    return (await tx.query<{ subject: string }>(liftFloods)).map(({ subject }) => subject);
  }

  /** Findings to keep: all of subjects that do not flood, one an account, subject and hour of those that do. */
  async contain(tx: Tx, findings: readonly Finding[], flooding: ReadonlySet<string>): Promise<Finding[]> {
    const flooded = findings.filter((finding) => flooding.has(floodSubject(finding)));
    if (flooded.length === 0) return [...findings];
    const first = new Map<string, { finding: Finding; key: ReturnType<typeof floodKey> }>();
    for (const finding of flooded) {
      const key = floodKey(finding);
      const name = `${key.subject}\u0000${key.account}\u0000${key.hour}`;
      if (!first.has(name)) first.set(name, { finding, key });
    }
    const wanted = [...first.values()];
    const held = await tx.query<{ finding: string }>(keepOne, [
      textArray(wanted.map(({ key }) => key.subject)),
      textArray(wanted.map(({ key }) => key.account)),
      timestampArray(wanted.map(({ key }) => key.hour)),
      textArray(wanted.map(({ finding }) => finding.id)),
    ]);
    const kept = new Set(held.map(({ finding }) => finding));
    return findings.filter((finding) => !flooding.has(floodSubject(finding)) || kept.has(finding.id));
  }
}
