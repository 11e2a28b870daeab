import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Campaigns: clusters of suspect findings, and who wrote them last. The cluster of a finding stands on the finding. */
export class Detection1764500000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tocsin.campaign (
        id           text        not null,
        background   text        not null,
        first_at     timestamptz not null,
        last_at      timestamptz not null,
        texts        integer     not null default 1,
        merged_into  text,
        constraint campaign_key primary key (id),
        constraint campaign_merged_into foreign key (merged_into) references tocsin.campaign (id),
        constraint campaign_merged check (merged_into is null or merged_into < id),
        constraint campaign_texts check (texts >= 1),
        constraint campaign_order check (first_at <= last_at)
      )`);
    await runner.query(`create index campaign_last_at on tocsin.campaign (last_at) where merged_into is null`);
    // Counts the steps of every copy: one that sees a number it did not write reads the clusters again.
    await runner.query(`
      create table tocsin.campaign_step (
        only_row  boolean not null default true,
        steps     bigint  not null default 0,
        constraint campaign_step_key primary key (only_row),
        constraint campaign_step_one_row check (only_row)
      )`);
    await runner.query(`insert into tocsin.campaign_step default values`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table tocsin.campaign_step`);
    await runner.query(`drop table tocsin.campaign`);
  }
}
