/** Each reading of the API, by the key under which its answer is kept. */
import { queryOptions, useInfiniteQuery } from '@tanstack/react-query';
import {
  currentSession,
  getIncident,
  getReport,
  listFindings,
  listNotifications,
  listReports,
  listThresholds,
  listTimeline,
  overview,
  precision,
  searchFindings,
  whoIsOnCall,
} from './client';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => (await currentSession({ signal })).data,
});

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: ['incident', id],
    queryFn: async ({ signal }) => (await getIncident({ path: { id }, signal })).data,
  });

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: async ({ signal }) => (await overview({ signal })).data,
});

export const onCallQuery = queryOptions({
  queryKey: ['on call'],
  queryFn: async ({ signal }) => (await whoIsOnCall({ signal })).data,
});

export const thresholdsQuery = queryOptions({
  queryKey: ['thresholds'],
  queryFn: async ({ signal }) => (await listThresholds({ signal })).data,
});

export const reportQuery = (id: string) =>
  queryOptions({
    queryKey: ['report', id],
    queryFn: async ({ signal }) => (await getReport({ path: { id }, signal })).data,
  });

export const precisionQuery = (days: number) =>
  queryOptions({
    queryKey: ['precision', days],
    queryFn: async ({ signal }) => (await precision({ query: { days }, signal })).data,
  });

export const useFindings = (id: string) =>
  useList(['incident', id, 'findings'], 25, (query, signal) => listFindings({ path: { id }, query, signal }));

export const useTimeline = (id: string) =>
  useList(['incident', id, 'timeline'], 100, (query, signal) => listTimeline({ path: { id }, query, signal }));

export const useNotifications = (id: string) =>
  useList(['incident', id, 'notifications'], 100, (query, signal) =>
    listNotifications({ path: { id }, query, signal }),
  );

export const useReports = () => useList(['reports'], 50, (query, signal) => listReports({ query, signal }));

export const useUnreviewed = () =>
  useList(['unreviewed'], 50, (query, signal) => searchFindings({ query: { ...query, unreviewed: 'true' }, signal }));

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** A list of the API, read on by its cursor. `data` is flat; `more` is there while something is left. */
function useList<Item>(
  queryKey: readonly unknown[],
  limit: number,
  read: (query: { cursor?: string; limit: number }, signal: AbortSignal) => Promise<{ data: Page<Item> }>,
) {
  const query = useInfiniteQuery({
    queryKey,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) =>
      (await read({ limit, ...(pageParam !== null && { cursor: pageParam }) }, signal)).data,
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  return {
    reading: { data, error, refetch },
    readingMore: isFetchingNextPage,
    ...(hasNextPage && { more: () => void fetchNextPage() }),
  };
}
