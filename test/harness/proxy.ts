/**
 * A TCP proxy on a free port before a real server, for faults of the network: cut what is open, refuse what comes,
 * stall without a word. With `broker`, it stands before a Kafka broker: the address that the broker gives of itself is
 * replaced in its answers, so that clients keep coming through here.
 */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** host:port. */
  readonly address: string;
  /** Ends every open connection with a reset; new ones are taken as before. */
  cut(): void;
  /** Refuses new connections and ends the open ones, as a server that is down, until `accept`. */
  refuse(): Promise<void>;
  /** Takes connections again, on the same port. */
  accept(): Promise<void>;
  /** Holds all bytes back, in both directions, on open and new connections, until `flow`. */
  stall(): void;
  flow(): void;
  /** Connections taken since the start. */
  taken(): number;
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** Replaces the broker's own address in its answers by the proxy's. */
  readonly broker?: boolean;
  /** Changes what the server answers, a chunk at a time; the length must stay. */
  readonly answer?: (chunk: Buffer) => Buffer;
}

/** `target` is `host:port`. */
export async function proxyTo(target: string, options: ProxyOptions = {}): Promise<Proxy> {
  const [host = '127.0.0.1', targetPort = ''] = target.split(':');
  const open = new Set<Socket>();
  let stalled = false;
  let taken = 0;
  let port = 0;

  const server = createServer((client) => {
    taken++;
    const upstream = connect(Number(targetPort), host);
    const rewrite = options.broker ? addressIn(host, Number(targetPort), () => port) : (chunk: Buffer) => chunk;
    upstream.on('data', (chunk: Buffer) =>
      client.write(options.answer ? options.answer(rewrite(chunk)) : rewrite(chunk)),
    );
    client.on('data', (chunk) => upstream.write(chunk));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      if (stalled) one.pause();
    }
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const stopListening = (): Promise<void> =>
    new Promise((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      cut();
    });

  await listen(0);
  port = (server.address() as AddressInfo).port;
  return {
    host: '127.0.0.1',
    port,
    address: `127.0.0.1:${port}`,
    cut,
    refuse: stopListening,
    accept: () => (server.listening ? Promise.resolve() : listen(port)),
    stall() {
      stalled = true;
      for (const socket of open) socket.pause();
    },
    flow() {
      stalled = false;
      for (const socket of open) socket.resume();
    },
    taken: () => taken,
    close: stopListening,
  };
}

/** Kafka writes an address as a length, the host's text and a 32-bit port: the port alone is replaced. */
function addressIn(host: string, targetPort: number, port: () => number): (chunk: Buffer) => Buffer {
  const written = (at: number): Buffer => {
    const out = Buffer.alloc(6 + host.length);
    out.writeInt16BE(host.length, 0);
    out.write(host, 2, 'latin1');
    out.writeInt32BE(at, 2 + host.length);
    return out;
  };
  const own = written(targetPort);
  return (chunk) => {
    for (let at = chunk.indexOf(own); at >= 0; at = chunk.indexOf(own, at + 1)) written(port()).copy(chunk, at);
    return chunk;
  };
}
