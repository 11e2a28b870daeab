/**
 * What is kept of a text: at most 280 characters around the evidence, with e-mail addresses, phone numbers and card
 * numbers masked. Masked before it is cut, so that no half of a number survives at an edge.
 */

export const excerptLength = 280;
/** Looked at on each side of the evidence: enough to mask whole, little enough to be cheap. */
const margin = 400;

// Begins only where no letter stands before: a long run without an @ is then read once, not once a letter.
const email = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu;
const digits = /(?<![\p{L}\p{N}])\+?\(?\p{Nd}(?:[ .()/‐-―−-]{0,3}\p{Nd}){6,24}(?![\p{L}\p{N}])/gu;
const isoDate = /^\d{4}-\d{2}-\d{2}$/;

/** The whole text, masked. */
export function mask(text: string): string {
  return text.replace(email, '[e-mail]').replace(digits, (found) => {
    const plain = asciiDigits(found);
    if (plain.length >= 13 && plain.length <= 19 && luhn(plain)) return '[card]';
    return isPhone(found, plain) ? '[phone]' : found;
  });
}

/** The masked surroundings of `span` (UTF-16 offsets into `text`), `…` where it is cut. */
export function maskExcerpt(text: string, span: { readonly start: number; readonly end: number }): string {
  const length = text.length;
  const start = Math.min(Math.max(0, span.start), length);
  const end = Math.min(Math.max(start, span.end), length);
  // Widened to white space, so that an address or number is seen whole.
  const from = widen(text, Math.max(0, start - margin), -1);
  const to = widen(text, Math.min(length, start + excerptLength + margin), 1);
  const whole = oneLine(mask(text.slice(from, to)));
  // A mask may shift the evidence by a few characters; the lead leaves room for that.
  const anchor = Math.min(oneLine(mask(text.slice(from, start))).length, whole.length);
  const room = excerptLength - 2;
  const lead = Math.floor((room - Math.min(end - start, room)) / 2);
  const first = Math.max(0, Math.min(anchor - lead, whole.length - room));
  const before = from > 0 || first > 0 ? '…' : '';
  const after = to < length || first + room < whole.length ? '…' : '';
  return `${before}${whole.slice(first, first + room)}${after}`.toWellFormed();
}

function widen(text: string, at: number, step: -1 | 1): number {
  const limit = at + step * 80;
  let here = at;
  while (here > 0 && here < text.length && here !== limit) {
    if (/\s/.test(text[step < 0 ? here - 1 : here]!)) break;
    here += step;
  }
  return Math.min(Math.max(here, 0), text.length);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function asciiDigits(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\P{Nd}/gu, '')
    .replace(/[^0-9]/gu, digitValue);
}

/** Decimal digits of a script stand in a run of ten: the value is the distance to the run's first. */
function digitValue(letter: string): string {
  const code = letter.codePointAt(0)!;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++;
  return String(value);
}

function isPhone(found: string, plain: string): boolean {
  if (plain.length > 15) return false;
  if (isoDate.test(found)) return false;
  return found.startsWith('+') || plain.length >= 9 || /[ .()/-]/.test(found);
}

function luhn(text: string): boolean {
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(text.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
