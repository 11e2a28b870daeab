/**
 * The output index: where each decoded output stands in the log, and whose it is (promise 8). It tells a producer's
 * duplicates, joins feedback and verdicts to what they speak of, and finds the record again for evidence.
 */
import { hash } from 'node:crypto';
import { numberArray, textArray, timestampArray, type Query, type Tx } from '../database/index.js';
import type { FeedbackEvent, OutputEvent, OutputReference, VerdictEvent } from '../events/index.js';

// The outer select runs only where some rows were there before: the count is looked at first.
const insertOutputs = `
  with input as (
    select * from unnest($3::text[]::date[], $4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[])
             with ordinality as i (day, hash, record_offset, source, account, model, stage, at, place)
  ), fresh as (
    insert into tocsin.output_index (day, hash, topic, partition, record_offset, source, account, model, stage, at)
    select day, hash, $1, $2, record_offset, source, account, model, stage, at from input order by day, hash
    on conflict (day, hash) do nothing
    returning day, hash
  )
  select i.place::integer as place
    from input i
   where (select count(*) from fresh) < (select count(*) from input)
     and not exists (select from fresh f where f.day = i.day and f.hash = i.hash)`;

/** More than one match is ambiguous; how many more is told up to this. */
const matchesLookedAt = 5;

const findReferences = `
  select r.place::integer as place, o.*
    from unnest($1::uuid[], $2::uuid[]) with ordinality as r (low, high, place)
   cross join lateral (
           select distinct on (hash) hash, source, account, model, stage, at, topic, partition, record_offset as "offset"
             from tocsin.output_index
            where hash between r.low and r.high
            order by hash, at
            limit ${matchesLookedAt}) as o
   order by r.place`;

const insertWaiting = `
  insert into tocsin.waiting_reference (event_source, event_id, kind, reference_source, reference_id, event, state, matches, arrived_at, due_at)
  select w.event_source, w.event_id, w.kind, w.reference_source, w.reference_id, w.event, w.state, w.matches, $1,
         case when w.state = 'waiting' then $1::timestamptz + interval '1 second' end
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[], $9::integer[])
         as w (event_source, event_id, kind, reference_source, reference_id, event, state, matches)
   order by w.event_source, w.event_id
  on conflict do nothing`;

const takeWaiting = `
  update tocsin.waiting_reference w
     set tries = tries + 1, due_at = tocsin.now() + make_interval(secs => least(600, power(2, least(w.tries, 10))))
    from (select event_source, event_id from tocsin.waiting_reference
           where due_at <= tocsin.now()
           order by due_at limit $1
             for update skip locked) as d
   where w.event_source = d.event_source and w.event_id = d.event_id
  returning w.event, w.arrived_at`;

const joinWaiting = `delete from tocsin.waiting_reference where event_source = $1 and event_id = $2`;

const endWaiting = `
  update tocsin.waiting_reference set state = $3, matches = $4, due_at = null, event = null
   where event_source = $1 and event_id = $2`;

const listWaiting = `
  select kind, event_source as "eventSource", event_id as "eventId", reference_source as "referenceSource",
         reference_id as "referenceId", state, matches, arrived_at as "arrivedAt"
    from tocsin.waiting_reference
   where ($1::text is null or state = $1)
   order by arrived_at desc, event_source, event_id
   limit $2`;

export interface IndexedOutput {
  readonly source: string;
  readonly account: string;
  readonly model: string | null;
  readonly stage: string | null;
  readonly at: Date;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export type Found =
  | { readonly found: 'one'; readonly output: IndexedOutput }
  | { readonly found: 'none' }
  /** Several outputs bear the id and the reference names no source: kept and shown, never guessed. */
  | { readonly found: 'several'; readonly matches: number };

export type Referring = FeedbackEvent | VerdictEvent;

export interface WaitingReference {
  readonly kind: 'feedback' | 'verdict';
  readonly eventSource: string;
  readonly eventId: string;
  readonly referenceSource: string | null;
  readonly referenceId: string;
  readonly state: 'waiting' | 'ambiguous' | 'unmatched';
  readonly matches: number;
  readonly arrivedAt: Date;
}

export class Outputs {
  /** Indexes outputs of one partition; answers the positions in `events` of those that were there before. */
  async index(tx: Tx, events: readonly OutputEvent[]): Promise<ReadonlySet<number>> {
    const known = new Set<number>();
    if (events.length === 0) return known;
    const hashes = events.map(({ source, id }) => outputHash(source, id));
    const seen = new Set<string>();
    const rows: number[] = [];
    events.forEach(({ day }, i) => {
      const key = day + hashes[i]!;
      if (seen.has(key)) known.add(i);
      else {
        seen.add(key);
        rows.push(i);
      }
    });
    const { topic, partition } = events[0]!.origin;
    const each = <T>(of: (event: OutputEvent) => T) => rows.map((i) => of(events[i]!));
    const before = await tx.query<{ place: number }>(insertOutputs, [
      topic,
      partition,
      textArray(each(({ day }) => day)),
      textArray(rows.map((i) => hashes[i]!)),
      numberArray(each(({ origin }) => origin.offset)),
      textArray(each(({ source }) => source)),
      textArray(each(({ account }) => account.id)),
      textArray(each(({ model }) => model)),
      textArray(each(({ stage }) => stage)),
      timestampArray(each(({ at }) => at)),
    ]);
    for (const { place } of before) known.add(rows[place - 1]!);
    return known;
  }

  /** One answer a reference, in order. */
  async find(query: Query, references: readonly OutputReference[]): Promise<Found[]> {
    if (references.length === 0) return [];
    const ranges = references.map(hashRange);
    const rows = await query.query<IndexedOutput & { place: number }>(findReferences, [
      textArray(ranges.map(([low]) => low)),
      textArray(ranges.map(([, high]) => high)),
    ]);
    const matches = references.map((): IndexedOutput[] => []);
    for (const { place, ...output } of rows) matches[place - 1]!.push(output);
    return matches.map((found): Found => {
      const [output] = found;
      if (!output) return { found: 'none' };
      return found.length > 1 ? { found: 'several', matches: found.length } : { found: 'one', output };
    });
  }

  /** Keeps events whose output is not known yet, or not known for sure; without their texts. */
  async wait(tx: Tx, waiting: readonly { readonly event: Referring; readonly found: Found }[]): Promise<void> {
    if (waiting.length === 0) return;
    await tx.query(insertWaiting, [
      tx.now,
      textArray(waiting.map(({ event }) => event.source)),
      textArray(waiting.map(({ event }) => event.id)),
      textArray(waiting.map(({ event }) => event.kind)),
      textArray(waiting.map(({ event }) => event.output.source)),
      textArray(waiting.map(({ event }) => event.output.id)),
      textArray(waiting.map(({ event, found }) => (found.found === 'none' ? JSON.stringify(bare(event)) : null))),
      textArray(waiting.map(({ found }) => (found.found === 'none' ? 'waiting' : 'ambiguous'))),
      numberArray(waiting.map(({ found }) => (found.found === 'several' ? found.matches : 0))),
    ]);
  }

  /** Leases due waiting events; each is tried again later by itself unless joined or ended. */
  async takeWaiting(tx: Tx, limit: number): Promise<{ readonly event: Referring; readonly arrivedAt: Date }[]> {
    const rows = await tx.query<{ event: Referring; arrived_at: Date }>(takeWaiting, [limit]);
    return rows.map(({ event, arrived_at: arrivedAt }) => ({ event, arrivedAt }));
  }

  async joined(tx: Tx, event: Referring): Promise<void> {
    await tx.query(joinWaiting, [event.source, event.id]);
  }

  async endWaiting(tx: Tx, event: Referring, state: 'ambiguous' | 'unmatched', matches = 0): Promise<void> {
    await tx.query(endWaiting, [event.source, event.id, state, matches]);
  }

  async listWaiting(
    query: Query,
    state: WaitingReference['state'] | undefined,
    limit = 100,
  ): Promise<WaitingReference[]> {
    return query.query<WaitingReference>(listWaiting, [state ?? null, limit]);
  }
}

/** The event as if it had named its output in full: source, and what the index knows of the output reported. */
export function joinReference(event: Referring, output: IndexedOutput): Referring {
  const reference = { source: output.source, id: event.output.id };
  if (event.kind === 'verdict') return { ...event, output: reference };
  return {
    ...event,
    output: reference,
    reported: {
      ...event.reported,
      account: output.account,
      ...(output.model === null ? {} : { model: output.model }),
      ...(output.stage === null ? {} : { stage: output.stage }),
    },
  };
}

/** 12 bytes of the id's SHA-256 and 4 of the source's, as 32 hex digits. */
export function outputHash(source: string, id: string): string {
  return hash('sha256', id).slice(0, 24) + sourceHash(source);
}

const sources = new Map<string, string>();

function sourceHash(source: string): string {
  const known = sources.get(source);
  if (known !== undefined) return known;
  if (sources.size >= 1_000) sources.clear();
  const made = hash('sha256', source).slice(0, 8);
  sources.set(source, made);
  return made;
}

function hashRange({ source, id }: OutputReference): [string, string] {
  if (source !== undefined) return [outputHash(source, id), outputHash(source, id)];
  const start = hash('sha256', id).slice(0, 24);
  return [`${start}00000000`, `${start}ffffffff`];
}

/** Texts were judged when the event came; what waits is only who said what of which output. */
function bare(event: Referring): Referring {
  if (event.kind === 'verdict') {
    const { explanation: _e, ...rest } = event;
    return rest;
  }
  const { comment: _c, reported, ...rest } = event;
  if (!reported) return rest;
  const { text: _t, ...kept } = reported;
  return { ...rest, reported: kept };
}
