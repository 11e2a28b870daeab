/** How one kind of service is asked and read. Pure: the address, the key and the answer's JSON are given. */
import type { CheckKind, DueCheck, Spoken } from './check.js';

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Protocol {
  readonly kind: CheckKind;
  /** Whether a question without any text makes sense. */
  readonly needsContent: boolean;
  ask(check: DueCheck, base: URL, key: string | undefined): Question;
  /** What was said, never empty; undefined where the answer is none that the protocol knows. */
  read(answer: unknown, check: DueCheck): readonly Spoken[] | undefined;
}

/** The address with `path` added, unless it ends so already. */
export function withPath(base: URL, path: string): URL {
  const url = new URL(base);
  const own = url.pathname.replace(/\/+$/, '');
  const parts = path.split('/').filter(Boolean);
  // `/v1` of the address is the `/v1` of the path.
  let shared = parts.length;
  while (shared > 0 && !own.endsWith(`/${parts.slice(0, shared).join('/')}`)) shared--;
  const last = parts.at(-1);
  url.pathname = last !== undefined && own.endsWith(`/${last}`) ? own : [own, ...parts.slice(shared)].join('/');
  return url;
}

export function json(key?: string): Readonly<Record<string, string>> {
  return {
    accept: 'application/json',
    'content-type': 'application/json',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  };
}
