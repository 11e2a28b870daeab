/**
 * What a person does about an incident, and what it does to its pages, in one transaction: the incident's life cycle
 * decides whether it may be, and pages not yet on the wire are cancelled with it. The api, the acknowledge link, a
 * reply and a chat button all come through here.
 */
import { isRetryable, type Database, type Tx } from '../database/index.js';
import {
  isWorse,
  type Actor,
  type Decision,
  type Incident,
  type Incidents,
  type Severity,
} from '../incidents/index.js';
import { forgottenAt, policyOf, tell } from './escalation.js';
import { pagedIncident, stakeholderNotices } from './notices.js';
import { PageChanges, type LockedEscalation } from './page-changes.repository.js';
import { pagerChannel, stepsDue, type Pages } from './pages.repository.js';
import { rankOf, type Plan, type StampedPlan } from './plan.js';

export type Acted =
  | { readonly outcome: 'done'; readonly incident: Incident; readonly cancelled: number; readonly onTheWire: number }
  /** Nothing changed, and nothing is wrong: `incident` says who was first and when. */
  | { readonly outcome: 'already'; readonly incident: Incident }
  | {
      readonly outcome: 'refused';
      readonly incident: Incident;
      readonly reason: string;
      /** The round that was answered is over: a later one has begun. */
      readonly moved?: true;
    }
  | { readonly outcome: 'missing' };

export class Responding {
  private readonly changes: PageChanges;

  /** `currentPlan` is asked when an incident begins to be paged anew; all else goes by the plan it was stamped with. */
  constructor(
    private readonly database: Database,
    private readonly incidents: Incidents,
    private readonly pages: Pages,
    private readonly currentPlan: () => StampedPlan,
  ) {
    this.changes = new PageChanges(incidents, pages);
  }

  /** A second acknowledgement says who was first; of an incident that was paged again, it is a new one. Refused where `round` is over. */
  async acknowledge(id: string, actor: Actor, round?: number): Promise<Acted> {
    return this.run((tx) => this.acknowledgeIn(tx, id, actor, round));
  }

  /** The same inside a transaction of the caller's. */
  async acknowledgeIn(tx: Tx, id: string, actor: Actor, round?: number): Promise<Acted> {
    const moved = await this.movedOn(tx, id, round);
    if (moved) return moved;
    const decision = await this.incidents.acknowledge(tx, id, actor);
    if (!decision || decision.outcome === 'refused') return actedOf(decision);
    const escalation = await this.changes.lock(tx, id);
    const again =
      decision.incident.status === 'acknowledged' &&
      escalation &&
      ['paging', 'held', 'snoozed', 'exhausted'].includes(escalation.state);
    if (decision.outcome === 'already' && !again) return actedOf(decision);
    if (!escalation) return actedOf(decision);
    const plan = await this.changes.planOf(tx, escalation);
    const due = plan && forgottenAt(decision.incident.severity, plan, tx.now.getTime());
    await tx.query(
      `update tocsin.escalation set state = 'acknowledged', acknowledged_at = $2, acknowledged_by = $3, due_at = $4, held_why = null
        where incident = $1`,
      [id, tx.now, actor.who, due === undefined ? null : new Date(due)],
    );
    if (decision.outcome === 'already') {
      await this.incidents.append(tx, [
        { incident: id, ...actor, what: 'acknowledged again', details: { round: escalation.round } },
      ]);
    }
    const told = await this.changes.cancel(tx, id);
    await this.changes.takeRole(tx, id, plan?.severities[decision.incident.severity]?.roles[0], actor);
    await this.acknowledgeFollowers(tx, id, decision.incident.number, actor);
    const incident =
      decision.outcome === 'already'
        ? { ...decision.incident, acknowledgedBy: actor.who, acknowledgedAt: tx.now }
        : decision.incident;
    return { outcome: 'done', incident, ...told };
  }

  async resolve(id: string, resolution: string, actor: Actor, round?: number): Promise<Acted> {
    return this.run(
      async (tx) => (await this.movedOn(tx, id, round)) ?? (await this.resolveIn(tx, id, resolution, actor)),
    );
  }

  async resolveIn(tx: Tx, id: string, resolution: string, actor: Actor): Promise<Acted> {
    return this.end(tx, await this.incidents.resolve(tx, id, resolution, actor), 'resolved', resolution);
  }

  async markFalse(id: string, actor: Actor): Promise<Acted> {
    return this.run(async (tx) =>
      this.end(tx, await this.incidents.markFalse(tx, id, actor), 'resolved', 'false alarm'),
    );
  }

  async merge(id: string, into: string, actor: Actor): Promise<Acted> {
    return this.run(async (tx) => this.end(tx, await this.incidents.merge(tx, id, into, actor), 'merged'));
  }

  /** True when the link is new. */
  async link(id: string, other: string, actor: Actor): Promise<boolean | undefined> {
    return this.database.transaction((tx) => this.incidents.link(tx, id, other, actor));
  }

  /** Open again, paged anew by the plan now in force. */
  async reopen(id: string, actor: Actor): Promise<Acted> {
    return this.run(async (tx) => {
      const decision = await this.incidents.reopen(tx, id, actor);
      if (decision?.outcome === 'changed')
        await this.pages.openEscalations(tx, [decision.incident], this.currentPlan());
      return actedOf(decision);
    });
  }

  /** More severe than before: paged anew from the first step. */
  async setSeverity(id: string, severity: Severity, actor: Actor): Promise<Acted> {
    return this.run(async (tx) => {
      const before = await this.incidents.lock(tx, id);
      const decision = await this.incidents.setSeverity(tx, id, severity, actor);
      if (!before || decision?.outcome !== 'changed' || decision.incident.status === 'resolved')
        return actedOf(decision);
      const escalation = await this.changes.lock(tx, id);
      if (!escalation) {
        if (decision.incident.status === 'open')
          await this.pages.openEscalations(tx, [decision.incident], this.currentPlan());
        return actedOf(decision);
      }
      const about = { ...escalation.about, severity };
      const plan = await this.changes.planOf(tx, escalation);
      const policy = (plan && policyOf(about, plan)) ?? escalation.policy;
      await tx.query(`update tocsin.escalation set about = $2, severity = $3 where incident = $1`, [
        id,
        JSON.stringify(about),
        rankOf(severity),
      ]);
      if (isWorse(severity, before.severity)) await this.changes.pageAnew(tx, id, { policy, assigned: [] });
      return actedOf(decision);
    });
  }

  /** Nobody is paged until then; afterwards a new round begins, unless it was resolved. */
  async snooze(id: string, until: Date, actor: Actor): Promise<Acted> {
    return this.arrange(id, async (tx, incident, escalation) => {
      if (until <= tx.now) return `found ${until.toISOString()}, wanted a time to come`;
      await tx.query(
        `update tocsin.escalation set state = 'snoozed', due_at = $2, held_why = null where incident = $1`,
        [escalation.incident, until],
      );
      await this.say(tx, incident.id, actor, `snoozed until ${until.toISOString()}`);
      return undefined;
    });
  }

  /** A new round that begins with these people, and goes on with the policy's steps where they do not answer. */
  async reassign(id: string, responders: readonly string[], actor: Actor): Promise<Acted> {
    return this.arrange(
      id,
      async (tx, incident, escalation) => {
        const refusal = this.unknownResponders(await this.changes.planOf(tx, escalation), responders);
        if (refusal) return refusal;
        await this.changes.pageAnew(tx, id, { policy: escalation.policy, assigned: responders });
        await this.say(tx, incident.id, actor, `reassigned to ${responders.join(', ')}`);
        return undefined;
      },
      false,
    );
  }

  /** The next step now. */
  async escalateNow(id: string, actor: Actor): Promise<Acted> {
    return this.arrange(
      id,
      async (tx, incident, escalation) => {
        if (escalation.state === 'exhausted') return 'every step is exhausted already: add a responder, or reassign it';
        await tx.query(
          `update tocsin.escalation set state = 'paging', due_at = $2, held_why = null where incident = $1`,
          [id, tx.now],
        );
        await tx.query(`select pg_notify($1, $2)`, [pagerChannel, stepsDue]);
        await this.say(tx, incident.id, actor, 'escalated to the next step');
        return undefined;
      },
      false,
    );
  }

  /** One more person is told now, whatever the escalation's state; nobody else is. */
  async addResponder(id: string, responder: string, actor: Actor): Promise<Acted> {
    return this.arrange(
      id,
      async (tx, incident, escalation) => {
        const plan = await this.changes.planOf(tx, escalation);
        const refusal = this.unknownResponders(plan, [responder]);
        if (refusal || !plan) return refusal ?? 'its plan is not stored';
        const { notices } = tell([{ responder }], plan, incident.severity, tx.now.getTime());
        await this.pages.notify(
          tx,
          notices.map(({ at, ...notice }) => ({
            ...notice,
            kind: 'page' as const,
            incident: id,
            round: escalation.round,
            step: 0,
            plan: escalation.plan,
            severity: escalation.severity,
            dueAt: at,
            said: { added: true },
          })),
        );
        await this.say(tx, incident.id, actor, `${responder} added`);
        return undefined;
      },
      false,
    );
  }

  /** A note counts as an update: the incident is not forgotten. With `stakeholders`, they are told its text. */
  async note(
    id: string,
    text: string,
    actor: Pick<Actor, 'who'>,
    options: { readonly stakeholders?: boolean } = {},
  ): Promise<Acted> {
    return this.run(async (tx) => {
      const decision = await this.incidents.note(tx, id, { who: actor.who, why: text });
      if (decision?.outcome !== 'changed') return actedOf(decision);
      const escalation = await this.changes.lock(tx, id);
      const plan = escalation && (await this.changes.planOf(tx, escalation));
      if (!escalation || !plan) return actedOf(decision);
      if (escalation.state === 'acknowledged') {
        const due = forgottenAt(decision.incident.severity, plan, tx.now.getTime());
        await tx.query(`update tocsin.escalation set due_at = $2 where incident = $1`, [
          id,
          due === undefined ? null : new Date(due),
        ]);
      }
      if (options.stakeholders) {
        const about = pagedIncident(decision.incident);
        await this.pages.notify(
          tx,
          stakeholderNotices(about, plan, escalation.plan, tx.now.getTime(), 'update', escalation.round, text),
        );
      }
      return actedOf(decision);
    });
  }

  async giveRole(id: string, role: string, responder: string, actor: Actor): Promise<Acted> {
    return this.arrange(
      id,
      async (tx, incident) => {
        await tx.query(
          `insert into tocsin.incident_role (incident, role, responder, given_at, given_by) values ($1, $2, $3, $4, $5)
         on conflict (incident, role) do update set responder = excluded.responder, given_at = excluded.given_at, given_by = excluded.given_by`,
          [id, role, responder, tx.now, actor.who],
        );
        await this.say(tx, incident.id, actor, `${role}: ${responder}`);
        return undefined;
      },
      false,
    );
  }

  async finishTask(id: string, number: number, actor: Actor): Promise<Acted> {
    return this.run(async (tx) => {
      const incident = await this.incidents.lock(tx, id);
      if (!incident) return { outcome: 'missing' };
      const [task] = await tx.query<{ title: string }>(
        `update tocsin.incident_task set done_at = $3, done_by = $4 where incident = $1 and number = $2 and done_at is null returning title`,
        [id, number, tx.now, actor.who],
      );
      if (!task) return { outcome: 'already', incident };
      await this.say(tx, id, actor, `task done: ${task.title}`);
      return { outcome: 'done', incident, cancelled: 0, onTheWire: 0 };
    });
  }

  /** Lost races run again: a growing incident or a step that is being written may be in the way for a moment. */
  private async run(work: (tx: Tx) => Promise<Acted>): Promise<Acted> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.database.transaction(work);
      } catch (error) {
        if (!isRetryable(error) || attempt === 5) throw error;
      }
    }
  }

  /** For what leaves the incident itself as it is: its escalation locked, `work` answers why it cannot be. */
  private arrange(
    id: string,
    work: (tx: Tx, incident: Incident, escalation: LockedEscalation) => Promise<string | undefined>,
    cancels = true,
  ): Promise<Acted> {
    return this.run(async (tx) => {
      const incident = await this.incidents.lock(tx, id);
      if (!incident) return { outcome: 'missing' };
      if (incident.status === 'resolved')
        return { outcome: 'refused', incident, reason: 'it is resolved: re-open it first' };
      const escalation = await this.changes.lock(tx, id);
      if (!escalation)
        return { outcome: 'refused', incident, reason: 'it pages nobody: its severity is only listed; raise it first' };
      const reason = await work(tx, incident, escalation);
      if (reason !== undefined) return { outcome: 'refused', incident, reason };
      return {
        outcome: 'done',
        incident,
        ...(cancels ? await this.changes.cancel(tx, id) : { cancelled: 0, onTheWire: 0 }),
      };
    });
  }

  private async end(
    tx: Tx,
    decision: Decision | undefined,
    state: 'resolved' | 'merged',
    text?: string,
  ): Promise<Acted> {
    if (decision?.outcome !== 'changed') return actedOf(decision);
    const { id } = decision.incident;
    const escalation = await this.changes.lock(tx, id);
    if (!escalation) return actedOf(decision);
    await tx.query(
      `update tocsin.escalation set state = $2, due_at = null, held_why = null, leader = null, ended_at = $3 where incident = $1`,
      [id, state, tx.now],
    );
    // What was held back because of this one is looked at again now.
    await tx.query(`update tocsin.escalation set due_at = $2, leader = null where leader = $1 and state = 'held'`, [
      id,
      tx.now,
    ]);
    const told = await this.changes.cancel(tx, id);
    const plan = await this.changes.planOf(tx, escalation);
    if (state === 'resolved' && plan) await this.changes.tellResolved(tx, escalation, plan, text);
    return { outcome: 'done', incident: decision.incident, ...told };
  }

  private async acknowledgeFollowers(tx: Tx, leader: string, number: number, actor: Actor): Promise<void> {
    const followers = await tx.query<{ incident: string }>(
      `select incident from tocsin.escalation where leader = $1 and state = 'held' order by incident`,
      [leader],
    );
    for (const { incident } of followers)
      await this.acknowledgeIn(tx, incident, { who: actor.who, why: `grouped with incident ${number}` });
  }

  /** Asked under the locks of the incident and its escalation, so that no round begins in between. */
  private async movedOn(tx: Tx, id: string, round: number | undefined): Promise<Acted | undefined> {
    if (round === undefined) return undefined;
    const incident = await this.incidents.lock(tx, id);
    if (!incident || (await this.changes.lock(tx, id))?.round === round) return undefined;
    return { outcome: 'refused', incident, reason: `round ${round} of its pages is over`, moved: true };
  }

  private unknownResponders(plan: Plan | undefined, responders: readonly string[]): string | undefined {
    if (!plan) return 'its plan is not stored';
    if (responders.length === 0) return 'found nobody, wanted one responder at least';
    const unknown = responders.find((one) => !(one in plan.responders));
    return unknown && `found the responder "${unknown}", wanted one of ${Object.keys(plan.responders).join(', ')}`;
  }

  private async say(tx: Tx, incident: string, actor: Actor, what: string): Promise<void> {
    await this.incidents.append(tx, [{ incident, ...actor, what }]);
  }
}

function actedOf(decision: Decision | undefined): Acted {
  if (!decision) return { outcome: 'missing' };
  const { incident } = decision;
  switch (decision.outcome) {
    case 'changed':
      return { outcome: 'done', incident, cancelled: 0, onTheWire: 0 };
    case 'already':
      return { outcome: 'already', incident };
    case 'refused':
      return { outcome: 'refused', incident, reason: decision.reason };
  }
}
