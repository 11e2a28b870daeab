/**
 * Reports as rows: planned before their period ends, taken by one reporter, kept as they were made, and delivered to
 * each address once. Leases are by the real clock, periods by domain time.
 */
import { textArray, type Database, type Query, type Tx } from '../database/index.js';
import { duePeriods, lateness, reportId } from './due.js';
import type { Period, PeriodKind } from './period.js';
import { inFile, type Rendered } from './render.js';

/** Reading a large database takes seconds, so a reporter that is killed in between holds its report up by this at most. */
const makeWithin = '2 minutes';
/** A mail's deadline is shorter. */
const sendWithin = '1 minute';

const newestUnmade = `
  select distinct on (kind) kind, to_at as "to", timezone from tocsin.report
   where made_at is null
   order by kind, to_at desc`;

// A change of the policy's zone moves the period that is running.
const planReport = `
  insert into tocsin.report as r (id, kind, period, timezone, from_at, to_at)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (kind, period) do update
     set timezone = excluded.timezone, from_at = excluded.from_at, to_at = excluded.to_at
   where r.made_at is null and r.to_at > $7 and r.timezone <> excluded.timezone`;

const dropUnwanted = `
  delete from tocsin.report where made_at is null and lease_until is null and to_at > $1 and kind <> all ($2::text[])`;

const takeReport = `
  update tocsin.report
     set lease_until = clock_timestamp() + interval '${makeWithin}', fence = fence + 1
   where id = (select id from tocsin.report
                where made_at is null and to_at <= tocsin.now()
                  and (lease_until is null or lease_until <= clock_timestamp())
                order by to_at, kind
                limit 1
                  for update skip locked)
  returning id, kind, period, timezone, from_at as "from", to_at as "to", fence`;

const keepReport = `
  update tocsin.report
     set made_at = $3, subject = $4, body_text = $5, body_html = $6, chart = $7, bundle = $8, lease_until = null
   where id = $1 and fence = $2 and made_at is null`;

const giveBack = `update tocsin.report set lease_until = clock_timestamp() + interval '10 seconds' where id = $1 and fence = $2`;

const addDeliveries = `
  insert into tocsin.report_delivery (report, address, state, due_at)
  select $1, a.address, 'waiting', clock_timestamp() from unnest($2::text[]) as a (address)
  on conflict do nothing`;

const takeDelivery = `
  with taken as (
    update tocsin.report_delivery d
       set due_at = clock_timestamp() + interval '${sendWithin}', attempts = attempts + 1
      from (select report, address from tocsin.report_delivery
             where state = 'waiting' and due_at <= clock_timestamp()
             order by due_at
             limit 1
               for update skip locked) n
     where d.report = n.report and d.address = n.address
    returning d.report, d.address, d.attempts
  )
  select t.report, t.address, t.attempts, r.kind, r.to_at as "to", r.subject, r.body_text as text, r.body_html as html,
         r.chart, tocsin.now() as now
    from taken t join tocsin.report r on r.id = t.report`;

const endDelivery = `
  update tocsin.report_delivery
     set state = $4, reason = $5, sent_at = case when $4 = 'sent' then tocsin.now() end, late = $6,
         due_at = clock_timestamp() + make_interval(secs => $7)
   where report = $1 and address = $2 and attempts = $3 and state = 'waiting'`;

const listReports = `
  select r.id, r.kind, r.period, r.timezone, r.from_at as "from", r.to_at as "to", r.subject, r.made_at as "madeAt",
         d.sent_at as "sentAt", coalesce(d.late, false) as late, coalesce(d.waiting, 0) as waiting,
         coalesce(d.refused, 0) as refused
    from tocsin.report r
    left join lateral (select min(sent_at) as sent_at, bool_or(late) as late,
                              count(*) filter (where state = 'waiting') as waiting,
                              count(*) filter (where state = 'refused') as refused
                         from tocsin.report_delivery where report = r.id) d on true
   where r.made_at is not null
     and ($1::timestamptz is null or (r.to_at, r.id) < ($1, $2))
     and ($4::text is null or r.kind = $4)
     and ($5::text is null or r.id = $5)
   order by r.to_at desc, r.id desc
   limit $3`;

const readBodies = `
  select body_text as text, body_html as html, chart from tocsin.report where id = $1 and made_at is not null`;

// Weekly reports are kept for good.
const forgetOld = `
  with old as (
    select id from tocsin.report
     where made_at is not null
       and to_at < tocsin.now() - case kind when 'hourly' then interval '31 days' when 'daily' then interval '400 days' end
  ), gone as (delete from tocsin.report_delivery d using old where d.report = old.id)
  select id from old`;

const forgetUpkeep = `delete from tocsin.upkeep where done_at < tocsin.now() - interval '400 days'`;

export interface TakenReport {
  readonly id: string;
  readonly period: Period;
  readonly fence: number;
}

export interface TakenDelivery {
  readonly report: string;
  readonly address: string;
  readonly attempts: number;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly chart: Buffer | null;
  /** In words, where it is late. */
  readonly late?: string;
}

export type DeliveryEnd =
  | { readonly state: 'sent'; readonly reason?: string }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'waiting'; readonly reason: string; readonly afterMs: number };

export interface ListedReport {
  readonly id: string;
  readonly kind: PeriodKind;
  readonly period: string;
  readonly timezone: string;
  readonly from: Date;
  readonly to: Date;
  readonly subject: string;
  readonly madeAt: Date;
  /** When the first address got it; null where none has yet. */
  readonly sentAt: Date | null;
  readonly late: boolean;
  /** Addresses that it has not reached yet, and those whose server refused it. */
  readonly waiting: number;
  readonly refused: number;
}

export class Reports {
  /** Plans the running period of each kind, and those that ended while nobody was here. */
  async plan(tx: Tx, kinds: readonly PeriodKind[], timezone: string): Promise<void> {
    const rows = await tx.query<{ kind: PeriodKind; to: Date; timezone: string }>(newestUnmade);
    const now = tx.now.getTime();
    for (const kind of kinds) {
      const unmade = rows.find((row) => row.kind === kind);
      if (unmade && unmade.to > tx.now && unmade.timezone === timezone) continue;
      for (const { name, from, to } of duePeriods(kind, timezone, now, unmade?.to.getTime()))
        await tx.query(planReport, [reportId(kind, name), kind, name, timezone, new Date(from), new Date(to), tx.now]);
    }
    await tx.query(dropUnwanted, [tx.now, textArray(kinds)]);
  }

  /** A report whose period is over and that nobody else is making; undefined where there is none. */
  async take(database: Database): Promise<TakenReport | undefined> {
    type Row = { id: string; kind: PeriodKind; period: string; timezone: string; from: Date; to: Date; fence: number };
    const [row] = await database.query<Row>(takeReport);
    if (!row) return undefined;
    const { id, kind, period: name, timezone, from, to, fence } = row;
    return { id, fence, period: { kind, name, timezone, from: from.getTime(), to: to.getTime() } };
  }

  /** Keeps it as made, to be sent to these. False where another reporter took it over meanwhile. */
  async keep(
    tx: Tx,
    { id, fence }: TakenReport,
    rendered: Rendered,
    to: readonly string[],
    bundle: string,
  ): Promise<boolean> {
    const { subject, text, html, chart } = rendered;
    const kept = await tx.execute(keepReport, [id, fence, tx.now, subject, text, html, chart ?? null, bundle]);
    if (kept === 0) return false;
    await tx.query(addDeliveries, [id, textArray([...new Set(to)].sort())]);
    return true;
  }

  /** It could not be made: tried again soon, by anybody. */
  async giveBack(database: Database, { id, fence }: TakenReport): Promise<void> {
    await database.query(giveBack, [id, fence]);
  }

  async takeDelivery(database: Database): Promise<TakenDelivery | undefined> {
    type Row = TakenDelivery & { kind: PeriodKind; to: Date; now: Date };
    const [row] = await database.query<Row>(takeDelivery);
    if (!row) return undefined;
    const { kind, to, now, ...delivery } = row;
    const late = lateness(to, now, kind);
    return { ...delivery, ...(late !== undefined && { late }) };
  }

  /** What came of it. Nothing changes where its time ran out and somebody else sends it. */
  async endDelivery(database: Database, of: TakenDelivery, end: DeliveryEnd): Promise<void> {
    await database.query(endDelivery, [
      of.report,
      of.address,
      of.attempts,
      end.state,
      end.reason ?? null,
      end.state === 'sent' && of.late !== undefined,
      end.state === 'waiting' ? end.afterMs / 1_000 : 0,
    ]);
  }

  /** Made reports, newest first; `after` is the last row of the page before. */
  async list(
    query: Query,
    { after, limit, kind, id }: { after?: { to: Date; id: string }; limit: number; kind?: PeriodKind; id?: string },
  ): Promise<ListedReport[]> {
    return query.query(listReports, [after?.to ?? null, after?.id ?? null, limit, kind ?? null, id ?? null]);
  }

  /** One with its text, and its HTML with the picture inside. */
  async get(query: Query, id: string): Promise<(ListedReport & { text: string; html: string }) | undefined> {
    const [row] = await this.list(query, { id, limit: 1 });
    const [bodies] = await query.query<{ text: string; html: string; chart: Buffer | null }>(readBodies, [id]);
    return row && bodies && { ...row, text: bodies.text, html: inFile(bodies.html, bodies.chart) };
  }
}

/** Hourly reports go after a month, daily ones after a year and a month. */
export async function forgetOldReports(tx: Tx): Promise<void> {
  const old = await tx.query<{ id: string }>(forgetOld);
  await tx.query('delete from tocsin.report where id = any ($1::text[])', [textArray(old.map(({ id }) => id))]);
  await tx.query(forgetUpkeep);
}

/** Does `work` once a period whatever the number of reporters: the row and the work commit together. False where it was done. */
export async function oncePerPeriod(
  database: Database,
  duty: string,
  period: string,
  work: (tx: Tx) => Promise<void>,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    // Another reporter that is at it is waited for, and does it alone.
    const mine = await tx.query(
      `insert into tocsin.upkeep (duty, period, done_at) values ($1, $2, $3) on conflict do nothing returning duty`,
      [duty, period, tx.now],
    );
    if (mine.length === 0) return false;
    await work(tx);
    return true;
  });
}
