import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may call: API keys and routing keys, kept hashed, and the console's sessions. */
export class Access1764500000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tocsin.access_key (
        id          text        not null,
        kind        text        not null,
        name        text        not null,
        hash        bytea       not null,
        created_at  timestamptz not null,
        created_by  text        not null,
        revoked_at  timestamptz,
        used_at     timestamptz,
        constraint access_key_pk primary key (id),
        constraint access_key_hash_once unique (hash),
        constraint access_key_kind check (kind in ('api', 'routing')),
        constraint access_key_hash_is_sha256 check (length(hash) = 32)
      )`);
    await runner.query(`
      create table tocsin.console_session (
        hash        bytea       not null,
        who         text        not null,
        created_at  timestamptz not null,
        expires_at  timestamptz not null,
        constraint console_session_pk primary key (hash),
        constraint console_session_hash_is_sha256 check (length(hash) = 32),
        constraint console_session_ends check (expires_at > created_at)
      )`);
    await runner.query(`create index console_session_expires on tocsin.console_session (expires_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table tocsin.console_session`);
    await runner.query(`drop table tocsin.access_key`);
  }
}
