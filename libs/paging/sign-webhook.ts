/** Standard Webhooks signatures: over id, timestamp and body, one for each secret, so that a secret can be changed in use. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** `at` in milliseconds since 1970. A secret of the form `whsec_...` is base64 of its bytes; any other is taken as its text. */
export function signWebhook(id: string, at: number, body: string, secrets: readonly string[]): SignedHeaders {
  const timestamp = String(Math.floor(at / 1_000));
  const signatures = secrets.map((secret) => `v1,${signatureOf(id, timestamp, body, secret)}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

const tolerance = 5 * 60_000;

/** The receiver's side: true where any signature fits any secret and the timestamp is within 5 minutes of `now`. */
export function verifyWebhook(headers: SignedHeaders, body: string, secrets: readonly string[], now: number): boolean {
  const timestamp = headers['webhook-timestamp'];
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Number(timestamp) * 1_000 - now) > tolerance) return false;
  const given = headers['webhook-signature'].split(' ').flatMap((one) => (one.startsWith('v1,') ? [one.slice(3)] : []));
  return secrets
    .flatMap((secret) => {
      const wanted = signatureOf(headers['webhook-id'], timestamp, body, secret);
      return given.map((one) => same(one, wanted));
    })
    .includes(true);
}

function signatureOf(id: string, timestamp: string, body: string, secret: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
}

function same(one: string, other: string): boolean {
  const a = Buffer.from(one);
  const b = Buffer.from(other);
  return a.length === b.length && timingSafeEqual(a, b);
}
