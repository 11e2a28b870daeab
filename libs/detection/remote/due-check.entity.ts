/** Questions that wait for an outside service, as TypeORM sees them; the migration is what makes the table. */
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity({ name: 'due_check' })
@Check('due_check_kind', `kind in ('fact_check', 'moderation', 'identity')`)
@Check('due_check_form', `content_form in ('none', 'sentence', 'text')`)
@Check('due_check_shows', `content is null or (content_form <> 'none' and not ephemeral)`)
@Check('due_check_state', `state in ('waiting', 'claimed', 'done')`)
@Check('due_check_claimed', `(state = 'claimed') = (lease_until is not null)`)
@Check('due_check_done', `(state = 'done') = (label is not null and done_at is not null)`)
@Check('due_check_forgets', `state <> 'done' or content is null`)
@Check('due_check_unchecked', `reason is null or state <> 'done' or label = 'unchecked'`)
@Index('due_check_due', ['dueAt'], { where: `state <> 'done'` })
@Index('due_check_content', ['madeAt'], { where: 'content is not null' })
@Index('due_check_done_at', ['doneAt'], { where: `state = 'done'` })
export class DueCheckEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'due_check_pk' }) id!: string;
  @Column({ type: 'text' }) kind!: string;
  @Column({ type: 'text', name: 'event_source' }) eventSource!: string;
  @Column({ type: 'text', name: 'event_id' }) eventId!: string;
  @Column({ type: 'text' }) account!: string;
  @Column({ type: 'text', nullable: true }) organization!: string | null;
  @Column({ type: 'text', nullable: true }) model!: string | null;
  @Column({ type: 'text', nullable: true }) stage!: string | null;
  @Column({ type: 'text', nullable: true }) subject!: string | null;
  @Column({ type: 'text', nullable: true }) content!: string | null;
  @Column({ type: 'text', name: 'content_form' }) contentForm!: string;
  @Column({ type: 'boolean', default: false }) ephemeral!: boolean;
  @Column({ type: 'timestamptz', name: 'made_at' }) madeAt!: Date;
  @Column({ type: 'timestamptz', name: 'due_at' }) dueAt!: Date;
  @Column({ type: 'text', default: 'waiting' }) state!: string;
  @Column({ type: 'timestamptz', name: 'lease_until', nullable: true }) leaseUntil!: Date | null;
  @Column({ type: 'integer', default: 0 }) tries!: number;
  @Column({ type: 'text', nullable: true }) label!: string | null;
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ type: 'timestamptz', name: 'done_at', nullable: true }) doneAt!: Date | null;
}

export const remoteEntities = [DueCheckEntity];
