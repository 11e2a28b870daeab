/**
 * The questions that wait for the verifier. Written by the monitor in its batch's transaction, claimed by SKIP LOCKED
 * with a lease, and forgotten: a text stays until its verdict, for an hour at most; the bare row for a day, so that a
 * producer's duplicate is not asked about again.
 */
import { booleanArray, numberArray, textArray, type Query, type Tx } from '../../database/index.js';
import type { CheckKind, DueCheck, Egress, UncheckedReason } from './check.js';

export const checksChannel = 'tocsin_checks';

/** A frozen verifier's questions are free again after it; the deadline of a question is far below. */
const leaseSeconds = 60;
const contentKept = '1 hour';
export const contentKeptMs = 3_600_000;

// Wakes a verifier where none is at work: a busy one goes on by itself, and each notification costs every commit.
const insertChecks = `
  with added as (
    insert into tocsin.due_check (id, kind, event_source, event_id, account, organization, model, stage, subject, content,
                                  content_form, ephemeral, made_at, due_at)
    select c.id, c.kind, c.event_source, c.event_id, c.account, c.organization, c.model, c.stage, c.subject, c.content,
           c.content_form, c.ephemeral, $1, $1
      from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                  $10::text[], $11::text[], $12::text[], $13::boolean[])
           as c (id, kind, event_source, event_id, account, organization, model, stage, subject, content, content_form,
                 ephemeral)
     order by c.id
    on conflict do nothing
    returning id)
  select pg_notify('${checksChannel}', '')
    from (select from added limit 1) as first
   where not exists (select from tocsin.due_check where state = 'waiting' and due_at <= $1)`;

const claimDue = `
  with due as (
    select id from tocsin.due_check
     where state <> 'done' and due_at <= (select tocsin.now())
       and (state = 'waiting' or lease_until < clock_timestamp())
     order by due_at
     limit $1
       for update skip locked)
  update tocsin.due_check c
     set state = 'claimed', lease_until = clock_timestamp() + interval '${leaseSeconds} s', tries = c.tries + 1
    from due where c.id = due.id
  returning c.id, c.kind, c.event_source, c.event_id, c.account, c.organization, c.model, c.stage, c.subject,
            case when c.made_at > (select tocsin.now()) - interval '${contentKept}' then c.content end as content,
            c.content_form, c.ephemeral, c.tries,
            (extract(epoch from (select tocsin.now()) - c.made_at) * 1000)::bigint as age_ms`;

const finishChecks = `
  update tocsin.due_check c
     set state = 'done', content = null, lease_until = null, label = f.label, reason = f.reason,
         done_at = (select tocsin.now())
    from unnest($1::text[], $2::text[], $3::text[]) as f (id, label, reason)
   where c.id = f.id and c.state <> 'done'`;

const postponeChecks = `
  update tocsin.due_check c
     set state = 'waiting', lease_until = null, reason = p.reason,
         due_at = (select tocsin.now()) + make_interval(secs => p.after_ms / 1000.0)
    from unnest($1::text[], $2::text[], $3::bigint[]) as p (id, reason, after_ms)
   where c.id = p.id and c.state = 'claimed'`;

const forgetContent = `
  update tocsin.due_check set content = null
   where content is not null and made_at <= (select tocsin.now()) - interval '${contentKept}'`;

const deleteOld = `
  delete from tocsin.due_check
   where (state = 'done' and done_at <= (select tocsin.now()) - interval '1 day')
      or made_at <= (select tocsin.now()) - interval '7 days'`;

const countWaiting = `select count(*) as n from tocsin.due_check where state <> 'done'`;

export interface ClaimedCheck extends DueCheck {
  /** Claims so far, this one too. */
  readonly tries: number;
  readonly ageMs: number;
}

export interface FinishedCheck {
  readonly id: string;
  readonly label: string;
  readonly reason?: UncheckedReason;
}

interface ClaimedRow {
  readonly id: string;
  readonly kind: CheckKind;
  readonly event_source: string;
  readonly event_id: string;
  readonly account: string;
  readonly organization: string | null;
  readonly model: string | null;
  readonly stage: string | null;
  readonly subject: string | null;
  readonly content: string | null;
  readonly content_form: Egress;
  readonly ephemeral: boolean;
  readonly tries: number;
  readonly age_ms: number;
}

/** Writes down what is to be asked, in the caller's transaction; a question that is there already is no news. */
export async function noteChecks(tx: Tx, checks: readonly DueCheck[]): Promise<void> {
  if (checks.length === 0) return;
  const each = (of: (check: DueCheck) => string | undefined) => textArray(checks.map(of));
  await tx.query(insertChecks, [
    tx.now,
    each(({ id }) => id),
    each(({ kind }) => kind),
    each(({ event }) => event.source),
    each(({ event }) => event.id),
    each(({ account }) => account),
    each(({ organization }) => organization),
    each(({ model }) => model),
    each(({ stage }) => stage),
    each(({ subject }) => subject),
    each(({ content }) => content),
    each(({ form }) => form),
    booleanArray(checks.map(({ ephemeral }) => ephemeral)),
  ]);
}

/** Removes texts that are an hour old and rows that are of no use any more. Any process may do it. */
export async function forgetChecks(query: Query): Promise<void> {
  await query.query(forgetContent);
  await query.query(deleteOld);
}

export class DueChecks {
  /** Leases up to `limit` questions that are due, or whose lease ran out. */
  async claim(query: Query, limit: number): Promise<ClaimedCheck[]> {
    return (await query.query<ClaimedRow>(claimDue, [limit])).map(claimedOf);
  }

  async finish(query: Query, finished: readonly FinishedCheck[]): Promise<void> {
    if (finished.length === 0) return;
    await query.query(finishChecks, [
      textArray(finished.map(({ id }) => id)),
      textArray(finished.map(({ label }) => label)),
      textArray(finished.map(({ reason }) => reason)),
    ]);
  }

  /** To be asked again, `afterMs` from now. */
  async postpone(
    query: Query,
    later: readonly { readonly id: string; readonly reason: UncheckedReason; readonly afterMs: number }[],
  ): Promise<void> {
    if (later.length === 0) return;
    await query.query(postponeChecks, [
      textArray(later.map(({ id }) => id)),
      textArray(later.map(({ reason }) => reason)),
      numberArray(later.map(({ afterMs }) => Math.round(afterMs))),
    ]);
  }

  async waiting(query: Query): Promise<number> {
    const [row] = await query.query<{ n: number }>(countWaiting);
    return row?.n ?? 0;
  }
}

function claimedOf(row: ClaimedRow): ClaimedCheck {
  const { id, kind, account, organization, model, stage, subject, content, ephemeral, tries } = row;
  return {
    id,
    kind,
    event: { source: row.event_source, id: row.event_id },
    account,
    ...(organization !== null && { organization }),
    ...(model !== null && { model }),
    ...(stage !== null && { stage }),
    ...(subject !== null && { subject }),
    ...(content !== null && { content }),
    form: row.content_form,
    ephemeral,
    tries,
    ageMs: row.age_ms,
  };
}
