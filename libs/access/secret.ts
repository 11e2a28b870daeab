/** Keys are 256 random bits, so one SHA-256 is all the hashing they need; comparing never ends early. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares in time that depends on neither text. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(hashSecret(one), hashSecret(other));
}

/** A secret of 256 bits in letters that survive a URL, a shell and a PagerDuty client's length check. */
export function newSecret(hex: boolean): string {
  return hex ? randomBytes(16).toString('hex') : randomBytes(32).toString('base64url');
}
