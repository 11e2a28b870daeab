/**
 * Incidents as people and other tools handle them: read, acknowledge, resolve, note and so on, and incidents without
 * findings. Each action locks its incident, lets lifecycle.ts decide, and writes incident and timeline together.
 */
import type { Query, Tx } from '../database/index.js';
import { decodeCursor, limitOf, pageOf, type Page, type PageRequest } from './cursor.js';
import { digest, incidentId, type Incident, type IncidentKind, type Severity, type Status } from './incident.js';
import { incidentOf, type IncidentRow } from './incident-row.js';
import { decide, type Action, type Decision } from './lifecycle.js';
import { appendTimeline } from './timeline.repository.js';
import type { Actor, NewTimelineEntry, TimelineEntry } from './timeline.js';

export interface IncidentFilter extends PageRequest {
  readonly status?: Status | undefined;
  readonly severity?: Severity | undefined;
  /** Opened at or after. */
  readonly since?: Date | undefined;
  /** Unless said, all but synthetic ones. */
  readonly kind?: IncidentKind | undefined;
}

export interface CountedIncident extends Incident {
  /** How many findings carry its id. */
  readonly findings: number;
}

/** An incident that has no findings: another tool's, or Tocsin's word about itself. */
export interface NewOther {
  readonly kind: Exclude<IncidentKind, 'detection'>;
  /** Names the one open incident of its kind; for external ones the dedup key, apart for each routing key. */
  readonly dedupKey: string;
  readonly title: string;
  readonly severity: Severity;
  /** Needed exactly for `external`. */
  readonly routingKey?: string;
  readonly detector?: string;
  readonly stage?: string;
  readonly model?: string;
  readonly key?: Readonly<Record<string, string>>;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly bundle?: string;
  /** Goes into the timeline: the other tool's name, or why Tocsin says so. */
  readonly actor: Actor;
}

const lockOne = `select * from tocsin.incident where id = $1 for update`;

// A merge takes two rows, always in the order of their ids.
const lockSome = `select * from tocsin.incident where id = any($1) order by id for update`;

// The incident and the open one of its key.
const lockKeyOf = `
  select i.* from tocsin.incident i
   where i.id = $1
      or (i.status <> 'resolved' and i.key_hash = (select key_hash from tocsin.incident where id = $1))
   order by i.id
     for update`;

const storeIncident = `
  update tocsin.incident
     set status = $2, severity = $3, round = $4, acknowledged_at = $5, acknowledged_by = $6,
         resolved_at = $7, resolved_by = $8, resolution = $9, merged_into = $10
   where id = $1`;

const moveFindings = `
  with moved as (select id from tocsin.finding where incident = $1 order by id for update)
  update tocsin.finding f set incident = $2 from moved where f.id = moved.id`;

const openOther = `
  insert into tocsin.incident (id, kind, title, status, severity, detector, key, key_hash, stage, model,
                               opened_at, event_at, routing_key, details, bundle)
  values ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)
  on conflict do nothing
  returning *`;

const countOfKey = `select count(*) as before from tocsin.incident where key_hash = $1`;

const openOfKey = `select * from tocsin.incident where key_hash = $1 and status <> 'resolved' for share`;

const listIncidents = `
  select i.*, (select count(*) from tocsin.finding f where f.incident = i.id) as findings
    from tocsin.incident i
   where ($1::text is null or i.status = $1)
     and ($2::text is null or i.severity = $2)
     and ($3::timestamptz is null or i.opened_at >= $3)
     and (case when $4::text is null then i.kind <> 'synthetic' else i.kind = $4 end)
     and ($5::bigint is null or i.number < $5)
   order by i.number desc
   limit $6`;

const getIncident = `
  select i.*, (select count(*) from tocsin.finding f where f.incident = i.id) as findings
    from tocsin.incident i
   where i.id = $1`;

const readTimeline = `
  select sequence, at, who, what, why, details
    from tocsin.incident_event
   where incident = $1 and ($2::bigint is null or sequence > $2)
   order by sequence
   limit $3`;

const readLinks = `
  select i.* from tocsin.incident_link l
    join tocsin.incident i on i.id = case when l.incident = $1 then l.other else l.incident end
   where $1 in (l.incident, l.other)
   order by i.number`;

export class Incidents {
  async list(query: Query, filter: IncidentFilter = {}): Promise<Page<CountedIncident>> {
    const limit = limitOf(filter);
    const after = decodeCursor(filter.cursor, ['number']);
    const rows = await query.query<IncidentRow & { findings: number }>(listIncidents, [
      filter.status ?? null,
      filter.severity ?? null,
      filter.since ?? null,
      filter.kind ?? null,
      after?.[0] ?? null,
      limit + 1,
    ]);
    return pageOf(rows.map(counted), limit, ({ number }) => [number]);
  }

  async get(query: Query, id: string): Promise<CountedIncident | undefined> {
    const [row] = await query.query<IncidentRow & { findings: number }>(getIncident, [id]);
    return row && counted(row);
  }

  /** In order of sequence. */
  async timeline(query: Query, incident: string, page: PageRequest = {}): Promise<Page<TimelineEntry>> {
    const limit = limitOf(page);
    const after = decodeCursor(page.cursor, ['number']);
    const rows = await query.query<TimelineRow>(readTimeline, [incident, after?.[0] ?? null, limit + 1]);
    return pageOf(rows.map(entryOf), limit, ({ sequence }) => [sequence]);
  }

  /** Appends entries of other libs: pages sent, tasks, updates. */
  async append(tx: Tx, entries: readonly NewTimelineEntry[]): Promise<void> {
    await appendTimeline(tx, entries);
  }

  /** The locked row, for whoever changes something that hangs on it; undefined where there is none. */
  async lock(tx: Tx, id: string): Promise<Incident | undefined> {
    const [row] = await tx.query<IncidentRow>(lockOne, [id]);
    return row && incidentOf(row);
  }

  async acknowledge(tx: Tx, id: string, actor: Actor): Promise<Decision | undefined> {
    return this.act(tx, id, { do: 'acknowledge' }, actor);
  }

  async resolve(tx: Tx, id: string, resolution: string, actor: Actor): Promise<Decision | undefined> {
    return this.act(tx, id, { do: 'resolve', resolution }, actor);
  }

  async markFalse(tx: Tx, id: string, actor: Actor): Promise<Decision | undefined> {
    return this.act(tx, id, { do: 'resolve', resolution: 'false_positive' }, actor);
  }

  async reopen(tx: Tx, id: string, actor: Actor): Promise<Decision | undefined> {
    const rows = (await tx.query<IncidentRow>(lockKeyOf, [id])).map(incidentOf);
    const incident = rows.find((row) => row.id === id);
    if (!incident) return undefined;
    const other = rows.find((row) => row.id !== id);
    if (other && incident.status === 'resolved')
      return {
        outcome: 'refused',
        incident,
        reason: `incident ${other.number} of the same key is open: work on that one, or merge it`,
      };
    return this.decideAndStore(tx, incident, { do: 'reopen' }, actor);
  }

  /** The note is the actor's `why`. */
  async note(tx: Tx, id: string, actor: Actor): Promise<Decision | undefined> {
    return this.act(tx, id, { do: 'note' }, actor);
  }

  async setSeverity(tx: Tx, id: string, severity: Severity, actor: Actor): Promise<Decision | undefined> {
    return this.act(tx, id, { do: 'severity', severity }, actor);
  }

  /** Resolves `id` as a duplicate of `into`, moves its findings there, and sends later findings of its key there too. */
  async merge(tx: Tx, id: string, into: string, actor: Actor): Promise<Decision | undefined> {
    const rows = (await tx.query<IncidentRow>(lockSome, [[id, into]])).map(incidentOf);
    const incident = rows.find((row) => row.id === id);
    const target = rows.find((row) => row.id === into);
    if (!incident || !target) return undefined;
    const decision = await this.decideAndStore(tx, incident, { do: 'merge', into: target }, actor);
    if (decision.outcome === 'changed') {
      await tx.query(moveFindings, [id, into]);
      await appendTimeline(tx, [
        { incident: into, who: actor.who, what: 'merged', details: { from: id, number: incident.number } },
      ]);
    }
    return decision;
  }

  /** Links two incidents, in both timelines. True when the link is new; undefined where one of them is missing. */
  async link(tx: Tx, a: string, b: string, actor: Actor): Promise<boolean | undefined> {
    if (a === b) return undefined;
    const rows = await tx.query<IncidentRow>(lockSome, [[a, b]]);
    if (rows.length < 2) return undefined;
    const [first, second] = a < b ? [a, b] : [b, a];
    const added = await tx.query(
      `insert into tocsin.incident_link (incident, other, who, at) values ($1, $2, $3, $4)
       on conflict do nothing returning incident`,
      [first, second, actor.who, tx.now],
    );
    if (added.length === 0) return false;
    await appendTimeline(
      tx,
      rows.map((row, i) => ({
        incident: row.id,
        ...actor,
        what: 'linked',
        details: { to: rows[1 - i]!.id, number: rows[1 - i]!.number },
      })),
    );
    return true;
  }

  async links(query: Query, id: string): Promise<Incident[]> {
    return (await query.query<IncidentRow>(readLinks, [id])).map(incidentOf);
  }

  /** Opens an incident without findings, or finds the open one of its key; a trigger after a resolve is a new incident. */
  async openOther(tx: Tx, other: NewOther): Promise<{ outcome: 'opened' | 'known'; incident: Incident }> {
    const hash = otherKeyHash(other.kind, other.routingKey, other.dedupKey);
    // Goes round only where it is resolved between two of the statements: then the next round opens it.
    for (;;) {
      const [count] = await tx.query<{ before: number }>(countOfKey, [hash]);
      const [opened] = await tx.query<IncidentRow>(openOther, [
        incidentId(hash, `${count!.before} before it`),
        other.kind,
        other.title,
        other.severity,
        other.detector ?? null,
        JSON.stringify(other.key ?? { dedup_key: other.dedupKey }),
        hash,
        other.stage ?? null,
        other.model ?? null,
        tx.now,
        other.routingKey ?? null,
        other.details ? JSON.stringify(other.details) : null,
        other.bundle ?? null,
      ]);
      if (opened) {
        await appendTimeline(tx, [{ incident: opened.id, ...other.actor, what: 'opened' }]);
        return { outcome: 'opened', incident: incidentOf(opened) };
      }
      const [known] = await tx.query<IncidentRow>(openOfKey, [hash]);
      if (known) return { outcome: 'known', incident: incidentOf(known) };
    }
  }

  /** The id of the open incident of that key; undefined where there is none. */
  async findOther(
    query: Query,
    other: Pick<NewOther, 'kind' | 'routingKey' | 'dedupKey'>,
  ): Promise<string | undefined> {
    const [row] = await query.query<{ id: string }>(
      `select id from tocsin.incident where key_hash = $1 and status <> 'resolved'`,
      [otherKeyHash(other.kind, other.routingKey, other.dedupKey)],
    );
    return row?.id;
  }

  /** Another tool's acknowledge or resolve, by its dedup key; undefined where none of it is open. */
  async actOnOther(
    tx: Tx,
    other: Pick<NewOther, 'kind' | 'routingKey' | 'dedupKey'>,
    action: Action,
    actor: Actor,
  ): Promise<Decision | undefined> {
    const hash = otherKeyHash(other.kind, other.routingKey, other.dedupKey);
    const [row] = await tx.query<IncidentRow>(
      `select * from tocsin.incident where key_hash = $1 and status <> 'resolved' for update`,
      [hash],
    );
    return row && this.decideAndStore(tx, incidentOf(row), action, actor);
  }

  private async act(tx: Tx, id: string, action: Action, actor: Actor): Promise<Decision | undefined> {
    const incident = await this.lock(tx, id);
    return incident && this.decideAndStore(tx, incident, action, actor);
  }

  private async decideAndStore(tx: Tx, incident: Incident, action: Action, actor: Actor): Promise<Decision> {
    const decision = decide(incident, action, actor, tx.now);
    if (decision.outcome !== 'changed') return decision;
    await storeIncidentState(tx, decision.incident);
    await appendTimeline(tx, [decision.entry]);
    return decision;
  }
}

/** Writes what a life cycle may change. */
export async function storeIncidentState(tx: Tx, incident: Incident): Promise<void> {
  await tx.query(storeIncident, [
    incident.id,
    incident.status,
    incident.severity,
    incident.round,
    incident.acknowledgedAt ?? null,
    incident.acknowledgedBy ?? null,
    incident.resolvedAt ?? null,
    incident.resolvedBy ?? null,
    incident.resolution ?? null,
    incident.mergedInto ?? null,
  ]);
}

function otherKeyHash(kind: IncidentKind, routingKey: string | undefined, dedupKey: string): string {
  return digest(`${kind}\u0000${routingKey ?? ''}\u0000${dedupKey}`);
}

function counted(row: IncidentRow & { findings: number }): CountedIncident {
  return { ...incidentOf(row), findings: row.findings };
}

interface TimelineRow {
  readonly sequence: number;
  readonly at: Date;
  readonly who: string;
  readonly what: string;
  readonly why: string | null;
  readonly details: Record<string, unknown> | null;
}

function entryOf({ why, details, ...row }: TimelineRow): TimelineEntry {
  return { ...row, ...(why === null ? {} : { why }), ...(details === null ? {} : { details }) };
}
