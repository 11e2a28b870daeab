/**
 * Acknowledge by answering the mail. Only an answer to a notification's own signed address counts, whose first line is
 * ack or resolve; what machines send never does: an out-of-office note must not put a page to sleep.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A mail as an inbound mailbox hands it over, headers by lower-case name. */
export interface InboundMail {
  /** Envelope sender; empty for the null sender of bounces. */
  readonly envelopeFrom: string;
  readonly to: readonly string[];
  readonly headers: ReadonlyMap<string, string>;
  /** The text part. */
  readonly text: string;
}

export type Reply =
  | {
      readonly outcome: 'act';
      readonly action: 'acknowledge' | 'resolve';
      readonly notification: string;
      readonly from: string;
    }
  | { readonly outcome: 'ignored'; readonly reason: 'not_ours' | 'forged' | 'expired' | 'automatic' | 'no_command' };

/** `base` is the mailbox's address, `tocsin@example.com`; the answer is `tocsin+CODE@example.com`, short enough for a local part. */
export function replyAddress(base: string, notification: string, expires: number, keys: readonly string[]): string {
  const [key] = keys;
  if (key === undefined) throw new Error('no secret key to sign reply addresses with: set TOCSIN_SECRET_KEYS');
  const body = `${BigInt(`0x${notification}`).toString(36).padStart(25, '0')}.${Math.floor(expires / 1_000).toString(36)}`;
  const at = base.lastIndexOf('@');
  return `${base.slice(0, at)}+${body}.${signature(body, key)}${base.slice(at)}`;
}

export function readReply(mail: InboundMail, base: string, keys: readonly string[], now: number): Reply {
  const code = codeOf(mail.to, base);
  if (code === undefined) return { outcome: 'ignored', reason: 'not_ours' };
  const parts = /^([0-9a-z]{25})\.([0-9a-z]{1,9})\.([0-9a-v]{16})$/.exec(code);
  if (!parts) return { outcome: 'ignored', reason: 'forged' };
  const [, id = '', expires = '', signed = ''] = parts;
  const good = keys.map((key) => same(signature(`${id}.${expires}`, key), signed)).includes(true);
  const notification = hexOf(id);
  if (!good || notification === undefined) return { outcome: 'ignored', reason: 'forged' };
  if (isAutomatic(mail)) return { outcome: 'ignored', reason: 'automatic' };
  if (now >= parseInt(expires, 36) * 1_000) return { outcome: 'ignored', reason: 'expired' };
  const action = commandOf(mail.text);
  return action
    ? { outcome: 'act', action, notification, from: mail.envelopeFrom }
    : { outcome: 'ignored', reason: 'no_command' };
}

/** Mail servers may change the case of a local part: the code is of one case. */
function codeOf(to: readonly string[], base: string): string | undefined {
  const at = base.lastIndexOf('@');
  const before = `${base.slice(0, at)}+`.toLowerCase();
  const after = base.slice(at).toLowerCase();
  const found = to.map((one) => one.toLowerCase()).find((one) => one.startsWith(before) && one.endsWith(after));
  return found?.slice(before.length, found.length - after.length);
}

/** RFC 3834 and what is seen beside it: bounces, lists, bulk, out-of-office, receipts. */
function isAutomatic({ envelopeFrom, headers }: InboundMail): boolean {
  if (envelopeFrom === '' || /^(mailer-daemon|postmaster|no-?reply)@/i.test(envelopeFrom)) return true;
  const header = (name: string) => headers.get(name)?.trim().toLowerCase();
  const auto = header('auto-submitted');
  if (auto !== undefined && auto !== 'no') return true;
  if (/^(bulk|junk|list|auto_reply)/.test(header('precedence') ?? '')) return true;
  if (header('content-type')?.startsWith('multipart/report')) return true;
  return ['list-id', 'list-unsubscribe', 'x-autoreply', 'x-autorespond', 'x-auto-reply', 'x-failed-recipients'].some(
    (name) => headers.has(name),
  );
}

/** The first line that is not empty, alone: what is quoted below it does not count. */
function commandOf(text: string): 'acknowledge' | 'resolve' | undefined {
  const first = text.split(/\r?\n/).find((line) => line.trim() !== '') ?? '';
  const word = first
    .trim()
    .toLowerCase()
    .replace(/[.!]+$/, '');
  if (/^(ack|acknowledged?)$/.test(word)) return 'acknowledge';
  return /^resolved?$/.test(word) ? 'resolve' : undefined;
}

function signature(body: string, key: string): string {
  const digest = createHmac('sha256', key).update(`tocsin reply\u0000${body}`).digest('hex').slice(0, 20);
  return BigInt(`0x${digest}`).toString(32).padStart(16, '0');
}

function hexOf(base36: string): string | undefined {
  let value = 0n;
  for (const digit of base36) value = value * 36n + BigInt(parseInt(digit, 36));
  const hex = value.toString(16).padStart(32, '0');
  return hex.length === 32 ? hex : undefined;
}

function same(one: string, other: string): boolean {
  const a = Buffer.from(one);
  const b = Buffer.from(other);
  return a.length === b.length && timingSafeEqual(a, b);
}
