/**
 * The list as it grows: the first hundred, then more as asked for. A live update reads the top again, 300 at most, and
 * keeps what lies below, so that a list of thousands costs three requests and not fifty. Rows that did not change stay
 * the same objects, so they are not drawn again.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Incident, type IncidentPage, listIncidents } from '../client';
import { askedOf, type IncidentSearch } from './filter';

const pageSize = 100;
const readAgainAtMost = 300;

export interface LoadedIncidents {
  readonly items: readonly Incident[];
  readonly next: string | null;
}

/** `find` narrows on screen and is no part of what is read. */
const keyOf = ({ status, severity, since }: IncidentSearch) => ['incidents', { status, severity, since }] as const;

export function useIncidents(search: IncidentSearch) {
  const queries = useQueryClient();
  const key = keyOf(search);
  const known = () => queries.getQueryData<LoadedIncidents>(key);
  const reading = useQuery({
    queryKey: key,
    structuralSharing: false,
    queryFn: async ({ signal }): Promise<LoadedIncidents> => {
      const wanted = Math.min(known()?.items.length ?? pageSize, readAgainAtMost);
      const items: Incident[] = [];
      let next: string | null = null;
      do {
        const page: IncidentPage = await readPage(search, next, signal);
        items.push(...page.items);
        next = page.next;
      } while (next !== null && items.length < wanted);
      return joined({ items, next }, known());
    },
  });
  const more = useMutation({
    mutationFn: async () => {
      const cursor = known()?.next;
      if (!cursor) return;
      const page = await readPage(search, cursor);
      const now = known();
      if (!now) return;
      const ids = new Set(now.items.map(({ id }) => id));
      const items = [...now.items, ...page.items.filter(({ id }) => !ids.has(id))];
      queries.setQueryData<LoadedIncidents>(key, { items, next: page.next });
    },
  });
  return { reading, more };
}

async function readPage(search: IncidentSearch, cursor: string | null, signal?: AbortSignal): Promise<IncidentPage> {
  const query = { ...askedOf(search), limit: pageSize, ...(cursor !== null && { cursor }) };
  return (await listIncidents({ query, ...(signal && { signal }) })).data;
}

/** What was read now, and below it what was read before. */
function joined(fresh: LoadedIncidents, before: LoadedIncidents | undefined): LoadedIncidents {
  if (!before) return fresh;
  const known = new Map(before.items.map((incident) => [incident.id, incident]));
  const items = fresh.items.map((incident) => {
    const old = known.get(incident.id);
    return old && JSON.stringify(old) === JSON.stringify(incident) ? old : incident;
  });
  const last = items.at(-1);
  if (fresh.next === null || !last) return { items, next: fresh.next };
  const below = before.items.filter(({ number }) => number < last.number);
  return below.length === 0 ? { items, next: fresh.next } : { items: [...items, ...below], next: before.next };
}
