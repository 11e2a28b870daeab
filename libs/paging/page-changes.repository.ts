/** What acts of people do to an escalation and its pages, statement by statement; responding.repository.ts decides which. */
import type { Tx } from '../database/index.js';
import type { Actor, Incidents } from '../incidents/index.js';
import type { PagedIncident } from './match.js';
import { stakeholderNotices, type NewNotification } from './notices.js';
import { pagerChannel, stepsDue, type Pages } from './pages.repository.js';
import type { ChannelName, Plan } from './plan.js';

const lockEscalation = `
  select incident, about, plan, policy, round, step, state, severity from tocsin.escalation where incident = $1 for update`;

// What waits is cancelled, also inside a bundle that waits; what is claimed counts as on the wire and is told apart.
const cancelPages = `
  with cancelled as (
    update tocsin.notification n set state = 'cancelled'
     where n.incident = $1 and n.kind in ('page', 'fallback')
       and (n.state = 'waiting'
            or (n.state = 'bundled' and exists (select 1 from tocsin.notification b where b.id = n.bundle and b.state = 'waiting')))
    returning n.id)
  select (select count(*) from cancelled) as cancelled,
         (select count(*) from tocsin.notification n left join tocsin.notification b on b.id = n.bundle
           where n.incident = $1 and n.kind in ('page', 'fallback') and coalesce(b.state, n.state) = 'claimed') as wire`;

const whoWasPaged = `
  select distinct n.responder, n.contact, n.channel
    from tocsin.notification n left join tocsin.notification b on b.id = n.bundle
   where n.incident = $1 and n.kind in ('page', 'fallback') and coalesce(b.state, n.state) in ('sent', 'claimed')`;

export interface LockedEscalation {
  readonly incident: string;
  readonly about: PagedIncident;
  readonly plan: string;
  readonly policy: string;
  readonly round: number;
  readonly step: number;
  readonly state: string;
  readonly severity: number;
}

export class PageChanges {
  constructor(
    private readonly incidents: Incidents,
    private readonly pages: Pages,
  ) {}

  /** Lock the incident before it. */
  async lock(tx: Tx, id: string): Promise<LockedEscalation | undefined> {
    return (await tx.query<LockedEscalation>(lockEscalation, [id]))[0];
  }

  /** The plan it was stamped with. */
  async planOf(tx: Tx, escalation: LockedEscalation): Promise<Plan | undefined> {
    return (await this.pages.plans.byHash(tx, [escalation.plan])).get(escalation.plan);
  }

  /** Cancels what waits and counts what is on the wire; the timeline tells both. */
  async cancel(tx: Tx, id: string): Promise<{ cancelled: number; onTheWire: number }> {
    const [row] = await tx.query<{ cancelled: number; wire: number }>(cancelPages, [id]);
    const { cancelled, wire } = row ?? { cancelled: 0, wire: 0 };
    if (cancelled + wire > 0) {
      const what = `pages cancelled: ${cancelled}; already on the wire: ${wire}`;
      await this.incidents.append(tx, [
        { incident: id, who: 'tocsin', what, details: { cancelled, on_the_wire: wire } },
      ]);
    }
    return { cancelled, onTheWire: wire };
  }

  /** A new round from the first step, due now. */
  async pageAnew(tx: Tx, id: string, next: { policy: string; assigned: readonly string[] }): Promise<void> {
    await tx.query(
      `update tocsin.escalation
          set round = round + 1, step = 0, state = 'paging', due_at = $2, policy = $3, assigned = $4, held_why = null, leader = null, once = false
        where incident = $1`,
      [id, tx.now, next.policy, next.assigned],
    );
    await this.cancel(tx, id);
    await tx.query(`select pg_notify($1, $2)`, [pagerChannel, stepsDue]);
  }

  /** Those who were paged, and stakeholders, hear that it is over. */
  async tellResolved(
    tx: Tx,
    { about, plan: hash, round, severity }: LockedEscalation,
    plan: Plan,
    text?: string,
  ): Promise<void> {
    const now = tx.now.getTime();
    const paged = plan.resolved_notice
      ? await tx.query<{ responder: string; contact: string; channel: ChannelName }>(whoWasPaged, [about.id])
      : [];
    const said = text === undefined ? {} : { said: { text } };
    const notices: NewNotification[] = paged.map((one) => ({
      ...one,
      ...said,
      kind: 'resolved',
      incident: about.id,
      round,
      step: 1,
      plan: hash,
      severity,
      dueAt: now,
    }));
    const ended = `Incident ${about.number} is over: ${text ?? 'resolved'}.`;
    await this.pages.notify(tx, [...notices, ...stakeholderNotices(about, plan, hash, now, 'resolved', round, ended)]);
  }

  /** Whoever acknowledges takes the first role of the severity, unless somebody has it. */
  async takeRole(tx: Tx, id: string, role: string | undefined, actor: Actor): Promise<void> {
    if (role === undefined) return;
    await tx.query(
      `insert into tocsin.incident_role (incident, role, responder, given_at, given_by) values ($1, $2, $3, $4, 'tocsin') on conflict do nothing`,
      [id, role, actor.who, tx.now],
    );
  }
}
