/**
 * HTTP to addresses that a plan names. A name is resolved once and the connection goes to the address that was judged:
 * private, loopback and link-local ones are refused unless the operator lists them, so that a plan cannot be made to
 * knock on the inside.
 */
import { lookup as resolve } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { Sent } from './channel.js';

const privateRanges = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  privateRanges.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  privateRanges.addSubnet(network, prefix, 'ipv6');

export function isPrivateAddress(address: string): boolean {
  return privateRanges.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const refusedAddress = 'ETOCSINPRIVATE';

export class Outbound {
  private readonly allow: ReadonlySet<string>;
  private readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };

  /** `allow`: hosts or host:port that may be private. */
  constructor(allow: readonly string[] = []) {
    this.allow = new Set(allow.map((one) => one.toLowerCase()));
    const options = {
      keepAlive: true,
      maxSockets: 64,
      maxFreeSockets: 64,
      scheduling: 'lifo',
      timeout: 60_000,
    } as const;
    this.agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  }

  /** Sends one request and sorts the answer: 2xx is sent, 408, 425, 429 and 5xx are tried again, all else is refused. */
  async send(request: OutboundRequest, signal: AbortSignal): Promise<Sent> {
    const url = URL.parse(request.url);
    if (!url) return { outcome: 'refused', reason: 'bad_url' };
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const allowed = this.allowed(url);
    if (!allowed && isIP(host) && isPrivateAddress(host)) return { outcome: 'refused', reason: 'private_address' };
    return new Promise<Sent>((done) => {
      let sent = false;
      const secure = url.protocol === 'https:';
      const outgoing = (secure ? httpsRequest : httpRequest)(
        url,
        {
          method: request.method,
          headers: {
            ...request.headers,
            ...(request.method !== 'GET' && { 'content-length': String(Buffer.byteLength(request.body)) }),
          },
          agent: secure ? this.agents.https : this.agents.http,
          signal,
          ...(!allowed && { lookup: publicOnly }),
        },
        (response) => {
          response.resume();
          response.once('error', () => undefined);
          done(judge(response));
        },
      );
      outgoing.once('finish', () => (sent = true));
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === refusedAddress) return done({ outcome: 'refused', reason: 'private_address' });
        // A kept connection that the server closed in the same moment: whether it read the request is not known.
        const reason = signal.aborted
          ? 'timeout'
          : error.code === 'ENOTFOUND'
            ? 'dns'
            : sent
              ? 'connection_cut'
              : 'connection';
        done({ outcome: 'retry', reason, unknown: sent });
      });
      outgoing.end(request.method === 'GET' ? undefined : request.body);
    });
  }

  private allowed(url: URL): boolean {
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return this.allow.has(url.hostname.toLowerCase()) || this.allow.has(`${url.hostname.toLowerCase()}:${port}`);
  }

  close(): Promise<void> {
    this.agents.http.destroy();
    this.agents.https.destroy();
    return Promise.resolve();
  }
}

const publicOnly: LookupFunction = (host, options, callback) => {
  resolve(host, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const open = addresses.filter(({ address }) => !isPrivateAddress(address));
    const first = open[0];
    if (!first) return callback(Object.assign(new Error(`${host} is a private address`), { code: refusedAddress }), '');
    if (options.all) return callback(null, open);
    callback(null, first.address, first.family);
  });
};

function judge({ statusCode = 0, headers }: IncomingMessage): Sent {
  if (statusCode >= 200 && statusCode < 300) return { outcome: 'sent', reason: `http_${statusCode}` };
  const reason = `http_${statusCode}`;
  if (statusCode >= 500 || [408, 425, 429].includes(statusCode)) {
    const afterMs = retryAfter(headers['retry-after']);
    return { outcome: 'retry', reason, ...(afterMs !== undefined && { afterMs }) };
  }
  return { outcome: 'refused', reason };
}

/** Seconds, or an HTTP date. */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
