/**
 * Letter case, as rules see it: two texts are the same when they differ only in case. Folding keeps every character at
 * its place (one UTF-16 unit gives one unit), so that a position found in folded text is a position in the original.
 */

/** For each UTF-16 unit the unit that stands for it: long s and Kelvin sign fold to s and k as regular expressions have it. */
const units = new Uint16Array(65536);
for (let code = 0; code < 65536; code++) {
  const upper = String.fromCharCode(code).toUpperCase();
  const lower = (upper.length === 1 ? upper : String.fromCharCode(code)).toLowerCase();
  units[code] = lower.length === 1 ? lower.charCodeAt(0) : code;
}

const onlyAscii = /^[\0-\x7f]*$/;

export function foldUnit(code: number): number {
  return units[code]!;
}

/** Every unit that folds to the same one as `code`, itself included. */
export function foldedAlike(code: number): number[] {
  return alike.get(units[code]!) ?? [code];
}

const alike = new Map<number, number[]>();
for (let code = 0; code < 65536; code++) {
  const folded = units[code]!;
  if (folded === code) continue;
  const group = alike.get(folded) ?? [folded];
  group.push(code);
  alike.set(folded, group);
}

export function fold(text: string): string {
  if (onlyAscii.test(text)) return text.toLowerCase();
  const folded = new Uint16Array(text.length);
  for (let i = 0; i < text.length; i++) folded[i] = units[text.charCodeAt(i)]!;
  let out = '';
  // In pieces: a call takes only so many arguments.
  for (let i = 0; i < folded.length; i += 8192) out += String.fromCharCode(...folded.subarray(i, i + 8192));
  return out;
}
