import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was seen and what it became: the output index, findings, windows, incidents, their timeline, tallies and reviews. */
export class Incidents1764500000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...outputs, ...incidents, ...findings, ...windows, ...counts])
      await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [
      'review',
      'score_count',
      'flood_kept',
      'flood',
      'tally',
      'signal',
      'window_group',
      'evidence',
      'finding',
      'incident_link',
      'incident_event',
      'incident',
      'waiting_reference',
      'first_run',
      'reporter',
      'output_index',
    ])
      await runner.query(`drop table tocsin.${table}`);
    await runner.query(`drop function tocsin.lock_incidents(text[], boolean[])`);
    await runner.query(`drop function tocsin.refuse_change()`);
  }
}

const outputs = [
  // One narrow row an output. The hash is 12 bytes of the id's digest, then 4 of the source's, so that a reference
  // without a source is a range of the same index. Hash first: feedback names no day, and before PostgreSQL 18 an index
  // is not searched without its first column. Days far from now fall into the default partition.
  `create table tocsin.output_index (
     day            date        not null,
     hash           uuid        not null,
     topic          text        not null,
     partition      integer     not null,
     record_offset  bigint      not null,
     source         text        not null,
     account        text        not null,
     model          text,
     stage          text,
     at             timestamptz not null,
     constraint output_index_key primary key (hash, day)
   ) partition by range (day)`,
  `create table tocsin.output_index_default partition of tocsin.output_index default`,
  // Who reported, and since when Tocsin knows them: new accounts alone page nobody.
  `create table tocsin.reporter (
     account   text        not null,
     first_at  timestamptz not null,
     last_at   timestamptz not null,
     constraint reporter_key primary key (account)
   )`,
  `create index reporter_last_at on tocsin.reporter (last_at)`,
  `create table tocsin.first_run (
     only_row  boolean     not null default true,
     at        timestamptz not null,
     constraint first_run_key primary key (only_row),
     constraint first_run_one_row check (only_row)
   )`,
  // Feedback and verdicts whose output has not come yet, or came more than once. No text of theirs is kept here.
  `create table tocsin.waiting_reference (
     event_source      text        not null,
     event_id          text        not null,
     kind              text        not null,
     reference_source  text,
     reference_id      text        not null,
     event             jsonb,
     state             text        not null,
     matches           integer     not null default 0,
     tries             integer     not null default 0,
     arrived_at        timestamptz not null,
     due_at            timestamptz,
     constraint waiting_reference_key primary key (event_source, event_id),
     constraint waiting_reference_kind check (kind in ('feedback', 'verdict')),
     constraint waiting_reference_state check (state in ('waiting', 'ambiguous', 'unmatched')),
     constraint waiting_reference_due check ((state = 'waiting') = (due_at is not null))
   )`,
  `create index waiting_reference_due_at on tocsin.waiting_reference (due_at) where due_at is not null`,
];

const incidents = [
  `create table tocsin.incident (
     id               text        not null,
     number           bigint      generated always as identity,
     kind             text        not null,
     title            text        not null,
     status           text        not null,
     severity         text        not null,
     detector         text,
     rule             text,
     key              jsonb       not null,
     key_hash         text        not null,
     stage            text,
     model            text,
     purpose          text,
     round            integer     not null default 1,
     opened_at        timestamptz not null,
     event_at         timestamptz not null,
     late_ms          bigint      not null default 0,
     acknowledged_at  timestamptz,
     acknowledged_by  text,
     resolved_at      timestamptz,
     resolved_by      text,
     resolution       text,
     merged_into      text,
     routing_key      text,
     details          jsonb,
     bundle           text,
     constraint incident_key primary key (id),
     constraint incident_merged_into foreign key (merged_into) references tocsin.incident (id),
     constraint incident_kind check (kind in ('detection', 'external', 'operation', 'synthetic')),
     constraint incident_status check (status in ('open', 'acknowledged', 'resolved')),
     constraint incident_severity check (severity in ('SEV1', 'SEV2', 'SEV3', 'SEV4')),
     constraint incident_round check (round >= 1),
     constraint incident_late check (late_ms >= 0),
     constraint incident_acknowledged check (status <> 'acknowledged' or (acknowledged_at is not null and acknowledged_by is not null)),
     constraint incident_open check (status <> 'open' or acknowledged_at is null),
     constraint incident_resolved check ((status = 'resolved') = (resolved_at is not null)
                                     and (status = 'resolved') = (resolution is not null)
                                     and (status = 'resolved') = (resolved_by is not null)),
     constraint incident_merged check (merged_into is null or (status = 'resolved' and merged_into <> id)),
     constraint incident_external check ((kind = 'external') = (routing_key is not null))
   )`,
  // This index is how two copies agree on one open incident a key.
  `create unique index incident_one_open on tocsin.incident (key_hash) where status <> 'resolved'`,
  `create unique index incident_number on tocsin.incident (number)`,
  `create index incident_key_resolved on tocsin.incident (key_hash, resolved_at)`,
  `create index incident_opened on tocsin.incident (opened_at, id)`,

  `create table tocsin.incident_event (
     sequence  bigint      generated always as identity,
     incident  text        not null,
     at        timestamptz not null,
     who       text        not null,
     what      text        not null,
     why       text,
     details   jsonb,
     once      text,
     constraint incident_event_key primary key (sequence),
     constraint incident_event_incident foreign key (incident) references tocsin.incident (id)
   )`,
  `create unique index incident_event_once on tocsin.incident_event (incident, once)`,
  `create index incident_event_at on tocsin.incident_event (at)`,
  `create index incident_event_order on tocsin.incident_event (incident, sequence)`,
  `create function tocsin.refuse_change() returns trigger language plpgsql as $$
   begin
     raise exception 'the timeline is append-only: % refused on %', lower(tg_op), tg_table_name
       using errcode = 'restrict_violation', hint = 'Append an entry that corrects the other.';
   end $$`,
  `create trigger incident_event_append_only before update or delete on tocsin.incident_event
     for each row execute function tocsin.refuse_change()`,
  `create trigger incident_event_no_truncate before truncate on tocsin.incident_event
     for each statement execute function tocsin.refuse_change()`,

  `create table tocsin.incident_link (
     incident  text        not null,
     other     text        not null,
     who       text        not null,
     at        timestamptz not null,
     constraint incident_link_key primary key (incident, other),
     constraint incident_link_incident foreign key (incident) references tocsin.incident (id),
     constraint incident_link_other foreign key (other) references tocsin.incident (id),
     constraint incident_link_ordered check (incident < other)
   )`,

  // Rows are locked one by one in the order of their ids, each in its own mode: one statement cannot mix modes.
  `create function tocsin.lock_incidents(ids text[], exclusive boolean[]) returns setof tocsin.incident
     language plpgsql as $$
   declare wanted record;
   begin
     for wanted in select u.id, u.exclusive from unnest(ids, exclusive) as u (id, exclusive) order by u.id loop
       if wanted.exclusive then
         return query select * from tocsin.incident i where i.id = wanted.id for update;
       else
         return query select * from tocsin.incident i where i.id = wanted.id for share;
       end if;
     end loop;
   end $$`,
];

const findings = [
  `create table tocsin.finding (
     id                 text             not null,
     incident           text,
     event_source       text,
     event_id           text,
     detector           text             not null,
     detector_version   text             not null,
     rule               text,
     title              text             not null,
     label              text             not null,
     score              double precision not null,
     level              text             not null,
     matched            text             not null,
     spans              jsonb            not null,
     excerpt            text,
     at                 timestamptz      not null,
     recorded_at        timestamptz      not null,
     key_hash           text             not null,
     account            text,
     organization       text,
     end_user           text,
     conversation       text,
     model              text,
     version            text,
     stage              text,
     purpose            text,
     shadow             boolean          not null,
     review_only        boolean          not null,
     threshold_version  integer,
     topic              text,
     partition          integer,
     record_offset      bigint,
     bundle             text,
     cluster            text,
     constraint finding_key primary key (id),
     constraint finding_incident foreign key (incident) references tocsin.incident (id),
     constraint finding_level check (level in ('low', 'medium', 'high', 'critical')),
     constraint finding_score check (score between 0 and 1),
     constraint finding_excerpt check (length(excerpt) <= 280),
     constraint finding_event check ((event_source is null) = (event_id is null)),
     constraint finding_shadow check (not shadow or incident is null)
   )`,
  `create index finding_of_incident on tocsin.finding (incident, at, id) where incident is not null`,
  `create index finding_at on tocsin.finding (at, id)`,
  `create index finding_recorded on tocsin.finding (recorded_at, id)`,
  `create index finding_account on tocsin.finding (account, at)`,
  `create index finding_of_event on tocsin.finding (event_id, event_source)`,

  // Redacted copies of the records behind an incident. A due row is read from Kafka outside any transaction.
  `create table tocsin.evidence (
     incident       text        not null,
     event_source   text        not null,
     event_id       text        not null,
     state          text        not null,
     topic          text        not null,
     partition      integer     not null,
     record_offset  bigint      not null,
     prompt         text,
     output         text,
     at             timestamptz not null,
     tries          integer     not null default 0,
     due_at         timestamptz,
     constraint evidence_key primary key (incident, event_source, event_id),
     constraint evidence_incident foreign key (incident) references tocsin.incident (id),
     constraint evidence_state check (state in ('due', 'kept', 'gone')),
     constraint evidence_due check ((state = 'due') = (due_at is not null)),
     constraint evidence_kept check ((state = 'kept') = (output is not null))
   )`,
  `create index evidence_at on tocsin.evidence (at)`,
  `create index evidence_due_at on tocsin.evidence (due_at) where due_at is not null`,

  `create table tocsin.review (
     finding   text        not null,
     reviewer  text        not null,
     label     text        not null,
     reason    text,
     at        timestamptz not null,
     constraint review_key primary key (finding, reviewer),
     constraint review_finding foreign key (finding) references tocsin.finding (id),
     constraint review_label check (label in ('true', 'false', 'unsure'))
   )`,
  `create index review_at on tocsin.review (at)`,
];

const windows = [
  `create table tocsin.window_group (
     correlation  text        not null,
     group_hash   text        not null,
     members      jsonb       not null,
     last_at      timestamptz not null,
     expires_at   timestamptz not null,
     constraint window_group_key primary key (correlation, group_hash)
   )`,
  `create index window_group_expires on tocsin.window_group (expires_at)`,
  // A signal that took part in a completed window is used: it completes no second one.
  `create table tocsin.signal (
     correlation  text        not null,
     group_hash   text        not null,
     event        text        not null,
     rule         text        not null,
     at           timestamptz not null,
     value        text,
     finding      text,
     used         boolean     not null default false,
     expires_at   timestamptz not null,
     constraint signal_key primary key (correlation, group_hash, event, rule)
   )`,
  `create index signal_unused on tocsin.signal (correlation, group_hash, at) where not used`,
  `create index signal_expires on tocsin.signal (expires_at)`,
];

const counts = [
  // The partition stands in the key, so that a row has one writer and batches do not queue; readers sum.
  `create table tocsin.tally (
     minute     timestamptz not null,
     model      text        not null,
     stage      text        not null,
     purpose    text        not null,
     measure    text        not null,
     label      text        not null,
     topic      text        not null,
     partition  integer     not null,
     count      bigint      not null,
     constraint tally_key primary key (minute, model, stage, purpose, measure, label, topic, partition)
   )`,
  `create index tally_measure on tocsin.tally (measure, label, minute)`,
  `create table tocsin.score_count (
     day        date    not null,
     model      text    not null,
     version    text    not null,
     stage      text    not null,
     detector   text    not null,
     bucket     integer not null,
     topic      text    not null,
     partition  integer not null,
     count      bigint  not null,
     constraint score_count_key primary key (day, model, version, stage, detector, bucket, topic, partition),
     constraint score_count_bucket check (bucket between 0 and 1000)
   )`,
  `create table tocsin.flood (
     subject       text        not null,
     began_at      timestamptz not null,
     last_over_at  timestamptz not null,
     lifted_at     timestamptz,
     constraint flood_key primary key (subject)
   )`,
  `create table tocsin.flood_kept (
     subject  text        not null,
     account  text        not null,
     hour     timestamptz not null,
     finding  text        not null,
     constraint flood_kept_key primary key (subject, account, hour)
   )`,
  `create index flood_kept_hour on tocsin.flood_kept (hour)`,
];
