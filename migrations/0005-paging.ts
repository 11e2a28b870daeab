import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is told: escalations, notifications and their attempts, silences, overrides, roles and what the pager watches itself by. */
export class Paging1764500000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...escalations, ...notifications, ...arrangements, ...upkeep])
      await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table tocsin.paging_plan, tocsin.escalation, tocsin.notification, tocsin.delivery_attempt, tocsin.page_rate,
                 tocsin.silence, tocsin.schedule_override, tocsin.incident_role, tocsin.incident_task,
                 tocsin.contact_check, tocsin.heartbeat, tocsin.paging_due, tocsin.calendar_feed`);
    await runner.query(`drop sequence tocsin.pager_owner`);
  }
}

const escalations = [
  // The plan in force is stamped on an escalation at birth; a plan is kept as long as anything names it.
  `create table tocsin.paging_plan (
     hash       text        not null,
     plan       jsonb       not null,
     stored_at  timestamptz not null,
     constraint paging_plan_pk primary key (hash)
   )`,
  // No foreign keys: their checks would take locks on an incident that a storm grows and on the one plan of all.
  `create table tocsin.escalation (
     incident         text        not null,
     about            jsonb       not null,
     severity         smallint    not null,
     plan             text        not null,
     policy           text        not null,
     round            integer     not null default 1,
     step             integer     not null default 0,
     state            text        not null,
     due_at           timestamptz,
     assigned         text[]      not null default '{}',
     once             boolean     not null default false,
     opened_at        timestamptz not null,
     acknowledged_at  timestamptz,
     acknowledged_by  text,
     held_why         text,
     leader           text,
     ended_at         timestamptz,
     constraint escalation_pk primary key (incident),
     constraint escalation_state check (state in ('paging', 'held', 'acknowledged', 'snoozed', 'told', 'exhausted', 'resolved', 'merged')),
     constraint escalation_severity check (severity between 1 and 4),
     constraint escalation_round check (round >= 1),
     constraint escalation_step check (step >= 0),
     constraint escalation_due check (case when state in ('paging', 'held', 'snoozed') then due_at is not null
                                           when state = 'acknowledged' then true
                                           else due_at is null end),
     constraint escalation_acknowledged check (state <> 'acknowledged' or (acknowledged_at is not null and acknowledged_by is not null)),
     constraint escalation_ended check ((state in ('resolved', 'merged')) = (ended_at is not null))
   )`,
  `create index escalation_due_at on tocsin.escalation (due_at) where due_at is not null`,
  `create index escalation_open on tocsin.escalation (opened_at) where ended_at is null`,
  `create index escalation_ended_at on tocsin.escalation (ended_at) where ended_at is not null`,
  `create index escalation_leader on tocsin.escalation (leader) where leader is not null`,
];

const notifications = [
  `create sequence tocsin.pager_owner as integer cycle`,
  `create table tocsin.notification (
     id                  text        not null,
     kind                text        not null,
     incident            text,
     round               integer     not null,
     step                integer     not null,
     responder           text        not null,
     contact             text        not null,
     channel             text        not null,
     lane                text        not null,
     plan                text        not null,
     severity            smallint    not null,
     said                jsonb,
     state               text        not null,
     due_at              timestamptz not null,
     created_at          timestamptz not null,
     attempts            integer     not null default 0,
     fence               bigint      not null default 0,
     owner               integer,
     lease_until         timestamptz,
     claimed_at          timestamptz,
     possible_duplicate  boolean     not null default false,
     bundle              text,
     sent_at             timestamptz,
     constraint notification_pk primary key (id),
     constraint notification_kind check (kind in ('page', 'fallback', 'bundle', 'resolved', 'update', 'check', 'synthetic', 'alarm')),
     constraint notification_state check (state in ('waiting', 'claimed', 'sent', 'refused', 'failed', 'cancelled', 'bundled')),
     constraint notification_channel check (channel in ('email', 'webhook', 'slack', 'pagerduty', 'http')),
     constraint notification_lane check ((channel = 'email') = (lane = 'mail') and lane in ('mail', 'http')),
     constraint notification_claim check ((state = 'claimed') = (owner is not null) and (state = 'claimed') = (lease_until is not null)),
     constraint notification_incident check (kind not in ('page', 'fallback', 'resolved', 'update') or incident is not null),
     constraint notification_bundled check ((state <> 'bundled' or bundle is not null) and (bundle is null or kind = 'page')),
     constraint notification_sent check ((state = 'sent') = (sent_at is not null)),
     constraint notification_severity check (severity between 1 and 4),
     constraint notification_attempts check (attempts >= 0)
   )`,
  // The queue itself: what waits is few, whatever the table has grown to.
  `create index notification_waiting on tocsin.notification (lane, severity, due_at) where state = 'waiting'`,
  `create index notification_claimed on tocsin.notification (lease_until) where state = 'claimed'`,
  `create index notification_of_incident on tocsin.notification (incident, round, step)`,
  `create index notification_of_bundle on tocsin.notification (bundle) where bundle is not null`,
  `create index notification_alone on tocsin.notification (created_at) where incident is null`,
  `create index notification_to_fallback on tocsin.notification (created_at) where kind in ('fallback', 'alarm')`,
  // How many pages one person got by one method in the last minute.
  `create index notification_rate on tocsin.notification (responder, contact, claimed_at) where kind = 'page' and claimed_at is not null`,
  `create table tocsin.delivery_attempt (
     notification  text        not null,
     attempt       integer     not null,
     at            timestamptz not null,
     outcome       text        not null,
     reason        text,
     ms            integer     not null,
     constraint delivery_attempt_pk primary key (notification, attempt),
     constraint delivery_attempt_outcome check (outcome in ('sent', 'retry', 'refused')),
     constraint delivery_attempt_reason check (outcome = 'sent' or reason is not null),
     constraint delivery_attempt_number check (attempt >= 1),
     constraint delivery_attempt_ms check (ms >= 0)
   )`,
  `create index delivery_attempt_at on tocsin.delivery_attempt (at)`,
  `create table tocsin.page_rate (
     responder  text        not null,
     contact    text        not null,
     sequence   integer     not null default 0,
     bundled_at timestamptz,
     constraint page_rate_pk primary key (responder, contact)
   )`,
];

const arrangements = [
  `create table tocsin.silence (
     id        uuid        not null,
     match     jsonb       not null,
     from_at   timestamptz not null,
     to_at     timestamptz not null,
     reason    text        not null,
     made_by   text        not null,
     made_at   timestamptz not null,
     ended_at  timestamptz,
     ended_by  text,
     constraint silence_pk primary key (id),
     constraint silence_forward check (from_at < to_at),
     constraint silence_ended check ((ended_at is null) = (ended_by is null))
   )`,
  `create index silence_to on tocsin.silence (to_at)`,
  // Overrides made while running, by hand or from a calendar; above those of the plan file.
  `create table tocsin.schedule_override (
     id         text        not null,
     schedule   text        not null,
     responder  text,
     from_at    timestamptz not null,
     to_at      timestamptz not null,
     reason     text,
     made_by    text        not null,
     made_at    timestamptz not null,
     constraint schedule_override_pk primary key (id),
     constraint schedule_override_forward check (from_at < to_at)
   )`,
  `create index schedule_override_to on tocsin.schedule_override (to_at)`,
  `create table tocsin.incident_role (
     incident   text        not null,
     role       text        not null,
     responder  text        not null,
     given_at   timestamptz not null,
     given_by   text        not null,
     constraint incident_role_pk primary key (incident, role)
   )`,
  `create table tocsin.incident_task (
     incident  text        not null,
     number    integer     not null,
     title     text        not null,
     role      text,
     done_at   timestamptz,
     done_by   text,
     constraint incident_task_pk primary key (incident, number),
     constraint incident_task_done check ((done_at is null) = (done_by is null))
   )`,
];

const upkeep = [
  `create table tocsin.contact_check (
     responder     text        not null,
     contact       text        not null,
     address       text        not null,
     asked_at      timestamptz not null,
     confirmed_at  timestamptz,
     constraint contact_check_pk primary key (responder, contact, address)
   )`,
  `create table tocsin.heartbeat (
     name     text        not null,
     last_at  timestamptz not null,
     missing  boolean     not null default false,
     constraint heartbeat_pk primary key (name)
   )`,
  // What the pager does by the clock: one row a duty, taken by one copy.
  `create table tocsin.paging_due (
     name    text        not null,
     due_at  timestamptz not null,
     said    jsonb,
     constraint paging_due_pk primary key (name)
   )`,
  `create table tocsin.calendar_feed (
     hash        bytea       not null,
     kind        text        not null,
     name        text        not null,
     made_at     timestamptz not null,
     made_by     text        not null,
     revoked_at  timestamptz,
     constraint calendar_feed_pk primary key (hash),
     constraint calendar_feed_kind check (kind in ('schedule', 'responder')),
     constraint calendar_feed_hash_is_sha256 check (length(hash) = 32)
   )`,
];
