/** The list a responder lives in: what is open, who has it, and one key to take it. */
import { Button, Group, Text } from '@mantine/core';
import { useIntersection, useMediaQuery } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { useAct } from '../act';
import { acknowledgeIncident, type Incident } from '../client';
import { ResolveDialog } from '../incident/resolve-dialog';
import { useKeys } from '../keys';
import { Page } from '../page';
import { wordsOf } from '../problem';
import { Empty, Read } from '../states';
import { Filters } from './filters';
import { type IncidentSearch, narrowed } from './filter';
import { IncidentCards, IncidentTable, rowId } from './incident-rows';
import { type LoadedIncidents, useIncidents } from './use-incidents';

export function IncidentsPage() {
  const search = useSearch({ from: '/shell/incidents' });
  const navigate = useNavigate({ from: '/incidents' });
  const filter = useCallback(
    (change: Partial<IncidentSearch>) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true }),
    [navigate],
  );
  const { reading, more } = useIncidents(search);
  return (
    <Page title="Incidents">
      <Filters search={search} change={filter} />
      <Read reading={reading} what="incidents" rows={12}>
        {(loaded) => (
          <List
            loaded={loaded}
            search={search}
            clear={() => void navigate({ search: {} })}
            more={() => !more.isPending && more.mutate()}
            readingMore={more.isPending}
            moreError={more.error}
          />
        )}
      </Read>
    </Page>
  );
}

interface ListParts {
  readonly loaded: LoadedIncidents;
  readonly search: IncidentSearch;
  readonly clear: () => void;
  readonly more: () => void;
  readonly readingMore: boolean;
  readonly moreError: unknown;
}

function List({ loaded, search, clear, more, readingMore, moreError }: ListParts) {
  const wide = useMediaQuery('(min-width: 48em)', undefined, { getInitialValueInEffect: false });
  const items = useMemo(() => narrowed(loaded.items, search.find), [loaded.items, search.find]);
  const { acknowledge, resolving, endResolving } = useRowKeys(items, loaded.next === null ? undefined : more);

  if (loaded.items.length === 0) {
    const filtered = search.status ?? search.severity ?? search.since;
    return filtered ? (
      <Empty title="No incident matches these filters.">
        <Button variant="default" size="xs" mt="xs" onClick={clear}>
          Show all incidents
        </Button>
      </Empty>
    ) : (
      <Empty title="No incidents.">
        None has been opened yet. That is good news only while outputs are being read: the overview shows throughput and
        what could not be read.
      </Empty>
    );
  }
  const Rows = wide ? IncidentTable : IncidentCards;
  return (
    <>
      <Text size="sm" c="dimmed" mb={6} role="status">
        {countOf(loaded, items.length)}
      </Text>
      {items.length === 0 ? (
        <Empty title="None of those loaded matches.">
          {loaded.next !== null ? 'Load more below, or search for less.' : 'Search for less.'}
        </Empty>
      ) : (
        <Rows items={items} acknowledge={acknowledge} />
      )}
      {loaded.next !== null && <More more={more} busy={readingMore} error={moreError} byItself={!search.find} />}
      {resolving && <ResolveDialog incident={resolving} close={endResolving} />}
    </>
  );
}

function countOf({ items, next }: LoadedIncidents, shown: number): string {
  const loaded = `${items.length.toLocaleString()} ${items.length === 1 ? 'incident' : 'incidents'}`;
  const all = next === null ? `${loaded}, all there are` : `${loaded} loaded, and there are more`;
  return shown === items.length ? `${all}.` : `${shown.toLocaleString()} shown of ${all}.`;
}

/** J and K move the focus from row to row, so Enter and screen readers work by themselves. */
function useRowKeys(items: readonly Incident[], more: (() => void) | undefined) {
  const current = useRef<string | undefined>(undefined);
  const [resolving, setResolving] = useState<Incident>();
  const acknowledging = useAct<Incident>(
    ({ id }) => acknowledgeIncident({ path: { id }, body: {} }),
    ({ number, acknowledged_by }) => `Incident ${number} is acknowledged by ${acknowledged_by ?? 'you'}.`,
  );
  const { mutate } = acknowledging;
  const acknowledge = useCallback((incident: Incident) => mutate(incident), [mutate]);

  const here = () => {
    const focused = document.activeElement?.closest('[data-incident]')?.getAttribute('data-incident');
    current.current = focused ?? current.current;
    return items.findIndex(({ id }) => id === current.current);
  };
  const move = (by: number) => {
    const at = here();
    const to = at === -1 ? 0 : Math.min(Math.max(at + by, 0), items.length - 1);
    const incident = items[to];
    if (!incident) return;
    current.current = incident.id;
    const row = document.getElementById(rowId(incident));
    row?.focus();
    row?.scrollIntoView({ block: 'nearest' });
    if (to === items.length - 1 && by > 0) more?.();
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    a: () => {
      const incident = items[here()];
      if (incident && incident.status !== 'resolved') acknowledge(incident);
    },
    r: () => {
      const incident = items[here()];
      if (incident && incident.status !== 'resolved') setResolving(incident);
    },
  });
  return { acknowledge, resolving, endResolving: () => setResolving(undefined) };
}

interface MoreParts {
  readonly more: () => void;
  readonly busy: boolean;
  readonly error: unknown;
  readonly byItself: boolean;
}

/** Loads by itself when scrolled to; the button is there for everybody else. */
function More({ more, busy, error, byItself }: MoreParts) {
  const { ref, entry } = useIntersection({ rootMargin: '400px' });
  const near = entry?.isIntersecting ?? false;
  const readOn = useEffectEvent(() => {
    if (byItself && !error) more();
  });
  // Once it has stayed near for a moment: what was just loaded pushes it away before that.
  useEffect(() => {
    if (!near || busy) return;
    const timer = window.setTimeout(readOn, 100);
    return () => window.clearTimeout(timer);
  }, [near, busy]);
  return (
    <Group justify="center" py="md" ref={ref}>
      {error ? <Text size="sm">{wordsOf(error).title}</Text> : null}
      <Button variant="default" loading={busy} onClick={more}>
        Load 100 more
      </Button>
    </Group>
  );
}
