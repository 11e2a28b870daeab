/** What must be said at last: tried again after growing pauses until it works or there is no more sense in it. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Insistence {
  /** Ends it: the app closes. */
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown) => void;
  readonly firstMs?: number;
  readonly longestMs?: number;
}

/** Answers whether it was done; never throws. */
export async function insist(
  work: () => Promise<unknown>,
  { signal, onFailure, firstMs = 500, longestMs = 15_000 }: Insistence,
): Promise<boolean> {
  for (let pause = firstMs; !signal.aborted; pause = Math.min(2 * pause, longestMs)) {
    try {
      await work();
      return true;
    } catch (error) {
      if (!signal.aborted) onFailure(error);
    }
    await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
  }
  return false;
}
