/**
 * The acknowledge link's token: who holds it may acknowledge one incident's one round, and nothing else, until it
 * expires. It carries no secret and no content; the signature is all that makes it good.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a token speaks for; `purpose` keeps a link of one sort from being used as another. */
export interface TokenClaims {
  readonly purpose: 'acknowledge' | 'reply' | 'contact';
  /** Incident of a page; a bundle's own id where it speaks for all in it. */
  readonly incident: string;
  readonly round: number;
  readonly notification: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export type Verified =
  | { readonly outcome: 'valid'; readonly claims: TokenClaims }
  | { readonly outcome: 'expired'; readonly claims: TokenClaims }
  | { readonly outcome: 'forged' };

/** Long enough for the next working day, short enough for a mailbox that is read by others later. */
export const tokenLifetime = 24 * 3_600_000;

const purposes = { acknowledge: 'a', reply: 'r', contact: 'c' } as const;
const form = /^([arc])\.([0-9a-z_-]{1,64})\.([0-9a-z]{1,7})\.([0-9a-f]{32})\.([0-9a-z]{1,10})\.([A-Za-z0-9_-]{22})$/;

/** Signed with the first key. Letters, digits, dots, `-` and `_` only. */
export function signToken(claims: TokenClaims, keys: readonly string[]): string {
  const [key] = keys;
  if (key === undefined) throw new Error('no secret key to sign acknowledge links with: set TOCSIN_SECRET_KEYS');
  const body = [
    purposes[claims.purpose],
    claims.incident,
    claims.round.toString(36),
    claims.notification,
    Math.floor(claims.expires / 1_000).toString(36),
  ].join('.');
  return `${body}.${signature(body, key)}`;
}

/** Tried with every key, so that a key can be changed while links made with the old one are under way. */
export function verifyToken(token: string, keys: readonly string[], now: number): Verified {
  const parts = form.exec(token);
  if (!parts) return { outcome: 'forged' };
  const [, letter, incident = '', round = '', notification = '', expires = '', signed = ''] = parts;
  const body = token.slice(0, token.length - signed.length - 1);
  const good = keys.map((key) => same(signature(body, key), signed)).includes(true);
  if (!good) return { outcome: 'forged' };
  const claims: TokenClaims = {
    purpose: letter === 'a' ? 'acknowledge' : letter === 'r' ? 'reply' : 'contact',
    incident,
    round: parseInt(round, 36),
    notification,
    expires: parseInt(expires, 36) * 1_000,
  };
  return { outcome: now < claims.expires ? 'valid' : 'expired', claims };
}

/** 128 bits: short enough for the local part of a reply address. */
function signature(body: string, key: string): string {
  return createHmac('sha256', key).update(`tocsin link\u0000${body}`).digest().subarray(0, 16).toString('base64url');
}

function same(one: string, other: string): boolean {
  const a = Buffer.from(one);
  const b = Buffer.from(other);
  return a.length === b.length && timingSafeEqual(a, b);
}
