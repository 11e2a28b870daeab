/** Tables of the configuration, as TypeORM sees them; the migration is what makes them. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Files } from './bundle.js';

@Entity({ schema: 'tocsin', name: 'bundle' })
@Check('bundle_hash_form', `hash ~ '^[0-9a-f]{32}$'`)
export class BundleEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'bundle_pk' }) hash: string;
  @Column('jsonb') files: Files;
  @Column('timestamptz', { name: 'kept_at' }) keptAt: Date;
}

@Entity({ schema: 'tocsin', name: 'bundle_application' })
@Index('bundle_application_by_bundle', ['hash'])
@Check('bundle_application_said', `applied_by <> ''`)
export class BundleApplicationEntity {
  @PrimaryColumn('integer', {
    primaryKeyConstraintName: 'bundle_application_pk',
    generated: 'identity',
    generatedIdentity: 'ALWAYS',
  })
  sequence: number;
  @ForeignKey(() => BundleEntity, { name: 'bundle_application_of' }) @Column('text') hash: string;
  @Column('timestamptz', { name: 'applied_at' }) appliedAt: Date;
  @Column('text', { name: 'applied_by' }) appliedBy: string;
}

@Entity({ schema: 'tocsin', name: 'bundle_copy' })
export class BundleCopyEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'bundle_copy_pk' }) copy: string;
  @Column('text') app: string;
  @Column('text', { nullable: true }) hash: string | null;
  @Column('text', { name: 'refused_hash', nullable: true }) refusedHash: string | null;
  @Column('timestamptz', { name: 'seen_at' }) seenAt: Date;
}

@Entity({ schema: 'tocsin', name: 'stage_start' })
export class StageStartEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'stage_start_pk' }) model: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'stage_start_pk' }) stage: string;
  @Column('timestamptz', { name: 'first_event_at' }) firstEventAt: Date;
}

@Entity({ schema: 'tocsin', name: 'threshold' })
@Index('threshold_in_force', ['model', 'stage', 'detector', 'effectiveFrom'])
@Check('threshold_within', `value between floor and ceiling and floor >= 0 and ceiling <= 1`)
@Check('threshold_published', `(effective_from is null) = (published_by is null)`)
@Check('threshold_one_answer', `published_by is null or declined_by is null`)
export class ThresholdEntity {
  @PrimaryColumn('integer', {
    primaryKeyConstraintName: 'threshold_pk',
    generated: 'identity',
    generatedIdentity: 'ALWAYS',
  })
  version: number;
  @Column('text') model: string;
  @Column('text') stage: string;
  @Column('text') detector: string;
  @Column('double precision') value: number;
  @Column('double precision') floor: number;
  @Column('double precision') ceiling: number;
  @Column('jsonb') grounds: Readonly<Record<string, unknown>>;
  @Column('timestamptz', { name: 'proposed_at' }) proposedAt: Date;
  @Column('text', { name: 'proposed_by' }) proposedBy: string;
  @Column('timestamptz', { name: 'effective_from', nullable: true }) effectiveFrom: Date | null;
  @Column('text', { name: 'published_by', nullable: true }) publishedBy: string | null;
  @Column('text', { name: 'declined_by', nullable: true }) declinedBy: string | null;
}

export const policyEntities = [
  BundleEntity,
  BundleApplicationEntity,
  BundleCopyEntity,
  StageStartEntity,
  ThresholdEntity,
];
