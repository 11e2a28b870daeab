/**
 * The records behind an open incident, copied and masked: those of the batch in hand at once, earlier ones by a due
 * row that a worker reads from Kafka outside of any transaction (promise 8). What its sender forbade to keep is not kept.
 */
import { numberArray, textArray, timestampArray, type Query, type Tx } from '../database/index.js';
import type { OutputEvent } from '../events/index.js';
import type { KeyedFindings } from './correlate.js';
import { mask } from './excerpt.js';

/** Finds an output of the batch in hand by its source and id. */
export type EvidenceSource = (source: string, id: string) => OutputEvent | undefined;

export interface Evidence {
  readonly incident: string;
  readonly event: { readonly source: string; readonly id: string };
  /** `due`: not read yet; `gone`: the log no longer holds it, or it must not be kept. */
  readonly state: 'due' | 'kept' | 'gone';
  readonly prompt?: string;
  readonly output?: string;
  readonly at: Date;
}

export interface DueEvidence {
  readonly incident: string;
  readonly source: string;
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Records kept an incident, and characters a text: enough to judge by, little enough to keep. */
const recordsKept = 50;
const charactersKept = 16_384;
const longestNumber = 200;

const insertEvidence = `
  insert into tocsin.evidence (incident, event_source, event_id, state, topic, partition, record_offset, prompt, output, at)
  select e.incident, e.source, e.id, 'kept', e.topic, e.partition, e.record_offset, e.prompt, e.output, e.at
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::text[], $8::text[],
                $9::timestamptz[]) as e (incident, source, id, topic, partition, record_offset, prompt, output, at)
   order by e.incident, e.source, e.id
  on conflict do nothing`;

const insertDue = `
  insert into tocsin.evidence (incident, event_source, event_id, state, topic, partition, record_offset, at, due_at)
  select distinct on (d.incident, f.event_source, f.event_id)
         d.incident, f.event_source, f.event_id, 'due', f.topic, f.partition, f.record_offset, f.at, $3::timestamptz
    from unnest($1::text[], $2::text[]) as d (incident, finding)
    join tocsin.finding f on f.id = d.finding
   where f.event_id is not null and f.record_offset is not null
   order by d.incident, f.event_source, f.event_id
  on conflict do nothing`;

// The lease is the due time moved on: a worker that died is followed by another after a minute, and a broker that is
// away is asked again for over a day.
const takeDue = `
  update tocsin.evidence e
     set due_at = tocsin.now() + make_interval(mins => least(60, power(2, least(e.tries, 6))::integer)), tries = tries + 1
    from (select incident, event_source, event_id from tocsin.evidence
           where due_at <= tocsin.now()
           order by due_at limit $1
             for update skip locked) as d
   where e.incident = d.incident and e.event_source = d.event_source and e.event_id = d.event_id
  returning e.incident, e.event_source as source, e.event_id as id, e.topic, e.partition, e.record_offset as "offset"`;

const settleDue = `
  update tocsin.evidence
     set state = $4, prompt = $5, output = $6, due_at = null
   where incident = $1 and event_source = $2 and event_id = $3 and state = 'due'`;

const giveUp = `update tocsin.evidence set state = 'gone', due_at = null where due_at is not null and tries >= 32`;

const readEvidence = `
  select incident, event_source as source, event_id as id, state, prompt, output, at
    from tocsin.evidence
   where incident = $1
   order by at, event_source, event_id`;

/** Called inside the batch's transaction for incidents that open or open again. */
export async function noteEvidence(
  tx: Tx,
  opened: readonly (Pick<KeyedFindings, 'findings' | 'members'> & { readonly incident: string })[],
  source: EvidenceSource | undefined,
): Promise<void> {
  const kept: { incident: string; event: OutputEvent }[] = [];
  const due: { incident: string; finding: string }[] = [];
  for (const { incident, findings, members } of opened) {
    const inHand = new Map<string, OutputEvent>();
    for (const { id, event } of findings) {
      const record = event && source?.(event.source, event.id);
      if (record) inHand.set(`${record.source}\u0001${record.id}`, record);
      else if (event) due.push({ incident, finding: id });
    }
    const copies = [...inHand.values()].filter(({ ephemeral }) => !ephemeral).slice(0, recordsKept);
    kept.push(...copies.map((event) => ({ incident, event })));
    due.push(...members.slice(0, recordsKept).map((finding) => ({ incident, finding })));
  }
  if (kept.length > 0)
    await tx.query(insertEvidence, [
      textArray(kept.map(({ incident }) => incident)),
      textArray(kept.map(({ event }) => event.source)),
      textArray(kept.map(({ event }) => event.id)),
      textArray(kept.map(({ event }) => event.origin.topic)),
      numberArray(kept.map(({ event }) => event.origin.partition)),
      numberArray(kept.map(({ event }) => event.origin.offset)),
      textArray(kept.map(({ event }) => (event.prompt === undefined ? undefined : copy(event.prompt)))),
      textArray(kept.map(({ event }) => copy(event.output))),
      timestampArray(kept.map(({ event }) => event.at)),
    ]);
  if (due.length > 0)
    await tx.query(insertDue, [
      textArray(due.map(({ incident }) => incident)),
      textArray(due.map(({ finding }) => finding)),
      tx.now,
    ]);
}

export class EvidenceStore {
  /** Behind one incident, in the order of event time. Reading it is a reveal: the caller writes that down. */
  async of(query: Query, incident: string): Promise<Evidence[]> {
    const rows = await query.query<{
      incident: string;
      source: string;
      id: string;
      state: Evidence['state'];
      prompt: string | null;
      output: string | null;
      at: Date;
    }>(readEvidence, [incident]);
    return rows.map(({ source, id, prompt, output, ...row }) => ({
      ...row,
      event: { source, id },
      ...(prompt === null ? {} : { prompt }),
      ...(output === null ? {} : { output }),
    }));
  }

  /** Leases up to `limit` due rows, for longer at each try; after 32 tries, over a day, a row is given up as gone. */
  async take(tx: Tx, limit: number): Promise<DueEvidence[]> {
    await tx.query(giveUp);
    return tx.query<DueEvidence>(takeDue, [limit]);
  }

  /** Keeps a copy of the record, or says that there is none to keep. */
  async settle(query: Query, due: DueEvidence, event: OutputEvent | undefined): Promise<void> {
    const keep = event && !event.ephemeral ? event : undefined;
    await query.query(settleDue, [
      due.incident,
      due.source,
      due.id,
      keep ? 'kept' : 'gone',
      keep?.prompt === undefined ? null : copy(keep.prompt),
      keep ? copy(keep.output) : null,
    ]);
  }
}

/** Cut first, so that the work is bounded; then the end goes too, where half a number may stand unmasked. */
function copy(text: string): string {
  if (text.length <= charactersKept) return mask(text).toWellFormed();
  return `${mask(text.slice(0, charactersKept)).slice(0, -longestNumber)}…`.toWellFormed();
}
