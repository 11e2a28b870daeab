import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Questions to outside services, each with the text it may show until its verdict, for an hour at most. */
export class Checks1764500000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tocsin.due_check (
        id           text        not null,
        kind         text        not null,
        event_source text        not null,
        event_id     text        not null,
        account      text        not null,
        organization text,
        model        text,
        stage        text,
        subject      text,
        content      text,
        content_form text        not null,
        ephemeral    boolean     not null default false,
        made_at      timestamptz not null,
        due_at       timestamptz not null,
        state        text        not null default 'waiting',
        lease_until  timestamptz,
        tries        integer     not null default 0,
        label        text,
        reason       text,
        done_at      timestamptz,
        constraint due_check_pk primary key (id),
        constraint due_check_kind check (kind in ('fact_check', 'moderation', 'identity')),
        constraint due_check_form check (content_form in ('none', 'sentence', 'text')),
        constraint due_check_shows check (content is null or (content_form <> 'none' and not ephemeral)),
        constraint due_check_state check (state in ('waiting', 'claimed', 'done')),
        constraint due_check_claimed check ((state = 'claimed') = (lease_until is not null)),
        constraint due_check_done check ((state = 'done') = (label is not null and done_at is not null)),
        constraint due_check_forgets check (state <> 'done' or content is null),
        constraint due_check_unchecked check (reason is null or state <> 'done' or label = 'unchecked')
      )`);
    await runner.query(`create index due_check_due on tocsin.due_check (due_at) where state <> 'done'`);
    await runner.query(`create index due_check_content on tocsin.due_check (made_at) where content is not null`);
    await runner.query(`create index due_check_done_at on tocsin.due_check (done_at) where state = 'done'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table tocsin.due_check`);
  }
}
