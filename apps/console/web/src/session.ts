/** Who is signed in. The token itself is traded for a cookie that no script can read. */
import { useQuery } from '@tanstack/react-query';
import { signOut } from './client';
import { sessionQuery } from './queries';
import { queryClient } from './reading';

/** Asked once a minute, so a session that ended elsewhere is noticed. */
export function useSession() {
  return useQuery({ ...sessionQuery, staleTime: 30_000, refetchInterval: 60_000 });
}

export async function leave(): Promise<void> {
  await signOut();
  queryClient.clear();
}
