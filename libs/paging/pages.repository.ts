/**
 * Escalations and their notifications in the database: begun with the incident, driven when due. Each step is decided
 * by escalation.ts and written with its notifications in one transaction, so a pager that is killed between steps
 * changes none.
 */
import {
  booleanArray,
  jsonArray,
  numberArray,
  textArray,
  timestampArray,
  type Query,
  type Tx,
} from '../database/index.js';
import type { Incident, Incidents } from '../incidents/index.js';
import { logger, counter } from '../telemetry/index.js';
import { arrangementsAt, asArranged, comparesOpen, type Arrangements } from './arrangements.repository.js';
import { beginEscalation, nextStep, type Escalation, type EscalationState, type Step } from './escalation.js';
import type { PagedIncident } from './match.js';
import { notificationsOf, pagedIncident, stakeholderNotices, timelineOf, type NewNotification } from './notices.js';
import { laneOf, notificationId } from './notification.js';
import { rankOf, type Plan, type StampedPlan } from './plan.js';
import { Plans } from './plans.repository.js';
import { holdOf, type OpenPage } from './silence.js';
import { readNotifications, type ListedNotification } from './notifications.repository.js';

const log = logger('paging');
const stepsTold = counter('tocsin_escalation_steps_total', 'Escalation steps by what came of them.', ['kind']);

/** Heard by every pager; what is due stands in the tables. */
export const pagerChannel = 'tocsin_pager';
/** The payload where an escalation was made due now; else it is the lane of what waits, empty for both. */
export const stepsDue = 'steps';

const insertEscalations = `
  with told as (
    insert into tocsin.escalation as e (incident, about, severity, plan, policy, round, step, state, due_at, once, opened_at, held_why, leader)
    select * from unnest($1::text[], $2::jsonb[], $3::smallint[], $4::text[], $5::text[], $6::integer[], $7::integer[],
                         $8::text[], $9::timestamptz[], $10::boolean[], $11::timestamptz[], $12::text[], $13::text[])
    on conflict (incident) do update
       set about = excluded.about, severity = excluded.severity, plan = excluded.plan, policy = excluded.policy,
           round = excluded.round, step = excluded.step, state = excluded.state, due_at = excluded.due_at,
           assigned = '{}', once = excluded.once, opened_at = excluded.opened_at, held_why = excluded.held_why,
           leader = excluded.leader, acknowledged_at = null, acknowledged_by = null, ended_at = null
     where e.round < excluded.round
    returning incident, state)
  select incident from told`;

// One NOTIFY a transaction at most, and none where nothing is due: NOTIFY makes commits queue behind one another.
const insertNotifications = `
  with fresh as (
    insert into tocsin.notification (id, kind, incident, round, step, responder, contact, channel, lane, plan, severity, due_at, said, state, created_at)
    select n.*, 'waiting', $14::timestamptz
      from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::text[],
                  $9::text[], $10::text[], $11::smallint[], $12::timestamptz[], $13::jsonb[]) n
    on conflict (id) do nothing
    returning lane)
  select count(*) as fresh,
         case when count(*) > 0 and $15 then
           pg_notify('${pagerChannel}', case when bool_and(lane = 'mail') then 'mail' when bool_and(lane = 'http') then 'http' else '' end)
         end
    from fresh`;

// The incident is locked as its own writers lock it, before the escalation; what somebody else holds is left to them.
const lockDue = `
  select e.incident, e.about, e.plan, e.policy, e.round, e.step, e.state, e.due_at, e.assigned, e.once
    from tocsin.escalation e
    join tocsin.incident i on i.id = e.incident
   where e.due_at <= (select tocsin.now())
   order by e.due_at
   limit $1
     for update of e skip locked
     for key share of i skip locked`;

const storeSteps = `
  update tocsin.escalation e
     set round = s.round, step = s.step, state = s.state, due_at = s.due_at, held_why = s.held_why, leader = s.leader,
         assigned = case when s.round = e.round then e.assigned else '{}' end
    from unnest($1::text[], $2::integer[], $3::integer[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
         as s (incident, round, step, state, due_at, held_why, leader)
   where e.incident = s.incident`;

// A new round voids the pages of the one before: those not yet claimed are not sent.
const cancelOlderRounds = `
  update tocsin.notification n set state = 'cancelled'
    from unnest($1::text[], $2::integer[]) as r (incident, round)
   where n.incident = r.incident and n.round < r.round and n.state = 'waiting' and n.kind in ('page', 'fallback')`;

export interface EscalationRow {
  readonly incident: string;
  readonly about: PagedIncident;
  readonly plan: string;
  readonly policy: string;
  readonly round: number;
  readonly step: number;
  readonly state: EscalationState;
  readonly due_at: Date | null;
  readonly assigned: string[];
  readonly once: boolean;
}

export class Pages {
  constructor(
    private readonly incidents: Incidents,
    readonly plans: Plans = new Plans(),
  ) {}

  /**
   * Begins the escalation of incidents just opened, re-opened or turned worse, in the transaction that did it: first
   * steps are told at once, so the pager has nothing to decide before it sends. One that is escalated already begins a
   * new round where it was re-opened or is graver than before, and is left alone otherwise. Answers how many
   * notifications were written. Call it last: its NOTIFY is the transaction's only one.
   */
  async openEscalations(tx: Tx, opened: readonly Incident[], stamped: StampedPlan): Promise<number> {
    if (opened.length === 0) return 0;
    const now = tx.now.getTime();
    const begun = opened
      .filter(({ status, kind }) => status !== 'resolved' && kind !== 'synthetic')
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .flatMap((incident) => beginEscalation(pagedIncident(incident), stamped.plan, now) ?? []);
    await this.openTasks(tx, opened, stamped.plan);
    if (begun.length === 0) return 0;
    await this.plans.remember(tx, stamped);
    const arranged = await arrangementsAt(tx, tx.now, { open: comparesOpen(stamped.plan) });
    const plan = asArranged(stamped.plan, arranged);
    const standing = await this.standingOf(tx, begun);
    const open: OpenPage[] = [...arranged.open];
    const steps = begun.flatMap((first) => {
      const before = standing.get(first.incident.id);
      if (before && !beginsAnew(first.incident, before)) return [];
      const escalation = { ...first, round: (before?.round ?? 0) + 1 };
      const hold = holdOf(escalation.incident, plan, arranged.silences, open, now);
      open.push({ incident: escalation.incident, paging: !hold });
      const step = nextStep(escalation, plan, now, hold);
      return step ? [{ escalation, step, leader: hold?.kind === 'grouped' ? hold.leader : undefined }] : [];
    });
    if (steps.length === 0) return 0;
    await tx.query(insertEscalations, [
      textArray(steps.map(({ escalation }) => escalation.incident.id)),
      jsonArray(steps.map(({ escalation }) => escalation.incident)),
      numberArray(steps.map(({ escalation }) => rankOf(escalation.incident.severity))),
      textArray(steps.map(() => stamped.hash)),
      textArray(steps.map(({ escalation }) => escalation.policy)),
      numberArray(steps.map(({ step }) => step.round)),
      numberArray(steps.map(({ step }) => step.step)),
      textArray(steps.map(({ step }) => step.state)),
      timestampArray(steps.map(({ step }) => step.dueAt)),
      booleanArray(steps.map(({ escalation }) => escalation.once)),
      timestampArray(steps.map(() => now)),
      textArray(steps.map(({ step }) => (step.kind === 'hold' ? step.why : undefined))),
      textArray(steps.map(({ leader }) => leader)),
    ]);
    if (standing.size > 0) {
      await tx.query(cancelOlderRounds, [
        textArray(steps.map(({ escalation }) => escalation.incident.id)),
        numberArray(steps.map(({ step }) => step.round)),
      ]);
    }
    await this.incidents.append(
      tx,
      steps.map(({ escalation, step }) => timelineOf(escalation.incident, step)),
    );
    const written = [
      ...steps.flatMap(({ escalation, step }) => notificationsOf(escalation, step, stamped.hash)),
      ...steps.flatMap(({ escalation }) =>
        stakeholderNotices(escalation.incident, plan, stamped.hash, now, 'opened', escalation.round),
      ),
    ];
    for (const { step } of steps) stepsTold.inc({ kind: step.kind });
    return this.notify(tx, written);
  }

  /**
   * Drives up to `limit` escalations that are due. Answers how many there were; call it again while that is `limit`.
   */
  async driveDue(tx: Tx, limit = 64): Promise<{ readonly driven: number; readonly told: number }> {
    const rows = await tx.query<EscalationRow>(lockDue, [limit]);
    if (rows.length === 0) return { driven: 0, told: 0 };
    const plans = await this.plans.byHash(
      tx,
      rows.map(({ plan }) => plan),
    );
    const arranged = await arrangementsAt(tx, tx.now, { open: [...plans.values()].some(comparesOpen) });
    const driven = rows.flatMap((row) => this.drive(row, plans, arranged, tx.now.getTime()));
    await tx.query(storeSteps, [
      textArray(driven.map(({ row }) => row.incident)),
      numberArray(driven.map(({ step }) => step.round)),
      numberArray(driven.map(({ step }) => step.step)),
      textArray(driven.map(({ step }) => step.state)),
      timestampArray(driven.map(({ step }) => step.dueAt)),
      textArray(driven.map(({ step }) => (step.kind === 'hold' ? step.why : undefined))),
      textArray(driven.map(({ leader }) => leader)),
    ]);
    const renewed = driven.filter(({ row, step }) => step.round > row.round);
    if (renewed.length > 0) {
      await tx.query(cancelOlderRounds, [
        textArray(renewed.map(({ row }) => row.incident)),
        numberArray(renewed.map(({ step }) => step.round)),
      ]);
    }
    // Looking again at what is still held is no news.
    const news = driven.filter(({ row, step }) => !(step.kind === 'hold' && row.state === 'held'));
    await this.incidents.append(
      tx,
      news.map(({ row, step }) => timelineOf(row.about, step)),
    );
    for (const { row, step } of news) {
      stepsTold.inc({ kind: step.kind });
      if (step.kind === 'exhausted')
        log.error(
          { incident: row.about.number, round: step.round },
          'every escalation step is exhausted and nobody acknowledged',
        );
    }
    const told = await this.notify(
      tx,
      driven.flatMap(({ row, step }) => notificationsOf(escalationOf(row), step, row.plan)),
    );
    return { driven: rows.length, told };
  }

  private drive(
    row: EscalationRow,
    plans: ReadonlyMap<string, Plan>,
    arranged: Arrangements,
    now: number,
  ): { row: EscalationRow; step: Step; leader?: string | undefined }[] {
    const stamped = plans.get(row.plan);
    if (!stamped)
      throw new Error(`escalation of incident ${row.about.number} names plan ${row.plan}, which is not stored`);
    const plan = asArranged(stamped, arranged);
    const hold =
      row.state === 'paging' || row.state === 'acknowledged'
        ? undefined
        : holdOf(row.about, plan, arranged.silences, arranged.open, now);
    const step = nextStep(escalationOf(row), plan, now, hold);
    return step ? [{ row, step, leader: hold?.kind === 'grouped' ? hold.leader : undefined }] : [];
  }

  /** Writes notifications, each once whatever is asked how often, and wakes the pagers. Answers how many were new. */
  async notify(tx: Tx, notifications: readonly NewNotification[], wake = true): Promise<number> {
    if (notifications.length === 0) return 0;
    const rows = notifications
      .map((one) => ({
        id: notificationId(one.incident ?? '', one.kind, one.round, one.step, one.responder, one.contact),
        ...one,
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const [answer] = await tx.query<{ fresh: number }>(insertNotifications, [
      textArray(rows.map(({ id }) => id)),
      textArray(rows.map(({ kind }) => kind)),
      textArray(rows.map(({ incident }) => incident)),
      numberArray(rows.map(({ round }) => round)),
      numberArray(rows.map(({ step }) => step)),
      textArray(rows.map(({ responder }) => responder)),
      textArray(rows.map(({ contact }) => contact)),
      textArray(rows.map(({ channel }) => channel)),
      textArray(rows.map(({ channel }) => laneOf(channel))),
      textArray(rows.map(({ plan }) => plan)),
      numberArray(rows.map(({ severity }) => severity)),
      timestampArray(rows.map(({ dueAt }) => dueAt)),
      jsonArray(rows.map(({ said }) => said)),
      tx.now,
      wake,
    ]);
    return answer?.fresh ?? 0;
  }

  /** Everybody told of an incident, with every attempt; in order of writing. */
  async notifications(query: Query, incident: string): Promise<ListedNotification[]> {
    return readNotifications(query, incident);
  }

  private async standingOf(tx: Tx, begun: readonly Escalation[]): Promise<ReadonlyMap<string, Standing>> {
    const rows = await tx.query<Standing & { incident: string }>(
      'select incident, about, round, ended_at is not null as ended from tocsin.escalation where incident = any($1)',
      [begun.map(({ incident }) => incident.id)],
    );
    return new Map(rows.map((row) => [row.incident, row]));
  }

  private async openTasks(tx: Tx, opened: readonly Incident[], plan: Plan): Promise<void> {
    const tasks = opened.flatMap(({ id, severity, round }) =>
      round > 1
        ? []
        : (plan.severities[severity]?.tasks ?? []).map((task, index) => ({ id, number: index + 1, ...task })),
    );
    if (tasks.length === 0) return;
    await tx.query(
      `insert into tocsin.incident_task (incident, number, title, role)
       select * from unnest($1::text[], $2::integer[], $3::text[], $4::text[]) on conflict do nothing`,
      [
        textArray(tasks.map(({ id }) => id)),
        numberArray(tasks.map(({ number }) => number)),
        textArray(tasks.map(({ title }) => title)),
        textArray(tasks.map(({ role }) => role)),
      ],
    );
  }
}

interface Standing {
  readonly about: PagedIncident;
  readonly round: number;
  readonly ended: boolean;
}

/** Re-opened since its last round, or graver than what was told. */
function beginsAnew(incident: PagedIncident, before: Standing): boolean {
  if (before.ended || (incident.round ?? 1) > (before.about.round ?? 1)) return true;
  return rankOf(incident.severity) < rankOf(before.about.severity);
}

export function escalationOf(row: EscalationRow): Escalation {
  return {
    incident: row.about,
    policy: row.policy,
    round: row.round,
    step: row.step,
    state: row.state,
    assigned: row.assigned,
    once: row.once,
    ...(row.due_at && { dueAt: row.due_at.getTime() }),
  };
}
