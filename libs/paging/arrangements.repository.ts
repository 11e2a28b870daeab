/** What people arrange while Tocsin runs: silences and overrides. They stand above whatever plan is stamped. */
import { randomUUID } from 'node:crypto';
import type { Query, Tx } from '../database/index.js';
import type { PagedIncident } from './match.js';
import type { Match, Plan } from './plan.js';
import type { OpenPage, Silence } from './silence.js';

export interface MadeOverride {
  readonly id: string;
  readonly schedule: string;
  /** Absent: nobody, on purpose. */
  readonly responder?: string;
  readonly from: Date;
  readonly to: Date;
  readonly reason?: string;
  readonly by: string;
}

export interface Arrangements {
  readonly silences: readonly Silence[];
  readonly overrides: readonly MadeOverride[];
  /** Empty unless asked for. */
  readonly open: readonly OpenPage[];
  /** Contact methods whose check was answered. */
  readonly confirmed: readonly (readonly [responder: string, contact: string])[];
}

// One round trip for all that a decision may need beside the plan.
const readArrangements = `
  select (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'match', s.match, 'from', s.from_at, 'to', s.to_at,
                                                       'reason', s.reason, 'by', s.made_by) order by s.made_at), '[]')
            from tocsin.silence s
           where s.from_at <= $1 and s.to_at > $1 and s.ended_at is null) as silences,
         (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'schedule', o.schedule, 'responder', o.responder,
                                                       'from', o.from_at, 'to', o.to_at, 'reason', o.reason,
                                                       'by', o.made_by) order by o.made_at, o.id), '[]')
            from tocsin.schedule_override o
           where o.from_at <= $2 and o.to_at > $1) as overrides,
         (select coalesce(jsonb_agg(jsonb_build_object('incident', e.about, 'state', e.state)), '[]')
            from tocsin.escalation e
           where $3 and e.ended_at is null) as open,
         (select coalesce(jsonb_agg(jsonb_build_array(c.responder, c.contact)), '[]')
            from tocsin.contact_check c
           where c.confirmed_at is not null) as confirmed`;

interface Row {
  readonly silences: readonly (Omit<Silence, 'from' | 'to'> & { from: string; to: string })[];
  readonly overrides: readonly {
    id: string;
    schedule: string;
    responder: string | null;
    from: string;
    to: string;
    reason: string | null;
    by: string;
  }[];
  readonly open: readonly { incident: PagedIncident; state: string }[];
  readonly confirmed: readonly [responder: string, contact: string][];
}

/** What is in force from `from` until `to` (by default one instant); open escalations only where a plan compares with them. */
export async function arrangementsAt(
  query: Query,
  from: Date,
  options: { readonly to?: Date; readonly open?: boolean } = {},
): Promise<Arrangements> {
  const [row] = await query.query<Row>(readArrangements, [from, options.to ?? from, options.open ?? false]);
  return {
    silences: (row?.silences ?? []).map((one) => ({ ...one, from: Date.parse(one.from), to: Date.parse(one.to) })),
    overrides: (row?.overrides ?? []).map(({ responder, reason, ...one }) => ({
      ...one,
      from: new Date(one.from),
      to: new Date(one.to),
      ...(responder !== null && { responder }),
      ...(reason !== null && { reason }),
    })),
    open: (row?.open ?? []).map(({ incident, state }) => ({
      incident,
      paging: state === 'paging' || state === 'acknowledged',
    })),
    confirmed: row?.confirmed ?? [],
  };
}

/** True where a plan's decisions need the open escalations. */
export function comparesOpen(plan: Plan): boolean {
  return plan.inhibition.length > 0 || plan.grouping.length > 0;
}

/** The plan with the overrides made since: each stands above those of the file. */
export function withOverrides(plan: Plan, overrides: readonly MadeOverride[]): Plan {
  if (overrides.length === 0) return plan;
  const schedules = Object.fromEntries(
    Object.entries(plan.schedules).map(([name, schedule]) => {
      const made = overrides
        .filter((one) => one.schedule === name)
        .map(({ responder, from, to, reason }) => ({
          ...(responder !== undefined && { responder }),
          from: from.toISOString(),
          to: to.toISOString(),
          ...(reason !== undefined && { reason }),
        }));
      return [name, made.length === 0 ? schedule : { ...schedule, overrides: [...schedule.overrides, ...made] }];
    }),
  );
  return { ...plan, schedules };
}

/** The plan as it stands now: overrides made since, and contact methods that were confirmed since. */
export function asArranged(plan: Plan, { overrides, confirmed }: Arrangements): Plan {
  const now = withOverrides(plan, overrides);
  const waiting = Object.values(plan.responders).some(({ contacts }) => contacts.some(({ verified }) => !verified));
  if (!waiting || confirmed.length === 0) return now;
  const answered = (responder: string, contact: string) =>
    confirmed.some((one) => one[0] === responder && one[1] === contact);
  const responders = Object.fromEntries(
    Object.entries(plan.responders).map(([name, responder]) => [
      name,
      {
        ...responder,
        contacts: responder.contacts.map((one) => (answered(name, one.name) ? { ...one, verified: true } : one)),
      },
    ]),
  );
  return { ...now, responders };
}

export interface NewSilence {
  readonly match: Match;
  readonly from?: Date;
  readonly to: Date;
  readonly reason: string;
  readonly by: string;
}

export async function addSilence(tx: Tx, silence: NewSilence): Promise<string> {
  const id = randomUUID();
  await tx.query(
    `insert into tocsin.silence (id, match, from_at, to_at, reason, made_by, made_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [id, JSON.stringify(silence.match), silence.from ?? tx.now, silence.to, silence.reason, silence.by, tx.now],
  );
  return id;
}

/** Ends a silence now; what it held back is looked at again at once. True where it was in force. */
export async function endSilence(tx: Tx, id: string, by: string): Promise<boolean> {
  const ended = await tx.execute(
    `update tocsin.silence set ended_at = $2, ended_by = $3 where id = $1 and ended_at is null and to_at > $2`,
    [id, tx.now, by],
  );
  if (ended === 0) return false;
  await tx.query(`update tocsin.escalation set due_at = $1 where state = 'held'`, [tx.now]);
  return true;
}

/** Adds or, by its id, replaces an override. */
export async function addOverride(tx: Tx, override: MadeOverride): Promise<void> {
  await tx.query(
    `insert into tocsin.schedule_override (id, schedule, responder, from_at, to_at, reason, made_by, made_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (id) do update
        set schedule = excluded.schedule, responder = excluded.responder, from_at = excluded.from_at,
            to_at = excluded.to_at, reason = excluded.reason, made_by = excluded.made_by, made_at = excluded.made_at`,
    [
      override.id,
      override.schedule,
      override.responder ?? null,
      override.from,
      override.to,
      override.reason ?? null,
      override.by,
      tx.now,
    ],
  );
}

export async function removeOverride(tx: Tx, id: string): Promise<boolean> {
  return (await tx.execute('delete from tocsin.schedule_override where id = $1', [id])) > 0;
}
