/** Texts of rules: wildcards and their escapes, and the encodings that modifiers ask for. */
import type { GlobPart } from './rule.js';
import { fold } from './fold.js';

/**
 * Reads `*` and `?` as wildcards; a backslash takes the meaning from the wildcard or backslash behind it and is itself
 * plain anywhere else, so `C:\Windows` and `C:\\Windows` mean the same.
 */
export function parseWildcards(text: string): GlobPart[] {
  const parts: GlobPart[] = [];
  let plain = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const next = text[i + 1];
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      plain += next;
      i++;
    } else if (char === '*' || char === '?') {
      if (plain) parts.push(plain);
      plain = '';
      parts.push({ wild: char === '*' ? 'any' : 'one' });
    } else plain += char;
  }
  if (plain) parts.push(plain);
  return parts;
}

/** The text of a pattern without wildcards, else undefined. */
export function plainText(parts: readonly GlobPart[]): string | undefined {
  if (parts.length === 0) return '';
  const [only] = parts;
  return parts.length === 1 && typeof only === 'string' ? only : undefined;
}

const dashes = ['-', '/', '\u2013', '\u2014', '\u2015'];

/** Every way to write a text's dashes, undefined where there would be more than 3,125. */
export function dashVariants(text: string): string[] | undefined {
  let variants = [''];
  for (const char of text) {
    const choices = dashes.includes(char) ? dashes : [char];
    if (variants.length * choices.length > 3125) return undefined;
    variants = choices.flatMap((choice) => variants.map((variant) => variant + choice));
  }
  return variants;
}

export type Encoding = 'utf16le' | 'utf16be' | 'utf16';

export function encode(text: string, encoding: Encoding): Buffer {
  const little = Buffer.from(text, 'utf16le');
  if (encoding === 'utf16be') return little.swap16();
  return encoding === 'utf16' ? Buffer.concat([Buffer.from([0xff, 0xfe]), little]) : little;
}

/**
 * How bytes look inside base64 when they begin at the first, second or third byte of a group: only the characters that
 * depend on no neighbour.
 */
export function base64Offsets(bytes: Buffer): string[] {
  const skipStart = [0, 2, 3];
  const skipEnd = [0, 3, 2];
  const found: string[] = [];
  for (let offset = 0; offset < 3; offset++) {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const text = whole.slice(skipStart[offset], whole.length - skipEnd[(bytes.length + offset) % 3]!);
    if (text) found.push(text);
  }
  return found;
}

/** Text between two `*`: characters to be found at fixed distances. */
export interface Run {
  readonly length: number;
  readonly pieces: readonly { readonly at: number; readonly text: string }[];
}

export function globRuns(parts: readonly GlobPart[], cased: boolean): Run[] {
  const runs: GlobPart[][] = [[]];
  for (const part of parts) {
    if (typeof part === 'string') runs.at(-1)!.push(cased ? part : fold(part));
    else if (part.wild === 'one') runs.at(-1)!.push(part);
    else runs.push([]);
  }
  return runs.map(toRun);
}

function toRun(run: readonly GlobPart[]): Run {
  const pieces: { at: number; text: string }[] = [];
  let length = 0;
  for (const piece of run) {
    if (typeof piece === 'string') pieces.push({ at: length, text: piece });
    length += typeof piece === 'string' ? piece.length : 1;
  }
  return { length, pieces };
}

/** Does `text` (folded where the pattern is) fit the whole pattern? Linear in the text for any one pattern. */
export function runsMatch(runs: readonly Run[], text: string): boolean {
  const first = runs[0]!;
  if (runs.length === 1) return text.length === first.length && fits(first, text, 0);
  const last = runs.at(-1)!;
  if (!fits(first, text, 0)) return false;
  let from = first.length;
  for (const run of runs.slice(1, -1)) {
    const at = findRun(run, text, from);
    if (at < 0) return false;
    from = at + run.length;
  }
  const end = text.length - last.length;
  return end >= from && fits(last, text, end);
}

function fits(run: Run, text: string, at: number): boolean {
  if (at + run.length > text.length) return false;
  return run.pieces.every((piece) => text.startsWith(piece.text, at + piece.at));
}

function findRun(run: Run, text: string, from: number): number {
  const piece = run.pieces[0];
  if (!piece) return from + run.length <= text.length ? from : -1;
  for (let at = text.indexOf(piece.text, from + piece.at); at >= 0; at = text.indexOf(piece.text, at + 1)) {
    if (fits(run, text, at - piece.at)) return at - piece.at;
  }
  return -1;
}
