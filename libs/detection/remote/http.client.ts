/**
 * One HTTP question with its answer read to the end, under the caller's deadline. Private addresses are refused unless
 * listed; redirects are not followed, so that an answer cannot lead inside.
 */
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { AllowList, publicOnly, refusedAddress, retryAfter } from '../../outbound/index.js';
import type { UncheckedReason } from './check.js';
import type { Question } from './protocol.js';

const largestAnswer = 1_048_576;

export type HttpAnswer =
  | { readonly outcome: 'json'; readonly value: unknown }
  | {
      readonly outcome: 'failed';
      readonly reason: UncheckedReason;
      /** Worth another try now. */
      readonly retry: boolean;
      readonly afterMs?: number;
    };

export class RemoteHttp {
  private readonly allow: AllowList;
  private readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };

  /** `allow`: hosts or host:port that may be private. */
  constructor(allow: readonly string[] = []) {
    this.allow = new AllowList(allow);
    const options = {
      keepAlive: true,
      maxSockets: 32,
      maxFreeSockets: 8,
      scheduling: 'lifo',
      timeout: 60_000,
    } as const;
    this.agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  }

  /** Never rejects. `allowPrivate`: the policy lists this service. */
  ask(
    { method, url: address, headers, body }: Question,
    allowPrivate: boolean,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const url = URL.parse(address);
    if (!url || !/^https?:$/.test(url.protocol)) return Promise.resolve(failed('bad_url'));
    if (!allowPrivate && this.allow.refuses(url)) return Promise.resolve(failed('private_address'));
    const secure = url.protocol === 'https:';
    return new Promise<HttpAnswer>((done) => {
      const outgoing = (secure ? httpsRequest : httpRequest)(
        url,
        {
          method,
          headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
          agent: secure ? this.agents.https : this.agents.http,
          signal,
          ...(!allowPrivate && !this.allow.has(url) && { lookup: publicOnly }),
        },
        (response) => void read(response, signal).then(done),
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) => done(lost(error, signal)));
      outgoing.end(body);
    });
  }

  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}

/** The key as its file holds it now; undefined where the file cannot be read or is empty. */
export async function readKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch {
    return undefined;
  }
}

async function read(response: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> {
  const { statusCode = 0, headers } = response;
  if (statusCode < 200 || statusCode >= 300) {
    response.resume();
    response.once('error', () => undefined);
    const afterMs = retryAfter(headers['retry-after']);
    const after = afterMs === undefined ? {} : { afterMs };
    if (statusCode === 429) return { ...failed('rate_limited', true), ...after };
    if (statusCode >= 500 || statusCode === 408 || statusCode === 425)
      return { ...failed('server_error', true), ...after };
    return failed('refused');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largestAnswer) {
        response.destroy();
        return failed('too_large');
      }
      chunks.push(chunk);
    }
  } catch (error) {
    return lost(error as NodeJS.ErrnoException, signal);
  }
  try {
    return { outcome: 'json', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown };
  } catch {
    return failed('bad_answer');
  }
}

function lost({ code }: NodeJS.ErrnoException, signal: AbortSignal): HttpAnswer {
  if (code === refusedAddress) return failed('private_address');
  if (signal.aborted) return failed('timeout', true);
  return failed(code === 'ENOTFOUND' ? 'dns' : 'connection', true);
}

function failed(reason: UncheckedReason, retry = false): Extract<HttpAnswer, { outcome: 'failed' }> {
  return { outcome: 'failed', reason, retry };
}
