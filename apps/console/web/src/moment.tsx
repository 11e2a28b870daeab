/** A moment as people read it: absolute in the viewer's zone, how long ago, and UTC on hover. */
import { useSyncExternalStore } from 'react';

const tickMs = 10_000;

/** `short` leaves out the date of today; `plain` leaves out how long ago. */
export function Moment({ at, short = false, plain = false }: { at: string; short?: boolean; plain?: boolean }) {
  const now = useNow();
  const date = new Date(at);
  const today = short && date.toDateString() === new Date(now).toDateString();
  return (
    <time dateTime={at} title={`${at.slice(0, 19).replace('T', ' ')} UTC`}>
      {(today ? timeOfDay : full).format(date)}
      {!plain && <span className="dimmed"> ({ago(date.getTime(), now)})</span>}
    </time>
  );
}

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'narrow' });

/** "5 min. ago", "in 2 days". */
export function ago(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1_000);
  const size = Math.abs(seconds);
  if (size < 10) return 'now';
  if (size < 60) return relative.format(Math.trunc(seconds / 10) * 10, 'second');
  if (size < 3_600) return relative.format(Math.trunc(seconds / 60), 'minute');
  if (size < 172_800) return relative.format(Math.trunc(seconds / 3_600), 'hour');
  return relative.format(Math.trunc(seconds / 86_400), 'day');
}

/** One clock for the whole page; it stands still between ticks so that memoised rows stay as they are. */
let now = Date.now();
const watchers = new Set<() => void>();
let timer: number | undefined;

export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  if (watchers.size === 1) {
    now = Date.now();
    timer = window.setInterval(() => {
      now = Date.now();
      for (const one of watchers) one();
    }, tickMs);
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) window.clearInterval(timer);
  };
}
