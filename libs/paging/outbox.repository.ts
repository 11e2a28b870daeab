/**
 * The outbox: which notifications this pager may send now, and what became of them. A claim is a lease with a fence
 * and an owner; only the claim that still holds the fence may record an outcome as the notification's state.
 */
import { booleanArray, numberArray, textArray, type Database, type Query, type Tx } from '../database/index.js';
import { counter } from '../telemetry/index.js';
import { failover, type EscalationState } from './escalation.js';
import type { PagedIncident } from './match.js';
import { laneOf, retryDelay, type Lane, type NotificationKind, type Outcome } from './notification.js';
import type { ChannelName, Plan } from './plan.js';
import type { NewNotification } from './notices.js';
import type { Pages } from './pages.repository.js';

const orphans = counter('tocsin_page_orphans_total', 'Sends whose pager went away before it recorded an outcome.');
const possibleDuplicates = counter(
  'tocsin_page_possible_duplicates_total',
  'Sends made again because the outcome of the last one is unknown.',
);
const lateOutcomes = counter(
  'tocsin_page_late_outcomes_total',
  'Outcomes that came after another pager had taken over.',
);

/** A send must be over 5 s before its lease is: what runs longer is cut, and counts as unknown. */
export const leaseMs = 20_000;
export const sendWithinMs = 12_000;
export const claimLimit = 64;

/** What kills its pager each time is given up at last: nothing is driven again for ever. */
const mostAttempts = 20;

/** Advisory locks of this class, on the pagers' listening connections, say which owners live. */
export const ownerLockClass = 7408;

export interface Claimed {
  readonly id: string;
  readonly kind: NotificationKind;
  readonly incident: string | null;
  readonly round: number;
  readonly step: number;
  readonly responder: string;
  readonly contact: string;
  readonly channel: ChannelName;
  readonly plan: string;
  readonly severity: number;
  readonly said: Readonly<Record<string, unknown>> | null;
  readonly attempts: number;
  readonly fence: number;
  readonly possible_duplicate: boolean;
  readonly created_at: Date;
  readonly about: PagedIncident | null;
  readonly policy: string | null;
  readonly escalation_state: EscalationState | null;
  readonly escalation_round: number | null;
  /** Incidents that share this one's page. */
  readonly followers: number;
  /** Pages of this person and method in the last minute, this claim's not counted; only where bundling is on. */
  readonly recent: number;
  readonly now: Date;
}

// The most urgent first; what another pager is taking is passed over. Domain time says what is due, the wall clock
// bounds the lease. One statement and no transaction: this is the way of every page.
const claimDue = `
  with due as (
    select id from tocsin.notification
     where state = 'waiting' and lane = $1 and due_at <= (select tocsin.now())
     order by severity, due_at
     limit $2
       for update skip locked),
  claimed as (
    update tocsin.notification n
       set state = 'claimed', owner = $3, fence = n.fence + 1, attempts = n.attempts + 1,
           lease_until = clock_timestamp() + make_interval(secs => $4), claimed_at = (select tocsin.now())
      from due where n.id = due.id
    returning n.*)
  select c.id, c.kind, c.incident, c.round, c.step, c.responder, c.contact, c.channel, c.plan, c.severity, c.said,
         c.attempts, c.fence, c.possible_duplicate, c.created_at, c.claimed_at as now, e.about, e.policy,
         e.state as escalation_state, e.round as escalation_round,
         case when c.kind = 'page'
              then (select count(*) from tocsin.escalation f where f.leader = c.incident and f.ended_at is null)
              else 0 end as followers,
         case when $5 and c.kind = 'page' then (
           select count(*) from (
             select 1 from tocsin.notification r
              where r.responder = c.responder and r.contact = c.contact and r.kind = 'page'
                and r.claimed_at > c.claimed_at - interval '1 minute' and r.id <> c.id
              limit 500) x)
              else 0 end as recent
    from claimed c
    left join tocsin.escalation e on e.incident = c.incident
   order by c.severity, c.due_at`;

// An outcome is written where the fence still holds; the attempt's row is written in any case.
const recordOutcomes = `
  with o as (
    select * from unnest($1::text[], $2::bigint[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::integer[],
                         $8::double precision[], $9::boolean[])
             as o (id, fence, state, attempt, outcome, reason, ms, after_ms, unknown)),
  kept as (
    update tocsin.notification n
       set state = o.state, owner = null, lease_until = null,
           due_at = case when o.state = 'waiting' then (select tocsin.now()) + make_interval(secs => o.after_ms / 1000) else n.due_at end,
           sent_at = case when o.state = 'sent' then (select tocsin.now()) end,
           possible_duplicate = n.possible_duplicate or o.unknown,
           attempts = case when o.outcome is null then n.attempts - 1 else n.attempts end
      from o
     where n.id = o.id and n.fence = o.fence and n.state = 'claimed'
    returning n.id),
  tried as (
    insert into tocsin.delivery_attempt (notification, attempt, at, outcome, reason, ms)
    select id, attempt, (select tocsin.now()), outcome, reason, ms from o where outcome is not null
    on conflict (notification, attempt) do nothing)
  select id from kept`;

// Not for share: of two pagers whose sends of one step fail together, the second must see what the first wrote.
const lockEscalations = `
  select incident, round, state from tocsin.escalation where incident = any($1) order by incident for no key update`;

// Claims whose owner's lock is gone, or whose lease ran out: the send may have reached its receiver or not.
const freeOrphans = `
  with alive as (
    select objid::bigint as owner from pg_locks
     where locktype = 'advisory' and classid = ${ownerLockClass} and granted
       and database = (select oid from pg_database where datname = current_database())),
  gone as (
    select id from tocsin.notification
     where state = 'claimed' and (lease_until < clock_timestamp() or owner not in (select owner from alive))
     order by id limit 1000
       for update skip locked),
  freed as (
    update tocsin.notification n
       set state = case when n.attempts >= ${mostAttempts} then 'failed' else 'waiting' end,
           owner = null, lease_until = null, fence = n.fence + 1, possible_duplicate = true
      from gone where n.id = gone.id
    returning n.id, n.attempts)
  insert into tocsin.delivery_attempt (notification, attempt, at, outcome, reason, ms)
  select id, attempts, (select tocsin.now()), 'retry', 'pager_gone', 0 from freed
  on conflict (notification, attempt) do nothing
  returning notification`;

/** What is due, in one statement: the poll of an idle pager. */
const lookForWork = `
  select exists (select 1 from tocsin.notification where state = 'waiting' and lane = 'mail' and due_at <= t.now) as mail,
         exists (select 1 from tocsin.notification where state = 'waiting' and lane = 'http' and due_at <= t.now) as http,
         exists (select 1 from tocsin.notification where state = 'claimed' and (owner <> $1 or lease_until < clock_timestamp())) as claims,
         exists (select 1 from tocsin.escalation where due_at <= t.now) as steps,
         exists (select 1 from tocsin.paging_due where due_at <= t.now) as duties
    from (select tocsin.now() as now) t`;

export interface Work {
  readonly mail: boolean;
  readonly http: boolean;
  /** Claims of others, or run-out leases: perhaps an orphan. */
  readonly claims: boolean;
  readonly steps: boolean;
  readonly duties: boolean;
}

/** A send's end, ready to be recorded. */
export interface Finished {
  readonly claimed: Claimed;
  /** `deferred`: not tried, put back; `nothing`: there was nothing left to say. */
  readonly result:
    Outcome | { readonly outcome: 'deferred'; readonly afterMs: number } | { readonly outcome: 'nothing' };
  readonly ms: number;
  /** The message may have arrived although no answer did. */
  readonly unknown?: boolean;
}

export class Outbox {
  constructor(private readonly pages: Pages) {}

  async look(query: Query, owner: number): Promise<Work> {
    const [work] = await query.query<Work>(lookForWork, [owner]);
    return work ?? { mail: false, http: false, claims: false, steps: false, duties: false };
  }

  async claim(query: Query, lane: Lane, limit: number, owner: number, countRecent: boolean): Promise<Claimed[]> {
    const claimed = await query.query<Claimed>(claimDue, [
      lane,
      Math.min(limit, claimLimit),
      owner,
      leaseMs / 1_000,
      countRecent,
    ]);
    const again = claimed.filter((one) => one.possible_duplicate).length;
    if (again > 0) possibleDuplicates.inc(again);
    return claimed;
  }

  /** Takes back what dead or frozen pagers had claimed; it is due at once, under the same id. */
  async freeOrphans(query: Query): Promise<number> {
    const freed = await query.query(freeOrphans);
    if (freed.length > 0) orphans.inc(freed.length);
    return freed.length;
  }

  /** Records a group of outcomes and decides what follows from failures, in one transaction. */
  async finish(database: Database, finished: readonly Finished[]): Promise<void> {
    // Sent is sent: no other row is concerned, so one statement is enough.
    if (finished.every(({ result }) => result.outcome === 'sent')) {
      await this.record(
        database,
        finished.map((one) => ({ ...one, state: 'sent' as const })),
      );
      return;
    }
    await database.transaction(async (tx) => {
      const standing = await this.standing(tx, finished);
      const decided = finished.map((one) => ({ ...one, ...after(one, standing) }));
      await this.record(tx, decided);
      await this.followUp(
        tx,
        decided.filter(({ claimed, result, state }) => failed(result, claimed) && state !== 'cancelled'),
      );
    });
  }

  private async record(query: Query, rows: readonly Decided[]): Promise<void> {
    const sorted = rows.toSorted((a, b) => (a.claimed.id < b.claimed.id ? -1 : 1));
    const tried = sorted.map(({ result }) =>
      result.outcome === 'deferred' || result.outcome === 'nothing' ? undefined : result,
    );
    const kept = await query.query(recordOutcomes, [
      textArray(sorted.map(({ claimed }) => claimed.id)),
      numberArray(sorted.map(({ claimed }) => claimed.fence)),
      textArray(sorted.map(({ state }) => state)),
      numberArray(sorted.map(({ claimed }) => claimed.attempts)),
      textArray(tried.map((result) => result?.outcome)),
      textArray(tried.map((result) => result?.reason)),
      numberArray(sorted.map(({ ms }) => Math.max(0, Math.round(ms)))),
      numberArray(sorted.map(({ afterMs }) => afterMs ?? 0)),
      booleanArray(sorted.map(({ unknown }) => unknown ?? false)),
    ]);
    if (kept.length < sorted.length) lateOutcomes.inc(sorted.length - kept.length);
  }

  /** The escalations of what is to be tried again, locked: an acknowledgement that is under way is waited for. */
  private async standing(tx: Tx, finished: readonly Finished[]): Promise<ReadonlyMap<string, Standing>> {
    const ids = finished.flatMap(({ claimed, result }) =>
      result.outcome === 'sent' || !claimed.incident ? [] : [claimed.incident],
    );
    if (ids.length === 0) return new Map();
    const rows = await tx.query<Standing & { incident: string }>(lockEscalations, [[...new Set(ids)]]);
    return new Map(rows.map((row) => [row.incident, row]));
  }

  /** The next contact method of whoever could not be reached; where nobody of a step is left, the next step is due now. */
  private async followUp(tx: Tx, failures: readonly Decided[]): Promise<void> {
    if (failures.length === 0) return;
    const pages = await this.pagesBehind(tx, failures);
    if (pages.length === 0) return;
    const plans = await this.pages.plans.byHash(
      tx,
      pages.map(({ plan }) => plan),
    );
    const used = await tx.query<{
      incident: string;
      round: number;
      step: number;
      responder: string;
      contacts: string[];
    }>(
      `select incident, round, step, responder, array_agg(contact) as contacts from tocsin.notification
        where incident = any($1) group by incident, round, step, responder`,
      [[...new Set(pages.map(({ incident }) => incident))]],
    );
    const standIns = pages.flatMap((page): NewNotification[] => {
      const contacts =
        used.find(
          (one) =>
            one.incident === page.incident &&
            one.round === page.round &&
            one.step === page.step &&
            one.responder === page.responder,
        )?.contacts ?? [];
      return standIn(page, plans.get(page.plan), contacts, tx.now.getTime());
    });
    await this.pages.notify(tx, standIns);
    await tx.query(skipUnreachable, [[...new Set(pages.map(({ incident }) => incident))], tx.now]);
  }

  private async pagesBehind(tx: Tx, failures: readonly Decided[]): Promise<Behind[]> {
    const bundles = failures.filter(({ claimed }) => claimed.kind === 'bundle').map(({ claimed }) => claimed.id);
    const direct = failures.flatMap(({ claimed }) =>
      claimed.incident && (claimed.kind === 'page' || claimed.kind === 'fallback')
        ? [{ ...claimed, incident: claimed.incident, policy: claimed.policy }]
        : [],
    );
    if (bundles.length === 0) return direct;
    const members = await tx.query<Behind>(
      `select n.incident, n.kind, n.round, n.step, n.responder, n.plan, n.severity, e.policy
         from tocsin.notification n join tocsin.escalation e on e.incident = n.incident
        where n.bundle = any($1) and n.state = 'bundled'`,
      [bundles],
    );
    return [...direct, ...members];
  }
}

interface Standing {
  readonly round: number;
  readonly state: EscalationState;
}

/** True for a page that nobody needs any more: its incident was taken on, or a new round has begun. */
export function isOver({ kind, round, said }: Claimed, escalation: Standing): boolean {
  if (kind !== 'page' || said?.['added'] === true) return false;
  return round !== escalation.round || ['acknowledged', 'snoozed', 'resolved', 'merged'].includes(escalation.state);
}

interface Decided extends Finished {
  readonly state: 'sent' | 'waiting' | 'refused' | 'failed' | 'cancelled';
  readonly afterMs?: number;
}

interface Behind {
  readonly incident: string;
  readonly kind: NotificationKind;
  readonly round: number;
  readonly step: number;
  readonly responder: string;
  readonly plan: string;
  readonly severity: number;
  readonly policy: string | null;
}

/**
 * Everybody of the escalation's present step refused or failed: the next step is due now, not after the wait. Where
 * there is none, as for what is only mailed once, that step is to say so and tell the fallback.
 */
const skipUnreachable = `
  update tocsin.escalation e set due_at = $2, state = 'paging'
   where e.incident = any($1) and (e.state = 'told' or (e.state = 'paging' and e.due_at > $2))
     and not exists (
       select 1 from tocsin.notification n left join tocsin.notification b on b.id = n.bundle
        where n.incident = e.incident and n.round = e.round and n.step = e.step and n.kind = 'page'
          and coalesce(b.state, n.state) in ('waiting', 'claimed', 'sent', 'cancelled'))
     and exists (
       select 1 from tocsin.notification n
        where n.incident = e.incident and n.round = e.round and n.step = e.step and n.kind = 'page')`;

/** The notification's next state. A page whose incident was acknowledged while it was tried is not tried again. */
function after(
  { claimed, result }: Finished,
  standing: ReadonlyMap<string, Standing>,
): Pick<Decided, 'state' | 'afterMs'> {
  switch (result.outcome) {
    case 'sent':
      return { state: 'sent' };
    case 'refused':
      return { state: 'refused' };
    case 'nothing':
      return { state: 'cancelled' };
    case 'deferred':
    case 'retry': {
      const escalation = claimed.incident ? standing.get(claimed.incident) : undefined;
      if (escalation && isOver(claimed, escalation)) return { state: 'cancelled' };
      if (result.outcome === 'deferred') return { state: 'waiting', afterMs: result.afterMs };
      const afterMs = retryDelay(laneOf(claimed.channel), claimed.attempts, result.afterMs);
      return afterMs === undefined ? { state: 'failed' } : { state: 'waiting', afterMs };
    }
  }
}

/** Is another method to be tried beside? When this one refused, when it failed for good, and once two tries got nowhere. */
function failed(result: Finished['result'], { attempts, channel }: Claimed): boolean {
  if (result.outcome === 'refused') return true;
  if (result.outcome !== 'retry') return false;
  return attempts === 2 || retryDelay(laneOf(channel), attempts) === undefined;
}

function standIn(page: Behind, plan: Plan | undefined, used: readonly string[], now: number): NewNotification[] {
  const contact = plan && failover(plan, page.responder, used, page.policy ?? undefined);
  if (!contact) return [];
  const kind = page.kind === 'fallback' ? 'fallback' : 'page';
  const { incident, round, step, responder, severity } = page;
  return [
    {
      kind,
      incident,
      round,
      step,
      responder,
      contact: contact.name,
      channel: contact.channel,
      plan: page.plan,
      severity,
      dueAt: now,
    },
  ];
}
