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
  } = {},
): Promise<Listener> {
  let client: pg.Client | undefined;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
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
      connectionTimeoutMillis: 5_000,
      options: '-c search_path=tocsin,public',
    });
    const lost = (error?: Error) => {
      if (client === fresh) client = undefined;
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
    delay = firstDelay;
    await hooks.onConnect?.(listener);
  };

  await connect();
  return listener;
}
