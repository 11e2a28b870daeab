/** How the API is read: errors become sentences, transient ones are tried again, live updates read again. */
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { client } from './client/client.gen';
import { ApiError, asError, isSignedOut } from './problem';

client.interceptors.error.use((error, response) => asError(error, response));

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that ended is noticed by whatever reads next; asking who is signed in leads to the sign-in.
    onError: (error, { queryKey }) => {
      if (isSignedOut(error) && queryKey[0] !== 'session')
        void queryClient.invalidateQueries({ queryKey: ['session'] });
    },
  }),
  defaultOptions: {
    queries: {
      // A browser that believes itself offline may still reach an api on the same host.
      networkMode: 'always',
      retry: (failures, error) => failures < 2 && isTransient(error),
      retryDelay: (failures) => 500 * 2 ** failures,
      refetchOnWindowFocus: true,
      staleTime: 1_000,
    },
    mutations: { networkMode: 'always', retry: false },
  },
});

/** What is asked of the API stays true until somebody says that something changed. */
export function readAgain(): void {
  void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
}

function isTransient(error: unknown): boolean {
  return !(error instanceof ApiError) || error.problem.status >= 500;
}
