import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The schema and its clock: domain time is `tocsin.now()`, which tests move and production never touches. */
export class Clock1764500000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create schema if not exists tocsin`);
    await runner.query(`
      create table tocsin.clock (
        only_row   boolean     primary key default true,
        offset_by  interval    not null default '0',
        frozen_at  timestamptz,
        constraint clock_one_row check (only_row)
      )`);
    await runner.query(`insert into tocsin.clock default values`);
    await runner.query(`
      create function tocsin.now() returns timestamptz
        language sql stable parallel safe
        as $$ select coalesce(frozen_at, now()) + offset_by from tocsin.clock $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop schema tocsin cascade`);
  }
}
