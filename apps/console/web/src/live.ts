/**
 * Live updates. The API says only that something changed, and what is on screen is read again; a heartbeat reads again
 * too, so nothing is older than that. The word in the header always says whether this works.
 */
import { useEffect, useState } from 'react';
import { readAgain } from './reading';

export type Liveness = 'connecting' | 'live' | 'reconnecting';

/** The API sends a heartbeat every 15 s; silence for three of them is a dead connection that nobody told us of. */
const silenceMs = 45_000;
const againMs = 2_000;

export function useLive(): Liveness {
  const [liveness, setLiveness] = useState<Liveness>('connecting');
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: number | undefined;
    let missed = false;

    const changed = () => {
      if (document.hidden) missed = true;
      else readAgain();
    };
    const seen = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(lost, silenceMs);
    };
    const open = () => {
      source?.close();
      source = new EventSource('/api/v1/live');
      source.addEventListener('open', () => {
        setLiveness('live');
        seen();
        changed(); // whatever happened while we were away
      });
      for (const name of ['changed', 'heartbeat']) {
        source.addEventListener(name, () => {
          seen();
          changed();
        });
      }
      source.addEventListener('error', lost);
    };
    // The browser gives up for good after an HTTP error, so we come back by ourselves.
    const lost = () => {
      source?.close();
      setLiveness('reconnecting');
      window.clearTimeout(timer);
      timer = window.setTimeout(open, againMs);
    };
    const shown = () => {
      if (document.hidden || !missed) return;
      missed = false;
      readAgain();
    };

    document.addEventListener('visibilitychange', shown);
    open();
    return () => {
      document.removeEventListener('visibilitychange', shown);
      window.clearTimeout(timer);
      source?.close();
    };
  }, []);
  return liveness;
}
