/** Does a contact method reach its person? Asked on a schedule where the plan says so; a link in a mail answers. */
import type { Database, Query, Tx } from '../database/index.js';
import type { Contact, Plan, StampedPlan } from './plan.js';
import { verifyToken } from './token.js';
import type { NewNotification } from './notices.js';
import type { Pages } from './pages.repository.js';

/** Responder, contact and address, to when it was confirmed last. */
export type Confirmed = ReadonlyMap<string, number>;

/** What a confirmation is for: another address under the same name is not confirmed. */
export function addressOf(contact: Contact): string {
  return contact.channel === 'email' ? contact.address : contact.url;
}

const keyOf = (responder: string, contact: string, address: string): string =>
  `${responder}\u0000${contact}\u0000${address}`;

export async function readConfirmed(query: Query): Promise<Confirmed> {
  const rows = await query.query<{ responder: string; contact: string; address: string; confirmed_at: Date }>(
    'select responder, contact, address, confirmed_at from tocsin.contact_check where confirmed_at is not null',
  );
  return new Map(rows.map((row) => [keyOf(row.responder, row.contact, row.address), row.confirmed_at.getTime()]));
}

/**
 * Verified: confirmed within twice the period of the checks; without checks, by the operator's word or any
 * confirmation.
 */
export function isConfirmed(
  responder: string,
  contact: Contact,
  plan: Plan,
  confirmed: Confirmed,
  now: number,
): boolean {
  const at = confirmed.get(keyOf(responder, contact.name, addressOf(contact)));
  if (plan.contact_checks) return at !== undefined && now - at <= 2 * plan.contact_checks.every;
  return contact.verified || at !== undefined;
}

/** Asks every contact method that was not asked within the period; what answers by itself (HTTP 2xx) is confirmed so. */
export async function sendContactChecks(tx: Tx, pages: Pages, { plan, hash }: StampedPlan): Promise<void> {
  if (!plan.contact_checks) return;
  await tx.query(
    `update tocsin.contact_check c set confirmed_at = n.sent_at
       from tocsin.notification n
      where n.kind = 'check' and n.state = 'sent' and n.channel <> 'email' and n.responder = c.responder and n.contact = c.contact
        and n.said ->> 'address' = c.address and n.sent_at > coalesce(c.confirmed_at, '-infinity')`,
  );
  const now = tx.now.getTime();
  const asked = await tx.query<{ responder: string; contact: string; address: string; asked_at: Date }>(
    'select responder, contact, address, asked_at from tocsin.contact_check',
  );
  const last = new Map(asked.map((row) => [keyOf(row.responder, row.contact, row.address), row.asked_at.getTime()]));
  const every = plan.contact_checks.every;
  const due = Object.entries(plan.responders).flatMap(([responder, { contacts }]) =>
    contacts.flatMap((contact) => {
      const at = last.get(keyOf(responder, contact.name, addressOf(contact)));
      return at === undefined || now - at >= every ? [{ responder, contact }] : [];
    }),
  );
  for (const { responder, contact } of due) {
    await tx.query(
      `insert into tocsin.contact_check (responder, contact, address, asked_at) values ($1, $2, $3, $4)
       on conflict (responder, contact, address) do update set asked_at = excluded.asked_at`,
      [responder, contact.name, addressOf(contact), tx.now],
    );
  }
  await pages.notify(
    tx,
    due.map(({ responder, contact }): NewNotification => ({
      kind: 'check',
      round: 1,
      step: Math.floor(now / 60_000),
      responder,
      contact: contact.name,
      channel: contact.channel,
      plan: hash,
      severity: 4,
      dueAt: now,
      said: { address: addressOf(contact) },
    })),
  );
}

/** The link in a check was used: the address it went to reaches its person. Answers who and which, or undefined. */
export async function confirmContact(
  database: Database,
  token: string,
  secretKeys: readonly string[],
): Promise<{ readonly responder: string; readonly contact: string } | undefined> {
  const verified = verifyToken(token, secretKeys, (await database.now()).getTime());
  if (verified.outcome !== 'valid' || verified.claims.purpose !== 'contact') return undefined;
  const [row] = await database.query<{ responder: string; contact: string }>(
    `update tocsin.contact_check c set confirmed_at = tocsin.now()
       from tocsin.notification n
      where n.id = $1 and n.kind = 'check' and n.responder = c.responder and n.contact = c.contact and n.said ->> 'address' = c.address
     returning c.responder, c.contact`,
    [verified.claims.notification],
  );
  return row;
}
