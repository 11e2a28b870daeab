/** Who was told of an incident, and how each attempt went: what the API and the console show. */
import type { Query } from '../database/index.js';
import type { NotificationKind, NotificationState } from './notification.js';
import type { ChannelName } from './plan.js';

export interface Attempt {
  readonly at: Date;
  readonly outcome: 'sent' | 'retry' | 'refused';
  readonly reason?: string;
  readonly ms: number;
}

export interface ListedNotification {
  readonly id: string;
  readonly kind: NotificationKind;
  /** The e-mail address; for other channels the responder and contact by name, as an address may hold a secret. */
  readonly to: string;
  readonly responder: string;
  readonly channel: ChannelName;
  readonly step: number;
  readonly round: number;
  readonly state: NotificationState;
  /** Of a page that went out in a bundle: the bundle's id; its state and attempts are the bundle's. */
  readonly bundle?: string;
  readonly attempts: readonly Attempt[];
}

const notificationsOfIncident = `
  select n.id, n.kind, n.responder, n.contact, n.channel, n.step, n.round, n.bundle,
         case when n.state = 'bundled' then b.state else n.state end as state,
         case when n.channel <> 'email' then null
              when n.kind = 'update' then (
                select c ->> 'address' from jsonb_array_elements(p.plan -> 'stakeholders' -> n.responder -> 'contacts') c
                 where c ->> 'name' = n.contact)
              else (
                select c ->> 'address' from jsonb_array_elements(p.plan -> 'responders' -> n.responder -> 'contacts') c
                 where c ->> 'name' = n.contact) end as address,
         (select coalesce(jsonb_agg(jsonb_build_object('at', a.at, 'outcome', a.outcome, 'reason', a.reason, 'ms', a.ms)
                                    order by a.attempt), '[]')
            from tocsin.delivery_attempt a
           where a.notification = coalesce(n.bundle, n.id)) as attempts
    from tocsin.notification n
    left join tocsin.paging_plan p on p.hash = n.plan
    left join tocsin.notification b on b.id = n.bundle
   where n.incident = $1
   order by n.created_at, n.round, n.step, n.responder, n.contact`;

interface Row {
  readonly id: string;
  readonly kind: NotificationKind;
  readonly responder: string;
  readonly contact: string;
  readonly channel: ChannelName;
  readonly step: number;
  readonly round: number;
  readonly state: NotificationState;
  readonly bundle: string | null;
  readonly address: string | null;
  readonly attempts: readonly { at: string; outcome: Attempt['outcome']; reason: string | null; ms: number }[];
}

export async function readNotifications(query: Query, incident: string): Promise<ListedNotification[]> {
  const rows = await query.query<Row>(notificationsOfIncident, [incident]);
  return rows.map(({ contact, address, bundle, attempts, ...row }) => ({
    ...row,
    to: address ?? `${row.responder} (${contact})`,
    ...(bundle !== null && { bundle }),
    attempts: attempts.map(({ at, outcome, reason, ms }) => ({
      at: new Date(at),
      outcome,
      ms,
      ...(reason !== null && { reason }),
    })),
  }));
}
