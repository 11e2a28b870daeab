/** What of the incidents is shown: the address holds it, and the API is asked for it. */
import type { Incident, ListIncidentsData } from '../client';

export const statuses = ['open', 'acknowledged', 'resolved'] as const;
export const severities = ['SEV1', 'SEV2', 'SEV3', 'SEV4'] as const;
/** By word in the address, so a link that says "the last day" stays true tomorrow. */
export const spans = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const;
export type Span = keyof typeof spans;

export interface IncidentSearch {
  readonly status?: Incident['status'];
  readonly severity?: Incident['severity'];
  readonly since?: Span;
  /** Narrows what is loaded, by title, number and key. */
  readonly find?: string;
}

/** From the address; what does not belong there is left out. */
export function searchOf(raw: Record<string, unknown>): IncidentSearch {
  const status = statuses.find((one) => one === raw['status']);
  const severity = severities.find((one) => one === raw['severity']);
  const since = (Object.keys(spans) as Span[]).find((one) => one === raw['since']);
  const find = raw['find'] === undefined ? '' : String(raw['find']).slice(0, 200);
  return { ...(status && { status }), ...(severity && { severity }), ...(since && { since }), ...(find && { find }) };
}

export function askedOf({ status, severity, since }: IncidentSearch): NonNullable<ListIncidentsData['query']> {
  return {
    ...(status && { status }),
    ...(severity && { severity }),
    ...(since && { since: new Date(Date.now() - spans[since]).toISOString() }),
  };
}

/** Every word must occur somewhere in what a row shows. */
export function narrowed(items: readonly Incident[], find: string | undefined): readonly Incident[] {
  const words = (find ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter((incident) => {
    const text = textOf(incident);
    return words.every((word) => text.includes(word));
  });
}

function textOf({ number, title, key, detector, rule, model, stage }: Incident): string {
  return [`#${number}`, title, ...Object.values(key), detector, rule, model, stage].join(' ').toLowerCase();
}
