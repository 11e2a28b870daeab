/** Does an incident fit a matcher of the plan? Every field given must fit; of a field's several texts one is enough. */
import type { Match, Severity } from './plan.js';

/** An incident as paging sees it; `about` of an escalation, so that a page is written without asking another table. */
export interface PagedIncident {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly severity: Severity;
  readonly detector?: string;
  readonly rule?: string;
  readonly model?: string;
  readonly stage?: string;
  /** For alerts of other tools: what they name as source or component. */
  readonly service?: string;
  /** Anything but `production` is listed and pages nobody unless the plan says so. */
  readonly purpose?: string;
  readonly key: Readonly<Record<string, string>>;
  /** The incident's own round: one more at each re-opening. */
  readonly round?: number;
  /** Milliseconds since 1970, as all times here. */
  readonly openedAt: number;
  /** Time of the newest event that it was opened from; over an hour before `openedAt`, it pages once and says how late. */
  readonly eventAt?: number;
}

export function matches(match: Match, incident: PagedIncident): boolean {
  const { key, severity, ...texts } = match;
  if (severity && !severity.includes(incident.severity)) return false;
  for (const [field, wanted] of Object.entries(texts)) {
    if (wanted && !fits(wanted, incident[field as keyof typeof texts])) return false;
  }
  return Object.entries(key ?? {}).every(([field, wanted]) => fits(wanted, incident.key[field]));
}

/** A named field of an incident, or one of its key: what grouping and inhibition compare. */
export function fieldOf(incident: PagedIncident, field: string): string {
  const named: Readonly<Record<string, string | undefined>> = {
    severity: incident.severity,
    detector: incident.detector,
    rule: incident.rule,
    model: incident.model,
    stage: incident.stage,
    service: incident.service,
    title: incident.title,
  };
  return named[field] ?? incident.key[field] ?? '';
}

function fits(wanted: readonly string[], found: string | undefined): boolean {
  return found !== undefined && wanted.some((pattern) => wildcard(pattern, found));
}

/** `*` stands for any text; letter case is no difference. Linear: the parts between stars are sought in order. */
function wildcard(pattern: string, text: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const whole = text.toLowerCase();
  const first = parts[0] ?? '';
  if (parts.length === 1) return whole === first;
  const last = parts.at(-1) ?? '';
  if (!whole.startsWith(first)) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = whole.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return whole.length - last.length >= from && whole.endsWith(last);
}
