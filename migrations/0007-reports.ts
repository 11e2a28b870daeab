import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reports by period and where each was sent, and upkeep that is done once a period whatever the number of reporters. */
export class Reports1764500000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A row is written before its period ends: what was missed while everything was down is seen by it.
    await runner.query(`
      create table tocsin.report (
        id           text        not null,
        kind         text        not null,
        period       text        not null,
        timezone     text        not null,
        from_at      timestamptz not null,
        to_at        timestamptz not null,
        lease_until  timestamptz,
        fence        integer     not null default 0,
        made_at      timestamptz,
        subject      text,
        body_text    text,
        body_html    text,
        chart        bytea,
        bundle       text,
        constraint report_pk primary key (id),
        constraint report_kind check (kind in ('hourly', 'daily', 'weekly')),
        constraint report_forward check (from_at < to_at),
        constraint report_made check ((made_at is null) = (subject is null)
                                  and (made_at is null) = (body_text is null)
                                  and (made_at is null) = (body_html is null))
      )`);
    await runner.query(`create unique index report_once on tocsin.report (kind, period)`);
    await runner.query(`create index report_unmade on tocsin.report (to_at) where made_at is null`);
    await runner.query(`create index report_order on tocsin.report (to_at, id)`);

    await runner.query(`
      create table tocsin.report_delivery (
        report       text        not null,
        address      text        not null,
        state        text        not null,
        due_at       timestamptz not null,
        attempts     integer     not null default 0,
        reason       text,
        sent_at      timestamptz,
        late         boolean     not null default false,
        constraint report_delivery_pk primary key (report, address),
        constraint report_delivery_of foreign key (report) references tocsin.report (id),
        constraint report_delivery_state check (state in ('waiting', 'sent', 'refused')),
        constraint report_delivery_sent check ((state = 'sent') = (sent_at is not null)),
        constraint report_delivery_refused check (state <> 'refused' or reason is not null),
        constraint report_delivery_attempts check (attempts >= 0)
      )`);
    await runner.query(`create index report_delivery_due on tocsin.report_delivery (due_at) where state = 'waiting'`);

    await runner.query(`
      create table tocsin.upkeep (
        duty     text        not null,
        period   text        not null,
        done_at  timestamptz not null,
        constraint upkeep_pk primary key (duty, period)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['upkeep', 'report_delivery', 'report']) await runner.query(`drop table tocsin.${table}`);
  }
}
