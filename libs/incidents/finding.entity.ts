/** Tables of findings, windows, counts and reviews, as TypeORM sees them; the migration is what makes them. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { IncidentEntity } from './incident.entity.js';

@Entity({ name: 'finding' })
@Check('finding_level', `level in ('low', 'medium', 'high', 'critical')`)
@Check('finding_score', `score between 0 and 1`)
@Check('finding_excerpt', `length(excerpt) <= 280`)
@Check('finding_event', `(event_source is null) = (event_id is null)`)
@Check('finding_shadow', `not shadow or incident is null`)
@Index('finding_of_incident', ['incident', 'at', 'id'], { where: 'incident is not null' })
@Index('finding_at', ['at', 'id'])
@Index('finding_recorded', ['recordedAt', 'id'])
@Index('finding_account', ['account', 'at'])
@Index('finding_of_event', ['eventId', 'eventSource'])
export class FindingEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'finding_key' }) id!: string;
  @ForeignKey(() => IncidentEntity, { name: 'finding_incident' })
  @Column({ type: 'text', nullable: true })
  incident!: string | null;
  @Column({ type: 'text', name: 'event_source', nullable: true }) eventSource!: string | null;
  @Column({ type: 'text', name: 'event_id', nullable: true }) eventId!: string | null;
  @Column({ type: 'text' }) detector!: string;
  @Column({ type: 'text', name: 'detector_version' }) detectorVersion!: string;
  @Column({ type: 'text', nullable: true }) rule!: string | null;
  @Column({ type: 'text' }) title!: string;
  @Column({ type: 'text' }) label!: string;
  @Column({ type: 'double precision' }) score!: number;
  @Column({ type: 'text' }) level!: string;
  @Column({ type: 'text' }) matched!: string;
  @Column({ type: 'jsonb' }) spans!: unknown[];
  @Column({ type: 'text', nullable: true }) excerpt!: string | null;
  @Column({ type: 'timestamptz' }) at!: Date;
  @Column({ type: 'timestamptz', name: 'recorded_at' }) recordedAt!: Date;
  @Column({ type: 'text', name: 'key_hash' }) keyHash!: string;
  @Column({ type: 'text', nullable: true }) account!: string | null;
  @Column({ type: 'text', nullable: true }) organization!: string | null;
  @Column({ type: 'text', name: 'end_user', nullable: true }) endUser!: string | null;
  @Column({ type: 'text', nullable: true }) conversation!: string | null;
  @Column({ type: 'text', nullable: true }) model!: string | null;
  @Column({ type: 'text', nullable: true }) version!: string | null;
  @Column({ type: 'text', nullable: true }) stage!: string | null;
  @Column({ type: 'text', nullable: true }) purpose!: string | null;
  @Column({ type: 'boolean' }) shadow!: boolean;
  @Column({ type: 'boolean', name: 'review_only' }) reviewOnly!: boolean;
  @Column({ type: 'integer', name: 'threshold_version', nullable: true }) thresholdVersion!: number | null;
  @Column({ type: 'text', nullable: true }) topic!: string | null;
  @Column({ type: 'integer', nullable: true }) partition!: number | null;
  @Column({ type: 'bigint', name: 'record_offset', nullable: true }) recordOffset!: number | null;
  @Column({ type: 'text', nullable: true }) bundle!: string | null;
  @Column({ type: 'text', nullable: true }) cluster!: string | null;
}

@Entity({ name: 'review' })
@Check('review_label', `label in ('true', 'false', 'unsure')`)
@Index('review_at', ['at'])
export class ReviewEntity {
  @ForeignKey(() => FindingEntity, { name: 'review_finding' })
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'review_key' })
  finding!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'review_key' }) reviewer!: string;
  @Column({ type: 'text' }) label!: string;
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ type: 'timestamptz' }) at!: Date;
}

@Entity({ name: 'window_group' })
@Index('window_group_expires', ['expiresAt'])
export class WindowGroupEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'window_group_key' }) correlation!: string;
  @PrimaryColumn({ type: 'text', name: 'group_hash', primaryKeyConstraintName: 'window_group_key' }) groupHash!: string;
  @Column({ type: 'jsonb' }) members!: Record<string, string>;
  @Column({ type: 'timestamptz', name: 'last_at' }) lastAt!: Date;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt!: Date;
}

@Entity({ name: 'signal' })
@Index('signal_unused', ['correlation', 'groupHash', 'at'], { where: 'not used' })
@Index('signal_expires', ['expiresAt'])
export class SignalEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'signal_key' }) correlation!: string;
  @PrimaryColumn({ type: 'text', name: 'group_hash', primaryKeyConstraintName: 'signal_key' }) groupHash!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'signal_key' }) event!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'signal_key' }) rule!: string;
  @Column({ type: 'timestamptz' }) at!: Date;
  @Column({ type: 'text', nullable: true }) value!: string | null;
  @Column({ type: 'text', nullable: true }) finding!: string | null;
  @Column({ type: 'boolean', default: false }) used!: boolean;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt!: Date;
}

@Entity({ name: 'tally' })
@Index('tally_measure', ['measure', 'label', 'minute'])
export class TallyEntity {
  @PrimaryColumn({ type: 'timestamptz', primaryKeyConstraintName: 'tally_key' }) minute!: Date;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'tally_key' }) model!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'tally_key' }) stage!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'tally_key' }) purpose!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'tally_key' }) measure!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'tally_key' }) label!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'tally_key' }) topic!: string;
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'tally_key' }) partition!: number;
  @Column({ type: 'bigint' }) count!: number;
}

@Entity({ name: 'score_count' })
@Check('score_count_bucket', `bucket between 0 and 1000`)
export class ScoreCountEntity {
  @PrimaryColumn({ type: 'date', primaryKeyConstraintName: 'score_count_key' }) day!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'score_count_key' }) model!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'score_count_key' }) version!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'score_count_key' }) stage!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'score_count_key' }) detector!: string;
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'score_count_key' }) bucket!: number;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'score_count_key' }) topic!: string;
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'score_count_key' }) partition!: number;
  @Column({ type: 'bigint' }) count!: number;
}

@Entity({ name: 'flood' })
export class FloodEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'flood_key' }) subject!: string;
  @Column({ type: 'timestamptz', name: 'began_at' }) beganAt!: Date;
  @Column({ type: 'timestamptz', name: 'last_over_at' }) lastOverAt!: Date;
  @Column({ type: 'timestamptz', name: 'lifted_at', nullable: true }) liftedAt!: Date | null;
}

@Entity({ name: 'flood_kept' })
@Index('flood_kept_hour', ['hour'])
export class FloodKeptEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'flood_kept_key' }) subject!: string;
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'flood_kept_key' }) account!: string;
  @PrimaryColumn({ type: 'timestamptz', primaryKeyConstraintName: 'flood_kept_key' }) hour!: Date;
  @Column({ type: 'text' }) finding!: string;
}

@Entity({ name: 'waiting_reference' })
@Check('waiting_reference_kind', `kind in ('feedback', 'verdict')`)
@Check('waiting_reference_state', `state in ('waiting', 'ambiguous', 'unmatched')`)
@Check('waiting_reference_due', `(state = 'waiting') = (due_at is not null)`)
@Index('waiting_reference_due_at', ['dueAt'], { where: 'due_at is not null' })
export class WaitingReferenceEntity {
  @PrimaryColumn({ type: 'text', name: 'event_source', primaryKeyConstraintName: 'waiting_reference_key' })
  eventSource!: string;
  @PrimaryColumn({ type: 'text', name: 'event_id', primaryKeyConstraintName: 'waiting_reference_key' })
  eventId!: string;
  @Column({ type: 'text' }) kind!: string;
  @Column({ type: 'text', name: 'reference_source', nullable: true }) referenceSource!: string | null;
  @Column({ type: 'text', name: 'reference_id' }) referenceId!: string;
  @Column({ type: 'jsonb', nullable: true }) event!: unknown;
  @Column({ type: 'text' }) state!: string;
  @Column({ type: 'integer', default: 0 }) matches!: number;
  @Column({ type: 'integer', default: 0 }) tries!: number;
  @Column({ type: 'timestamptz', name: 'arrived_at' }) arrivedAt!: Date;
  @Column({ type: 'timestamptz', name: 'due_at', nullable: true }) dueAt!: Date | null;
}

@Entity({ name: 'reporter' })
@Index('reporter_last_at', ['lastAt'])
export class ReporterEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'reporter_key' }) account!: string;
  @Column({ type: 'timestamptz', name: 'first_at' }) firstAt!: Date;
  @Column({ type: 'timestamptz', name: 'last_at' }) lastAt!: Date;
}

@Entity({ name: 'first_run' })
@Check('first_run_one_row', 'only_row')
export class FirstRunEntity {
  @PrimaryColumn({ type: 'boolean', name: 'only_row', default: true, primaryKeyConstraintName: 'first_run_key' })
  onlyRow!: boolean;
  @Column({ type: 'timestamptz' }) at!: Date;
}
