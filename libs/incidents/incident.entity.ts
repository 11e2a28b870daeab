/** Tables of incidents and what hangs on them, as TypeORM sees them; the migration is what makes them. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

@Entity({ name: 'incident' })
@Check('incident_kind', `kind in ('detection', 'external', 'operation', 'synthetic')`)
@Check('incident_status', `status in ('open', 'acknowledged', 'resolved')`)
@Check('incident_severity', `severity in ('SEV1', 'SEV2', 'SEV3', 'SEV4')`)
@Check('incident_round', `round >= 1`)
@Check('incident_late', `late_ms >= 0`)
@Check(
  'incident_acknowledged',
  `status <> 'acknowledged' or (acknowledged_at is not null and acknowledged_by is not null)`,
)
@Check('incident_open', `status <> 'open' or acknowledged_at is null`)
@Check(
  'incident_resolved',
  `(status = 'resolved') = (resolved_at is not null) and (status = 'resolved') = (resolution is not null) and (status = 'resolved') = (resolved_by is not null)`,
)
@Check('incident_merged', `merged_into is null or (status = 'resolved' and merged_into <> id)`)
@Check('incident_external', `(kind = 'external') = (routing_key is not null)`)
@Index('incident_one_open', ['keyHash'], { unique: true, where: `status <> 'resolved'` })
@Index('incident_number', ['number'], { unique: true })
@Index('incident_key_resolved', ['keyHash', 'resolvedAt'])
@Index('incident_opened', ['openedAt', 'id'])
export class IncidentEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'incident_key' }) id!: string;
  @Column({ type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' }) number!: number;
  @Column({ type: 'text' }) kind!: string;
  @Column({ type: 'text' }) title!: string;
  @Column({ type: 'text' }) status!: string;
  @Column({ type: 'text' }) severity!: string;
  @Column({ type: 'text', nullable: true }) detector!: string | null;
  @Column({ type: 'text', nullable: true }) rule!: string | null;
  @Column({ type: 'jsonb' }) key!: Record<string, string>;
  @Column({ type: 'text', name: 'key_hash' }) keyHash!: string;
  @Column({ type: 'text', nullable: true }) stage!: string | null;
  @Column({ type: 'text', nullable: true }) model!: string | null;
  @Column({ type: 'text', nullable: true }) purpose!: string | null;
  @Column({ type: 'integer', default: 1 }) round!: number;
  @Column({ type: 'timestamptz', name: 'opened_at' }) openedAt!: Date;
  @Column({ type: 'timestamptz', name: 'event_at' }) eventAt!: Date;
  @Column({ type: 'bigint', name: 'late_ms', default: 0 }) lateMs!: number;
  @Column({ type: 'timestamptz', name: 'acknowledged_at', nullable: true }) acknowledgedAt!: Date | null;
  @Column({ type: 'text', name: 'acknowledged_by', nullable: true }) acknowledgedBy!: string | null;
  @Column({ type: 'timestamptz', name: 'resolved_at', nullable: true }) resolvedAt!: Date | null;
  @Column({ type: 'text', name: 'resolved_by', nullable: true }) resolvedBy!: string | null;
  @Column({ type: 'text', nullable: true }) resolution!: string | null;
  @ForeignKey(() => IncidentEntity, { name: 'incident_merged_into' })
  @Column({ type: 'text', name: 'merged_into', nullable: true })
  mergedInto!: string | null;
  @Column({ type: 'text', name: 'routing_key', nullable: true }) routingKey!: string | null;
  @Column({ type: 'jsonb', nullable: true }) details!: Record<string, unknown> | null;
  @Column({ type: 'text', nullable: true }) bundle!: string | null;
}

@Entity({ name: 'incident_event' })
@Index('incident_event_once', ['incident', 'once'], { unique: true })
@Index('incident_event_at', ['at'])
@Index('incident_event_order', ['incident', 'sequence'])
export class IncidentEventEntity {
  @PrimaryColumn({
    type: 'bigint',
    generated: 'identity',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'incident_event_key',
  })
  sequence!: number;
  @ForeignKey(() => IncidentEntity, { name: 'incident_event_incident' })
  @Column({ type: 'text' })
  incident!: string;
  @Column({ type: 'timestamptz' }) at!: Date;
  @Column({ type: 'text' }) who!: string;
  @Column({ type: 'text' }) what!: string;
  @Column({ type: 'text', nullable: true }) why!: string | null;
  @Column({ type: 'jsonb', nullable: true }) details!: Record<string, unknown> | null;
  @Column({ type: 'text', nullable: true }) once!: string | null;
}

@Entity({ name: 'incident_link' })
@Check('incident_link_ordered', `incident < other`)
export class IncidentLinkEntity {
  @ForeignKey(() => IncidentEntity, { name: 'incident_link_incident' })
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'incident_link_key' })
  incident!: string;
  @ForeignKey(() => IncidentEntity, { name: 'incident_link_other' })
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'incident_link_key' })
  other!: string;
  @Column({ type: 'text' }) who!: string;
  @Column({ type: 'timestamptz' }) at!: Date;
}

@Entity({ name: 'evidence' })
@Check('evidence_state', `state in ('due', 'kept', 'gone')`)
@Check('evidence_due', `(state = 'due') = (due_at is not null)`)
@Check('evidence_kept', `(state = 'kept') = (output is not null)`)
@Index('evidence_at', ['at'])
@Index('evidence_due_at', ['dueAt'], { where: 'due_at is not null' })
export class EvidenceEntity {
  @ForeignKey(() => IncidentEntity, { name: 'evidence_incident' })
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'evidence_key' })
  incident!: string;
  @PrimaryColumn({ type: 'text', name: 'event_source', primaryKeyConstraintName: 'evidence_key' }) eventSource!: string;
  @PrimaryColumn({ type: 'text', name: 'event_id', primaryKeyConstraintName: 'evidence_key' }) eventId!: string;
  @Column({ type: 'text' }) state!: string;
  @Column({ type: 'text' }) topic!: string;
  @Column({ type: 'integer' }) partition!: number;
  @Column({ type: 'bigint', name: 'record_offset' }) recordOffset!: number;
  @Column({ type: 'text', nullable: true }) prompt!: string | null;
  @Column({ type: 'text', nullable: true }) output!: string | null;
  @Column({ type: 'timestamptz' }) at!: Date;
  @Column({ type: 'integer', default: 0 }) tries!: number;
  @Column({ type: 'timestamptz', name: 'due_at', nullable: true }) dueAt!: Date | null;
}
