/** Calendar addresses: whoever has one may read one calendar; it is kept hashed and can be revoked. */
import { createHash, randomBytes } from 'node:crypto';
import type { Query, Tx } from '../database/index.js';
import { calendarOf, overridesOf, type FeedOf } from './calendar.js';
import { addOverride, arrangementsAt, withOverrides } from './arrangements.repository.js';
import type { Plan } from './plan.js';

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Makes an address's secret part; it is shown this once. */
export async function makeFeed(tx: Tx, of: FeedOf, by: string): Promise<string> {
  const secret = randomBytes(24).toString('base64url');
  await tx.query('insert into tocsin.calendar_feed (hash, kind, name, made_at, made_by) values ($1, $2, $3, $4, $5)', [
    hashOf(secret),
    of.kind,
    of.name,
    tx.now,
    by,
  ]);
  return secret;
}

/** Ends every address of a calendar. Answers how many there were. */
export async function revokeFeeds(tx: Tx, of: FeedOf): Promise<number> {
  return tx.execute(
    'update tocsin.calendar_feed set revoked_at = $3 where kind = $1 and name = $2 and revoked_at is null',
    [of.kind, of.name, tx.now],
  );
}

const day = 86_400_000;

/** The calendar behind an address, from last week to 90 days ahead; undefined for an unknown or revoked one. */
export async function readFeed(query: Query, secret: string, plan: Plan, now: Date): Promise<string | undefined> {
  const [feed] = await query.query<FeedOf>(
    'select kind, name from tocsin.calendar_feed where hash = $1 and revoked_at is null',
    [hashOf(secret)],
  );
  if (!feed) return undefined;
  const [from, to] = [now.getTime() - 7 * day, now.getTime() + 90 * day];
  const { overrides } = await arrangementsAt(query, new Date(from), { to: new Date(to) });
  return calendarOf(withOverrides(plan, overrides), feed, from, to);
}

/** Takes a calendar's events of the coming 90 days as overrides; what an earlier reading brought and this one lacks goes. */
export async function importCalendar(
  tx: Tx,
  schedule: string,
  text: string,
  plan: Plan,
  by: string,
): Promise<{ readonly taken: number; readonly problems: readonly string[] }> {
  const now = tx.now.getTime();
  const { overrides, problems } = overridesOf(text, schedule, plan, now, now + 90 * day);
  // A calendar that could not be read changes nothing.
  if (overrides.length === 0 && problems.length > 0) return { taken: 0, problems };
  await tx.query(
    `delete from tocsin.schedule_override where schedule = $1 and id like 'ical-%' and to_at > $2 and id <> all($3)`,
    [schedule, tx.now, overrides.map(({ id }) => id)],
  );
  for (const { id, responder, from, to, reason } of overrides) {
    await addOverride(tx, { id, schedule, responder, from: new Date(from), to: new Date(to), reason, by });
  }
  return { taken: overrides.length, problems };
}
