import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Bundles and who applied them, which copy holds which, the stages' clocks, and thresholds. */
export class Policy1764500000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tocsin.bundle (
        hash    text        not null,
        files   jsonb       not null,
        kept_at timestamptz not null,
        constraint bundle_pk primary key (hash),
        constraint bundle_hash_form check (hash ~ '^[0-9a-f]{32}$')
      )`);

    // The active bundle is the one applied last; going back to an older one is an application too.
    await runner.query(`
      create table tocsin.bundle_application (
        sequence   integer     not null generated always as identity,
        hash       text        not null,
        applied_at timestamptz not null,
        applied_by text        not null,
        constraint bundle_application_pk primary key (sequence),
        constraint bundle_application_of foreign key (hash) references tocsin.bundle (hash),
        constraint bundle_application_said check (applied_by <> '')
      )`);
    await runner.query(`create index bundle_application_by_bundle on tocsin.bundle_application (hash)`);

    await runner.query(`
      create table tocsin.bundle_copy (
        copy         text        not null,
        app          text        not null,
        hash         text,
        refused_hash text,
        seen_at      timestamptz not null,
        constraint bundle_copy_pk primary key (copy)
      )`);

    await runner.query(`
      create table tocsin.stage_start (
        model          text        not null,
        stage          text        not null,
        first_event_at timestamptz not null,
        constraint stage_start_pk primary key (model, stage)
      )`);

    await runner.query(`
      create table tocsin.threshold (
        version        integer          not null generated always as identity,
        model          text             not null,
        stage          text             not null,
        detector       text             not null,
        value          double precision not null,
        floor          double precision not null,
        ceiling        double precision not null,
        grounds        jsonb            not null,
        proposed_at    timestamptz      not null,
        proposed_by    text             not null,
        effective_from timestamptz,
        published_by   text,
        declined_by    text,
        constraint threshold_pk primary key (version),
        constraint threshold_within check (value between floor and ceiling and floor >= 0 and ceiling <= 1),
        constraint threshold_published check ((effective_from is null) = (published_by is null)),
        constraint threshold_one_answer check (published_by is null or declined_by is null)
      )`);
    await runner.query(`create index threshold_in_force on tocsin.threshold (model, stage, detector, effective_from)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['threshold', 'stage_start', 'bundle_copy', 'bundle_application', 'bundle'])
      await runner.query(`drop table tocsin.${table}`);
  }
}
