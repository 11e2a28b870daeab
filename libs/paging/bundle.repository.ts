/**
 * From the 21st page in a minute to one person, pages become one bundle that names every incident: sent at once, and
 * again with what has come since every 15 s. Nothing else delays a first page, and this by 15 s at most.
 */
import { numberArray, textArray, type Database, type Query, type Tx } from '../database/index.js';
import type { PagedIncident } from './match.js';
import { bundleId, laneOf } from './notification.js';
import type { Claimed } from './outbox.repository.js';

const renewEvery = '15 seconds';

/** Of one claim, what goes out by itself and what is over its person's limit. */
export function overLimit(
  claimed: readonly Claimed[],
  limitOf: (one: Claimed) => number | undefined,
): { send: Claimed[]; bundle: Claimed[] } {
  const send: Claimed[] = [];
  const bundle: Claimed[] = [];
  const counted = new Map<string, number>();
  for (const one of claimed) {
    const limit = one.kind === 'page' ? limitOf(one) : undefined;
    if (limit === undefined) {
      send.push(one);
      continue;
    }
    const key = `${one.responder}\u0000${one.contact}`;
    // `recent` is as of before the claim, so its own earlier pages are counted here.
    const before = (counted.get(key) ?? 0) + one.recent;
    counted.set(key, (counted.get(key) ?? 0) + 1);
    (before >= limit ? bundle : send).push(one);
  }
  return { send, bundle };
}

const lockRate = `
  insert into tocsin.page_rate (responder, contact)
  select * from unnest($1::text[], $2::text[])
  on conflict (responder, contact) do update set sequence = page_rate.sequence
  returning responder, contact, sequence, bundled_at`;

// Locked while pages join it, so that no pager takes it before they are in.
const lockWaitingBundle = `
  select id from tocsin.notification
   where kind = 'bundle' and state = 'waiting' and id = $1
     for update`;

const joinBundle = `
  update tocsin.notification n
     set state = 'bundled', bundle = $1, owner = null, lease_until = null, claimed_at = null, attempts = n.attempts - 1
    from unnest($2::text[], $3::bigint[]) as c (id, fence)
   where n.id = c.id and n.fence = c.fence and n.state = 'claimed'`;

const openBundle = `
  with opened as (
    insert into tocsin.notification (id, kind, round, step, responder, contact, channel, lane, plan, severity, state, due_at, created_at)
    select $1, 'bundle', 1, $2, $3, $4, $5, $6, $7, $8, 'waiting', due.at, $9
      from (select greatest($9::timestamptz, $10::timestamptz + interval '${renewEvery}') as at) due
    returning due_at)
  update tocsin.page_rate r set sequence = $2, bundled_at = opened.due_at
    from opened where r.responder = $3 and r.contact = $4`;

/** Puts claimed pages into the waiting bundle of their person and method, or opens the next one. */
export async function bundlePages(database: Database, pages: readonly Claimed[]): Promise<void> {
  const groups = Map.groupBy(pages, ({ responder, contact }) => `${responder}\u0000${contact}`);
  const keys = [...groups.keys()].toSorted();
  await database.transaction(async (tx) => {
    for (const key of keys) {
      const group = groups.get(key);
      if (group?.[0]) await bundleOne(tx, group[0], group);
    }
  });
}

async function bundleOne(tx: Tx, first: Claimed, group: readonly Claimed[]): Promise<void> {
  const { responder, contact, channel } = first;
  const [rate] = await tx.query<{ sequence: number; bundled_at: Date | null }>(lockRate, [
    textArray([responder]),
    textArray([contact]),
  ]);
  const sequence = rate?.sequence ?? 0;
  const current = bundleId(responder, contact, sequence);
  const [waiting] = sequence === 0 ? [] : await tx.query<{ id: string }>(lockWaitingBundle, [current]);
  const id = waiting?.id ?? bundleId(responder, contact, sequence + 1);
  if (!waiting) {
    const severity = Math.min(...group.map((one) => one.severity));
    await tx.query(openBundle, [
      id,
      sequence + 1,
      responder,
      contact,
      channel,
      laneOf(channel),
      first.plan,
      severity,
      tx.now,
      rate?.bundled_at ?? null,
    ]);
  }
  await tx.query(joinBundle, [id, textArray(group.map((one) => one.id)), numberArray(group.map((one) => one.fence))]);
}

export interface BundleMember {
  readonly incident: string;
  readonly notification: string;
  readonly round: number;
  readonly about: PagedIncident;
}

/** What a bundle says: its pages whose incidents are still nobody's, the most severe first. */
export async function bundleMembers(query: Query, bundle: string): Promise<BundleMember[]> {
  return query.query<BundleMember>(
    `select n.incident, n.id as notification, n.round, e.about
       from tocsin.notification n
       join tocsin.escalation e on e.incident = n.incident
      where n.bundle = $1 and n.state = 'bundled' and e.round = n.round
        and e.state not in ('acknowledged', 'snoozed', 'resolved', 'merged')
      order by n.severity, e.opened_at, n.incident`,
    [bundle],
  );
}
