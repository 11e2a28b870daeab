/** The tables of 0007-reports.ts as TypeORM sees them; a test holds the two together. */
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'tocsin', name: 'report' })
@Check('report_kind', `kind in ('hourly', 'daily', 'weekly')`)
@Check('report_forward', `from_at < to_at`)
@Check(
  'report_made',
  `(made_at is null) = (subject is null) and (made_at is null) = (body_text is null) and (made_at is null) = (body_html is null)`,
)
@Index('report_once', ['kind', 'period'], { unique: true })
@Index('report_unmade', ['toAt'], { where: 'made_at IS NULL' })
@Index('report_order', ['toAt', 'id'])
export class ReportEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'report_pk' }) id: string;
  @Column('text') kind: string;
  @Column('text') period: string;
  @Column('text') timezone: string;
  @Column('timestamptz', { name: 'from_at' }) fromAt: Date;
  @Column('timestamptz', { name: 'to_at' }) toAt: Date;
  @Column('timestamptz', { name: 'lease_until', nullable: true }) leaseUntil: Date | null;
  @Column('integer', { default: 0 }) fence: number;
  @Column('timestamptz', { name: 'made_at', nullable: true }) madeAt: Date | null;
  @Column('text', { nullable: true }) subject: string | null;
  @Column('text', { name: 'body_text', nullable: true }) bodyText: string | null;
  @Column('text', { name: 'body_html', nullable: true }) bodyHtml: string | null;
  @Column('bytea', { nullable: true }) chart: Buffer | null;
  @Column('text', { nullable: true }) bundle: string | null;
}

@Entity({ schema: 'tocsin', name: 'report_delivery' })
@Check('report_delivery_state', `state in ('waiting', 'sent', 'refused')`)
@Check('report_delivery_sent', `(state = 'sent') = (sent_at is not null)`)
@Check('report_delivery_refused', `state <> 'refused' or reason is not null`)
@Check('report_delivery_attempts', `attempts >= 0`)
@Index('report_delivery_due', ['dueAt'], { where: `state = 'waiting'` })
export class ReportDeliveryEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'report_delivery_pk' }) report: string;
  @ManyToOne(() => ReportEntity)
  @JoinColumn({ name: 'report', foreignKeyConstraintName: 'report_delivery_of' })
  of: ReportEntity;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'report_delivery_pk' }) address: string;
  @Column('text') state: string;
  @Column('timestamptz', { name: 'due_at' }) dueAt: Date;
  @Column('integer', { default: 0 }) attempts: number;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('timestamptz', { name: 'sent_at', nullable: true }) sentAt: Date | null;
  @Column('boolean', { default: false }) late: boolean;
}

@Entity({ schema: 'tocsin', name: 'upkeep' })
export class UpkeepEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'upkeep_pk' }) duty: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'upkeep_pk' }) period: string;
  @Column('timestamptz', { name: 'done_at' }) doneAt: Date;
}

export const reportsEntities = [ReportEntity, ReportDeliveryEntity, UpkeepEntity];
