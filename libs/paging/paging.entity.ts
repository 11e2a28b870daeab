/** The tables of 0005-paging.ts as TypeORM sees them; a test holds the two together. */
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'tocsin', name: 'paging_plan' })
export class PagingPlanEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'paging_plan_pk' }) hash: string;
  @Column('jsonb') plan: object;
  @Column('timestamptz', { name: 'stored_at' }) storedAt: Date;
}

@Entity({ schema: 'tocsin', name: 'escalation' })
@Check(
  'escalation_state',
  `state in ('paging', 'held', 'acknowledged', 'snoozed', 'told', 'exhausted', 'resolved', 'merged')`,
)
@Check('escalation_severity', `severity between 1 and 4`)
@Check('escalation_round', `round >= 1`)
@Check('escalation_step', `step >= 0`)
@Check(
  'escalation_due',
  `case when state in ('paging', 'held', 'snoozed') then due_at is not null when state = 'acknowledged' then true else due_at is null end`,
)
@Check(
  'escalation_acknowledged',
  `state <> 'acknowledged' or (acknowledged_at is not null and acknowledged_by is not null)`,
)
@Check('escalation_ended', `(state in ('resolved', 'merged')) = (ended_at is not null)`)
@Index('escalation_due_at', ['dueAt'], { where: 'due_at IS NOT NULL' })
@Index('escalation_open', ['openedAt'], { where: 'ended_at IS NULL' })
@Index('escalation_ended_at', ['endedAt'], { where: 'ended_at IS NOT NULL' })
@Index('escalation_leader', ['leader'], { where: 'leader IS NOT NULL' })
export class EscalationEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'escalation_pk' }) incident: string;
  @Column('jsonb') about: object;
  @Column('smallint') severity: number;
  @Column('text') plan: string;
  @Column('text') policy: string;
  @Column('integer', { default: 1 }) round: number;
  @Column('integer', { default: 0 }) step: number;
  @Column('text') state: string;
  @Column('timestamptz', { name: 'due_at', nullable: true }) dueAt: Date | null;
  @Column('text', { array: true, default: '{}' }) assigned: string[];
  @Column('boolean', { default: false }) once: boolean;
  @Column('timestamptz', { name: 'opened_at' }) openedAt: Date;
  @Column('timestamptz', { name: 'acknowledged_at', nullable: true }) acknowledgedAt: Date | null;
  @Column('text', { name: 'acknowledged_by', nullable: true }) acknowledgedBy: string | null;
  @Column('text', { name: 'held_why', nullable: true }) heldWhy: string | null;
  @Column('text', { nullable: true }) leader: string | null;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt: Date | null;
}

@Entity({ schema: 'tocsin', name: 'notification' })
@Check(
  'notification_kind',
  `kind in ('page', 'fallback', 'bundle', 'resolved', 'update', 'check', 'synthetic', 'alarm')`,
)
@Check('notification_state', `state in ('waiting', 'claimed', 'sent', 'refused', 'failed', 'cancelled', 'bundled')`)
@Check('notification_channel', `channel in ('email', 'webhook', 'slack', 'pagerduty', 'http')`)
@Check('notification_lane', `(channel = 'email') = (lane = 'mail') and lane in ('mail', 'http')`)
@Check(
  'notification_claim',
  `(state = 'claimed') = (owner is not null) and (state = 'claimed') = (lease_until is not null)`,
)
@Check('notification_incident', `kind not in ('page', 'fallback', 'resolved', 'update') or incident is not null`)
@Check('notification_bundled', `(state <> 'bundled' or bundle is not null) and (bundle is null or kind = 'page')`)
@Check('notification_sent', `(state = 'sent') = (sent_at is not null)`)
@Check('notification_severity', `severity between 1 and 4`)
@Check('notification_attempts', `attempts >= 0`)
@Index('notification_waiting', ['lane', 'severity', 'dueAt'], { where: `state = 'waiting'` })
@Index('notification_claimed', ['leaseUntil'], { where: `state = 'claimed'` })
@Index('notification_of_incident', ['incident', 'round', 'step'])
@Index('notification_alone', ['createdAt'], { where: 'incident IS NULL' })
@Index('notification_to_fallback', ['createdAt'], { where: `kind IN ('fallback', 'alarm')` })
@Index('notification_of_bundle', ['bundle'], { where: 'bundle IS NOT NULL' })
@Index('notification_rate', ['responder', 'contact', 'claimedAt'], {
  where: `kind = 'page' AND claimed_at IS NOT NULL`,
})
export class NotificationEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'notification_pk' }) id: string;
  @Column('text') kind: string;
  @Column('text', { nullable: true }) incident: string | null;
  @Column('integer') round: number;
  @Column('integer') step: number;
  @Column('text') responder: string;
  @Column('text') contact: string;
  @Column('text') channel: string;
  @Column('text') lane: string;
  @Column('text') plan: string;
  @Column('smallint') severity: number;
  @Column('jsonb', { nullable: true }) said: object | null;
  @Column('text') state: string;
  @Column('timestamptz', { name: 'due_at' }) dueAt: Date;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('integer', { default: 0 }) attempts: number;
  @Column('bigint', { default: 0 }) fence: number;
  @Column('integer', { nullable: true }) owner: number | null;
  @Column('timestamptz', { name: 'lease_until', nullable: true }) leaseUntil: Date | null;
  @Column('timestamptz', { name: 'claimed_at', nullable: true }) claimedAt: Date | null;
  @Column('boolean', { name: 'possible_duplicate', default: false }) possibleDuplicate: boolean;
  @Column('text', { nullable: true }) bundle: string | null;
  @Column('timestamptz', { name: 'sent_at', nullable: true }) sentAt: Date | null;
}

@Entity({ schema: 'tocsin', name: 'delivery_attempt' })
@Check('delivery_attempt_outcome', `outcome in ('sent', 'retry', 'refused')`)
@Check('delivery_attempt_reason', `outcome = 'sent' or reason is not null`)
@Check('delivery_attempt_number', `attempt >= 1`)
@Check('delivery_attempt_ms', `ms >= 0`)
@Index('delivery_attempt_at', ['at'])
export class DeliveryAttemptEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'delivery_attempt_pk' }) notification: string;
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'delivery_attempt_pk' }) attempt: number;
  @Column('timestamptz') at: Date;
  @Column('text') outcome: string;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('integer') ms: number;
}

@Entity({ schema: 'tocsin', name: 'page_rate' })
export class PageRateEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'page_rate_pk' }) responder: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'page_rate_pk' }) contact: string;
  @Column('integer', { default: 0 }) sequence: number;
  @Column('timestamptz', { name: 'bundled_at', nullable: true }) bundledAt: Date | null;
}

@Entity({ schema: 'tocsin', name: 'silence' })
@Check('silence_forward', `from_at < to_at`)
@Check('silence_ended', `(ended_at is null) = (ended_by is null)`)
@Index('silence_to', ['toAt'])
export class SilenceEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'silence_pk' }) id: string;
  @Column('jsonb') match: object;
  @Column('timestamptz', { name: 'from_at' }) fromAt: Date;
  @Column('timestamptz', { name: 'to_at' }) toAt: Date;
  @Column('text') reason: string;
  @Column('text', { name: 'made_by' }) madeBy: string;
  @Column('timestamptz', { name: 'made_at' }) madeAt: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt: Date | null;
  @Column('text', { name: 'ended_by', nullable: true }) endedBy: string | null;
}

@Entity({ schema: 'tocsin', name: 'schedule_override' })
@Check('schedule_override_forward', `from_at < to_at`)
@Index('schedule_override_to', ['toAt'])
export class ScheduleOverrideEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'schedule_override_pk' }) id: string;
  @Column('text') schedule: string;
  @Column('text', { nullable: true }) responder: string | null;
  @Column('timestamptz', { name: 'from_at' }) fromAt: Date;
  @Column('timestamptz', { name: 'to_at' }) toAt: Date;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('text', { name: 'made_by' }) madeBy: string;
  @Column('timestamptz', { name: 'made_at' }) madeAt: Date;
}

@Entity({ schema: 'tocsin', name: 'incident_role' })
export class IncidentRoleEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'incident_role_pk' }) incident: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'incident_role_pk' }) role: string;
  @Column('text') responder: string;
  @Column('timestamptz', { name: 'given_at' }) givenAt: Date;
  @Column('text', { name: 'given_by' }) givenBy: string;
}

@Entity({ schema: 'tocsin', name: 'incident_task' })
@Check('incident_task_done', `(done_at is null) = (done_by is null)`)
export class IncidentTaskEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'incident_task_pk' }) incident: string;
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'incident_task_pk' }) number: number;
  @Column('text') title: string;
  @Column('text', { nullable: true }) role: string | null;
  @Column('timestamptz', { name: 'done_at', nullable: true }) doneAt: Date | null;
  @Column('text', { name: 'done_by', nullable: true }) doneBy: string | null;
}

@Entity({ schema: 'tocsin', name: 'contact_check' })
export class ContactCheckEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'contact_check_pk' }) responder: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'contact_check_pk' }) contact: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'contact_check_pk' }) address: string;
  @Column('timestamptz', { name: 'asked_at' }) askedAt: Date;
  @Column('timestamptz', { name: 'confirmed_at', nullable: true }) confirmedAt: Date | null;
}

@Entity({ schema: 'tocsin', name: 'heartbeat' })
export class HeartbeatEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'heartbeat_pk' }) name: string;
  @Column('timestamptz', { name: 'last_at' }) lastAt: Date;
  @Column('boolean', { default: false }) missing: boolean;
}

@Entity({ schema: 'tocsin', name: 'paging_due' })
export class PagingDueEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'paging_due_pk' }) name: string;
  @Column('timestamptz', { name: 'due_at' }) dueAt: Date;
  @Column('jsonb', { nullable: true }) said: object | null;
}

@Entity({ schema: 'tocsin', name: 'calendar_feed' })
@Check('calendar_feed_kind', `kind in ('schedule', 'responder')`)
@Check('calendar_feed_hash_is_sha256', `length(hash) = 32`)
export class CalendarFeedEntity {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'calendar_feed_pk' }) hash: Buffer;
  @Column('text') kind: string;
  @Column('text') name: string;
  @Column('timestamptz', { name: 'made_at' }) madeAt: Date;
  @Column('text', { name: 'made_by' }) madeBy: string;
  @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}

export const pagingEntities = [
  PagingPlanEntity,
  EscalationEntity,
  NotificationEntity,
  DeliveryAttemptEntity,
  PageRateEntity,
  SilenceEntity,
  ScheduleOverrideEntity,
  IncidentRoleEntity,
  IncidentTaskEntity,
  ContactCheckEntity,
  HeartbeatEntity,
  PagingDueEntity,
  CalendarFeedEntity,
];
