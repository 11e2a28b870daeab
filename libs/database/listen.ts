/** LISTEN on a connection of its own. A notification only wakes; the caller polls as well, so a lost one costs time alone. */
import pg from 'pg';

export interface Listener {
  /** Session-level advisory locks and the like, on the listening connection; fails while it is away. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** True while the connection is up. */
  connected(): boolean;
  close(): Promise<void>;
}

const firstDelay = 100;
const longestDelay = 5_000;

/**
 * Listens on `channels` until closed and reconnects by itself, with growing delay up to 5 s. `onConnect` runs after each
 * connection (take advisory locks there); `onNotify` gets channel and payload.
 */
export async function listen(
  url: string,
  channels: readonly string[],
  onNotify: (channel: string, payload: string) => void,
  hooks: {
    onConnect?: (listener: Listener) => Promise<void>;
    onLost?: (error: Error) => void;
    applicationName?: string;
    /** How often the connection is tried, and how long its answer may take; 10 s and 5 s. */
    watch?: { readonly everyMs: number; readonly answerMs: number };
  } = {},
): Promise<Listener> {
  let client: pg.Client | undefined;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  let stopWatching = (): void => undefined;
  const { everyMs, answerMs } = hooks.watch ?? { everyMs: 10_000, answerMs: 5_000 };
  let delay = firstDelay;

  const listener: Listener = {
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      if (!client) throw new Error('Connection is not established: the listener is reconnecting');
      return (await client.query(sql, parameters as unknown[])).rows as Row[];
    },
    connected: () => client !== undefined,
    async close() {
      closed = true;
      clearTimeout(retry);
      stopWatching();
      const open = client;
      client = undefined;
      await open?.end().catch(() => undefined);
    },
  };

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: hooks.applicationName ?? 'tocsin listener',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: 5_000,
      options: '-c search_path=tocsin,public',
    });
    const lost = (error?: Error) => {
      if (client === fresh) {
        client = undefined;
        stopWatching();
      }
      fresh.removeAllListeners('notification');
      if (closed) return;
      hooks.onLost?.(error ?? new Error('the listening connection ended'));
      clearTimeout(retry);
      retry = setTimeout(() => void connect().catch(() => lost()), delay);
      delay = Math.min(delay * 2, longestDelay);
    };
    fresh.once('end', () => lost());
    fresh.on('error', () => undefined); // 'end' follows, and is the one that reconnects
    fresh.on('notification', ({ channel, payload }) => onNotify(channel, payload ?? ''));
    await fresh.connect();
    for (const channel of channels) await fresh.query(`listen ${pg.escapeIdentifier(channel)}`);
    if (closed) {
      await fresh.end();
      return;
    }
    client = fresh;
    stopWatching = watch(fresh, everyMs, answerMs);
    delay = firstDelay;
    await hooks.onConnect?.(listener);
  };

  await connect();
  return listener;
}

/** Listening sends nothing, so a peer that vanished without a word goes unnoticed: asked now and then, or ended. */
function watch(client: pg.Client, everyMs: number, answerMs: number): () => void {
  let late: NodeJS.Timeout | undefined;
  const end = () => void client.end().catch(() => undefined);
  const beat = setInterval(() => {
    if (late) return;
    late = setTimeout(end, answerMs).unref();
    client
      .query('select 1')
      .catch(end)
      .finally(() => {
        clearTimeout(late);
        late = undefined;
      });
  }, everyMs).unref();
  return () => {
    clearInterval(beat);
    clearTimeout(late);
  };
}
