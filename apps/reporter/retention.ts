/** What is kept for how long, in one place, and the deletion of what is older: by indexes and in bounded batches. */
import type { Tx } from '../../libs/database/index.js';

/** The table in docs/operations.md says the same. Incidents and their timelines stay: they are what happened. */
const keptDays = {
  /** Prompts and outputs, after their incident was resolved. */
  evidence: 90,
  /** A year, and a month to compare it with the year before. */
  finding: 400,
  tally: 400,
  paging: 400,
  reporter: 400,
  /** Thresholds are proposed from these: a season of traffic says what is ordinary. */
  scoreCount: 90,
} as const;

/** Rows a statement deletes at most, and how often it is repeated in one run: short locks, and an end. */
const batch = 2_000;
const batches = 25;

const ago = (days: number): string => `tocsin.now() - interval '${days} days'`;

const unlessOpen = (row: string): string =>
  `not exists (select from tocsin.incident i where i.id = ${row}.incident and i.status <> 'resolved')`;

/** Each deletes `$1` rows at most and counts them. */
const statements: readonly string[] = [
  // Evidence is older than the end of its incident: its own age finds it by an index, the incident's decides.
  `with old as (
     select e.incident, e.event_source, e.event_id
       from tocsin.evidence e join tocsin.incident i on i.id = e.incident
      where e.at <= ${ago(keptDays.evidence)} and i.resolved_at <= ${ago(keptDays.evidence)}
      order by e.at limit $1)
   delete from tocsin.evidence e using old
    where e.incident = old.incident and e.event_source = old.event_source and e.event_id = old.event_id`,
  // Reviews go first: they name their finding, and the key is checked at the end of the statement.
  `with old as (
     select f.id from tocsin.finding f
      where f.recorded_at <= ${ago(keptDays.finding)} and ${unlessOpen('f')}
      order by f.recorded_at limit $1),
   reviews as (delete from tocsin.review r using old where r.finding = old.id)
   delete from tocsin.finding f using old where f.id = old.id`,
  `with old as (select ctid from tocsin.tally where minute <= ${ago(keptDays.tally)} order by minute limit $1)
   delete from tocsin.tally t using old where t.ctid = old.ctid and t.minute <= ${ago(keptDays.tally)}`,
  `with old as (select ctid from tocsin.score_count where day < (${ago(keptDays.scoreCount)})::date order by day limit $1)
   delete from tocsin.score_count s using old where s.ctid = old.ctid and s.day < (${ago(keptDays.scoreCount)})::date`,
  // A re-opened incident may want its escalation: whoever holds it goes on.
  `with old as (
     select incident from tocsin.escalation where ended_at <= ${ago(keptDays.paging)}
      order by ended_at limit $1 for update skip locked),
   told as (
     delete from tocsin.notification n using old where n.incident = old.incident returning n.id),
   tried as (delete from tocsin.delivery_attempt a using told where a.notification = told.id)
   delete from tocsin.escalation e using old where e.incident = old.incident`,
  // Bundles, checks and alarms belong to no incident.
  `with old as (
     select id from tocsin.notification
      where incident is null and created_at <= ${ago(keptDays.paging)} and state not in ('waiting', 'claimed')
      order by created_at limit $1),
   tried as (delete from tocsin.delivery_attempt a using old where a.notification = old.id)
   delete from tocsin.notification n using old where n.id = old.id`,
  // Seen again in this very moment, it stays.
  `with old as (
     select account from tocsin.reporter where last_at <= ${ago(keptDays.reporter)}
      order by last_at limit $1 for update skip locked)
   delete from tocsin.reporter r using old where r.account = old.account`,
  // A session lives by the server's own clock.
  `with old as (select hash from tocsin.console_session where expires_at <= now() order by expires_at limit $1)
   delete from tocsin.console_session s using old where s.hash = old.hash`,
];

/** What one run leaves, the next takes. Answers how many rows went, without those that hung on them. */
export async function forgetOld(tx: Tx, limit = batch): Promise<number> {
  let gone = 0;
  for (const statement of statements) {
    for (let round = 0; round < batches; round++) {
      const count = await tx.execute(statement, [limit]);
      gone += count;
      if (count < limit) break;
    }
  }
  return gone;
}
