/** Writes timeline entries. Their order is the sequence that PostgreSQL gives; their time is the transaction's. */
import { jsonArray, textArray, type Tx } from '../database/index.js';
import type { NewTimelineEntry } from './timeline.js';

const appendEntries = `
  insert into tocsin.incident_event (incident, at, who, what, why, details, once)
  select e.incident, $1, e.who, e.what, e.why, e.details, e.once
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[])
         with ordinality as e (incident, who, what, why, details, once, place)
   order by e.place
  on conflict (incident, once) do nothing`;

/** Entries whose `once` is already there are left out. */
export async function appendTimeline(tx: Tx, entries: readonly NewTimelineEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.query(appendEntries, [
    tx.now,
    textArray(entries.map(({ incident }) => incident)),
    textArray(entries.map(({ who }) => who)),
    textArray(entries.map(({ what }) => what)),
    textArray(entries.map(({ why }) => why)),
    jsonArray(entries.map(({ details }) => details)),
    textArray(entries.map(({ once }) => once)),
  ]);
}
