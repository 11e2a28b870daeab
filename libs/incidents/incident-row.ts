/** How a row of `tocsin.incident` reads as an Incident. */
import type { Incident, IncidentKind, Severity, Status } from './incident.js';

export interface IncidentRow {
  readonly id: string;
  readonly number: number;
  readonly kind: IncidentKind;
  readonly title: string;
  readonly status: Status;
  readonly severity: Severity;
  readonly detector: string | null;
  readonly rule: string | null;
  readonly key: Record<string, string>;
  readonly key_hash: string;
  readonly stage: string | null;
  readonly model: string | null;
  readonly purpose: string | null;
  readonly round: number;
  readonly opened_at: Date;
  readonly event_at: Date;
  readonly late_ms: number;
  readonly acknowledged_at: Date | null;
  readonly acknowledged_by: string | null;
  readonly resolved_at: Date | null;
  readonly resolved_by: string | null;
  readonly resolution: string | null;
  readonly merged_into: string | null;
  readonly routing_key: string | null;
  readonly details: Record<string, unknown> | null;
  readonly bundle: string | null;
}

export function incidentOf(row: IncidentRow): Incident {
  return {
    id: row.id,
    number: row.number,
    kind: row.kind,
    title: row.title,
    status: row.status,
    severity: row.severity,
    key: row.key,
    keyHash: row.key_hash,
    round: row.round,
    openedAt: row.opened_at,
    eventAt: row.event_at,
    lateMs: row.late_ms,
    ...(row.detector === null ? {} : { detector: row.detector }),
    ...(row.rule === null ? {} : { rule: row.rule }),
    ...(row.stage === null ? {} : { stage: row.stage }),
    ...(row.model === null ? {} : { model: row.model }),
    ...(row.purpose === null ? {} : { purpose: row.purpose }),
    ...(row.acknowledged_at === null ? {} : { acknowledgedAt: row.acknowledged_at }),
    ...(row.acknowledged_by === null ? {} : { acknowledgedBy: row.acknowledged_by }),
    ...(row.resolved_at === null ? {} : { resolvedAt: row.resolved_at }),
    ...(row.resolved_by === null ? {} : { resolvedBy: row.resolved_by }),
    ...(row.resolution === null ? {} : { resolution: row.resolution }),
    ...(row.merged_into === null ? {} : { mergedInto: row.merged_into }),
    ...(row.routing_key === null ? {} : { routingKey: row.routing_key }),
    ...(row.details === null ? {} : { details: row.details }),
    ...(row.bundle === null ? {} : { bundle: row.bundle }),
  };
}
