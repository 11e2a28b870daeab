/** The tables of dead letters, as the migrations make them. */
import { Check, Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

export type Kept = 'all' | 'place' | 'ephemeral' | 'expired';

@Entity({ name: 'dead_letter' })
@Check('dead_letter_kept', `kept in ('all', 'place', 'ephemeral', 'expired')`)
@Check('dead_letter_content', `kept = 'all' or (payload is null and headers is null and record_key is null)`)
@Check('dead_letter_replayed', `(replayed_at is null) = (replayed_by is null)`)
@Index('dead_letter_by_time', ['appendedAt', 'id'])
@Index('dead_letter_by_place', ['topic', 'partition', 'offset'])
@Index('dead_letter_content_by_time', ['appendedAt'], { where: `kept = 'all'` })
export class DeadLetterEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'dead_letter_key',
  })
  id: number;

  @Column({ type: 'text' })
  topic: string;

  @Column({ type: 'integer' })
  partition: number;

  @Column({ type: 'bigint', name: 'record_offset' })
  offset: number;

  @Column({ type: 'integer', name: 'event_index' })
  index: number;

  @Column({ type: 'text' })
  reason: string;

  @Column({ type: 'text', nullable: true })
  detail: string | null;

  @Column({ type: 'text' })
  kept: Kept;

  @Column({ type: 'jsonb', nullable: true })
  headers: Record<string, string[]> | null;

  @Column({ type: 'bytea', name: 'record_key', nullable: true })
  key: Buffer | null;

  @Column({ type: 'bytea', nullable: true })
  payload: Buffer | null;

  @Column({ type: 'timestamptz', name: 'appended_at' })
  appendedAt: Date;

  @Column({ type: 'timestamptz', name: 'replayed_at', nullable: true })
  replayedAt: Date | null;

  @Column({ type: 'text', name: 'replayed_by', nullable: true })
  replayedBy: string | null;
}

@Entity({ name: 'dead_letter_minute' })
export class DeadLetterMinuteEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'dead_letter_minute_key' })
  topic: string;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'dead_letter_minute_key' })
  partition: number;

  @PrimaryColumn({ type: 'timestamptz', primaryKeyConstraintName: 'dead_letter_minute_key' })
  minute: Date;

  @Column({ type: 'integer' })
  letters: number;
}

@Entity({ name: 'dead_letter_reveal' })
@Check('dead_letter_reveal_said', `who <> '' and why <> ''`)
export class DeadLetterRevealEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'dead_letter_reveal_key',
  })
  id: number;

  @Column({ type: 'bigint', name: 'dead_letter' })
  deadLetter: number;

  @Column({ type: 'text' })
  who: string;

  @Column({ type: 'text' })
  why: string;

  @Column({ type: 'timestamptz' })
  at: Date;
}
