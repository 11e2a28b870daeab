/** The forms of what the API answers and takes; OpenAPI and the console's client are made of these. */
import { z } from 'zod';
import { kinds, levels, severities, statuses } from '../../libs/incidents/index.js';

const time = z.iso.datetime().describe('RFC 3339, UTC');

export const severity = z.enum(severities);
export const status = z.enum(statuses);

export const incident = z
  .object({
    id: z.string(),
    number: z.number().int(),
    kind: z.enum(kinds),
    title: z.string(),
    status,
    resolution: z.string().optional(),
    severity,
    detector: z.string().optional(),
    rule: z.string().optional(),
    key: z.record(z.string(), z.string()).describe('what its findings share, such as the account'),
    stage: z.string().optional(),
    model: z.string().optional(),
    purpose: z.string().optional(),
    findings: z.number().int().describe('how many'),
    round: z.number().int().describe('1, and one more at each re-opening'),
    opened_at: time,
    acknowledged_at: time.optional(),
    acknowledged_by: z.string().optional(),
    resolved_at: time.optional(),
    resolved_by: z.string().optional(),
    merged_into: z.string().optional(),
  })
  .meta({ id: 'Incident' });

export const finding = z
  .object({
    id: z.string(),
    event: z.object({ source: z.string(), id: z.string() }).optional(),
    detector: z.string(),
    rule: z.string().optional(),
    title: z.string(),
    label: z.string(),
    score: z.number().min(0).max(1),
    level: z.enum(levels),
    matched: z.string().describe('what it matched: a rule, a watchlist entry, an identity'),
    excerpt: z.string().optional().describe('at most 280 characters, e-mail addresses, phone and card numbers masked'),
    at: time,
    incident: z.string().optional(),
    account: z.string().optional(),
    model: z.string().optional(),
    stage: z.string().optional(),
    purpose: z.string().optional(),
    shadow: z.boolean(),
    review_only: z.boolean(),
  })
  .meta({ id: 'Finding' });

export const timelineEntry = z
  .object({
    sequence: z.number().int(),
    at: time,
    who: z.string(),
    what: z.string(),
    why: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'TimelineEntry' });

export const attempt = z
  .object({
    at: time,
    outcome: z.enum(['sent', 'retry', 'refused']),
    reason: z.string().optional(),
    ms: z.number(),
  })
  .meta({ id: 'Attempt' });

export const notification = z
  .object({
    id: z.string(),
    to: z.string(),
    kind: z.string(),
    responder: z.string(),
    channel: z.string(),
    step: z.number().int(),
    round: z.number().int(),
    state: z.string(),
    attempts: z.array(attempt),
  })
  .meta({ id: 'Notification' });

export const page = <Item extends z.ZodType>(item: Item, id: string) =>
  z
    .object({ items: z.array(item), next: z.string().nullable().describe('cursor of the next page; null at the end') })
    .meta({ id });

export const problem = z
  .object({ type: z.string(), title: z.string(), status: z.number().int(), detail: z.string() })
  .meta({ id: 'Problem' });

/** `?cursor=NEXT&limit=N` of every list. */
export const paging = z.object({
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

export const incidentFilter = paging.extend({
  status: status.optional(),
  severity: severity.optional(),
  since: z.iso.datetime({ offset: true }).optional().describe('opened at or after'),
});
