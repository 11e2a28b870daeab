/**
 * HTTP to addresses that a plan names. A name is resolved once and the connection goes to the address that was judged:
 * private, loopback and link-local ones are refused unless the operator lists them, so that a plan cannot be made to
 * knock on the inside.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { AllowList, isPrivateAddress, publicOnly, refusedAddress, retryAfter } from '../../outbound/index.js';
import type { Sent } from './channel.js';

export { isPrivateAddress, retryAfter };

export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class Outbound {
  private readonly allow: AllowList;
  private readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };

  /** `allow`: hosts or host:port that may be private. */
  constructor(allow: readonly string[] = []) {
    this.allow = new AllowList(allow);
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
    if (this.allow.refuses(url)) return { outcome: 'refused', reason: 'private_address' };
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
          ...(!this.allow.has(url) && { lookup: publicOnly }),
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

  close(): Promise<void> {
    this.agents.http.destroy();
    this.agents.https.destroy();
    return Promise.resolve();
  }
}

function judge({ statusCode = 0, headers }: IncomingMessage): Sent {
  if (statusCode >= 200 && statusCode < 300) return { outcome: 'sent', reason: `http_${statusCode}` };
  const reason = `http_${statusCode}`;
  if (statusCode >= 500 || [408, 425, 429].includes(statusCode)) {
    const afterMs = retryAfter(headers['retry-after']);
    return { outcome: 'retry', reason, ...(afterMs !== undefined && { afterMs }) };
  }
  return { outcome: 'refused', reason };
}
