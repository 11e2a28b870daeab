/**
 * How is a text read once its disguises are off? Homoglyphs, zero-width characters, leet, letters set apart, HTML
 * entities and markdown inside words are undone and case is dropped. Both sides of every comparison are folded, so a
 * wrong guess costs a match and never makes one. Raw text stays what people see.
 */
import { confusablesMap } from 'confusables';

/** Zero-width characters, marks of direction, variation selectors, tags, soft hyphens, fillers. */
const invisible = /\p{Default_Ignorable_Code_Point}+/gu;
const combining = /\p{Mn}+/gu;
const beyondAscii = /[^\u0000-\u007F]/;
/** Letters set apart: four or more single letters, each followed by the same kind of gap. */
const apart = /(?<![\p{L}\p{N}])[\p{L}\p{N}@$](?:[ \t.\-_*~|/\u00B7]{1,2}[\p{L}\p{N}@$]){3,}(?![\p{L}\p{N}])/gu;
const entity = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));?/g;
const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  shy: '',
  zwj: '',
  zwnj: '',
  ndash: '-',
  mdash: '-',
  rsquo: "'",
  lsquo: "'",
  rdquo: '"',
  ldquo: '"',
  hellip: '...',
};
/** Marks of emphasis inside a word, an empty comment or a tag there. Each run is one class, so no run is tried twice. */
const emphasis = /(?<=[\p{L}\p{N}])(?:[*~`]+|_{2,}|<!--.{0,40}?-->|<\/?[a-z]{1,6}>)(?=[\p{L}\p{N}])/giu;
const around = /\*+|_{2,}|~~+|`+/g;
const leetWord = /[\p{L}\p{N}@$!|+€]{3,}/gu;
const leet: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '+': 't',
  '€': 'e',
};

const confusable = new Map<string, string>();
for (const [from, to] of confusablesMap) if (beyondAscii.test(from)) confusable.set(from, to);
for (const [from, to] of [
  ['\u2010', '-'],
  ['\u2011', '-'],
  ['\u2012', '-'],
  ['\u2013', '-'],
  ['\u2014', '-'],
  ['\u2018', "'"],
  ['\u2019', "'"],
  ['\u201C', '"'],
  ['\u201D', '"'],
  ['\u0131', 'i'],
  ['\u0142', 'l'],
  ['\u00F8', 'o'],
  ['\u00DF', 'ss'],
] as const)
  confusable.set(from, to);

/** Characters that a script of the world shares with none of ours keep their place: only lookalikes move. */
function unmask(text: string): string {
  let out = '';
  for (const character of text) {
    out += character.charCodeAt(0) < 128 ? character : (confusable.get(character) ?? character);
  }
  return out;
}

/** The folded form: lower case, one space between words, nothing that hides a letter. */
export function fold(text: string): string {
  let out = text;
  if (out.includes('&')) out = out.replace(entity, decodeEntity);
  if (beyondAscii.test(out)) {
    out = out.normalize('NFKC').replace(invisible, '');
    out = unmask(out).normalize('NFD').replace(combining, '').normalize('NFC');
    if (beyondAscii.test(out)) out = unmask(out);
  }
  if (/[*_~`<]/.test(out)) out = out.replace(emphasis, '').replace(around, ' ');
  out = out.replace(apart, joinApart);
  out = out.replace(leetWord, unleet);
  return out.toLowerCase().replace(/\s+/g, ' ').trim();
}

/** True where `fold` would do more than drop case; one pass, so that ordinary text is not folded at all. */
export function disguised(text: string): boolean {
  let singles = 0;
  let length = 0;
  let letters = 0;
  let signs = 0;
  let mixed = false;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 32;
    if (code >= 128) {
      // Typographic quotes, dashes and the ellipsis disguise nothing.
      if (code < 0x2010 || (code > 0x201f && code !== 0x2026)) return true;
    } else if (isLetter(code)) {
      length++;
      letters++;
      if (signs > 0) mixed = true;
      continue;
    } else if (isSign(code)) {
      length++;
      signs++;
      continue;
    }
    // A word ended here.
    if (length === 1) {
      if (++singles >= 4) return true;
    } else if (length > 1) {
      singles = 0;
      if (mixed && letters > 1 && (letters > 3 || !isDigit(text.charCodeAt(i - length)))) return true;
    }
    if (code === 38 && (text.charCodeAt(i + 1) === 35 || isLetter(text.charCodeAt(i + 1)))) return true;
    // Emphasis or a tag with letters on both sides.
    if (length > 0 && (code === 42 || code === 95 || code === 126 || code === 96 || code === 60)) {
      let j = i + 1;
      while (text.charCodeAt(j) === code) j++;
      if (isLetter(text.charCodeAt(j)) || (code === 60 && length > 1)) return true;
    }
    length = letters = signs = 0;
    mixed = false;
  }
  return false;
}

/** Folded where it must be, merely in lower case where that says the same. */
export function folded(text: string): string {
  return disguised(text) ? fold(text) : text.toLowerCase();
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Digits, @, $, !, | and +, which stand for letters in leet. */
function isSign(code: number): boolean {
  return isDigit(code) || code === 64 || code === 36 || code === 33 || code === 124 || code === 43;
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

function decodeEntity(
  whole: string,
  decimal: string | undefined,
  hex: string | undefined,
  name: string | undefined,
): string {
  if (name !== undefined) return named[name.toLowerCase()] ?? whole;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
}

/** `v a c c i n e s  k i l l` is two words: the wider gap is the space between them. */
function joinApart(run: string): string {
  return run
    .split(/[ \t]{2,}/)
    .map((word) => word.replace(/[ \t.\-_*~|/\u00B7]/g, ''))
    .join(' ');
}

/** Digits and signs read as letters, only inside a word that has letters on its far side: covid19, 5g, 100mg stay. */
function unleet(word: string, at: number, whole: string): string {
  if (word.includes('@') && whole[at + word.length] === '.') return word; // an address
  if (!/[0-9@$!|+€]/.test(word) || !/\p{L}/u.test(word)) return word;
  const core = word.replace(/[!|+]+$/, '');
  if (/^\d+\p{L}{1,3}$/u.test(core) || /^\p{L}+\d*$/u.test(core)) return word;
  let letters = 0;
  for (const character of core) if (/\p{L}/u.test(character)) letters++;
  if (letters < 2 && core.length > 3) return word;
  let out = '';
  for (const character of core) out += leet[character] ?? character;
  return out + word.slice(core.length);
}

/**
 * What a name looks like, for comparing brands, handles and hosts: folded, digraphs that read as one letter joined,
 * and l, i, 1 and similar made one. Two names with the same skeleton cannot be told apart at a glance.
 */
export function skeleton(name: string): string {
  let out = name.normalize('NFKC').replace(invisible, '');
  if (beyondAscii.test(out)) out = unmask(unmask(out).normalize('NFD').replace(combining, ''));
  return out
    .toLowerCase()
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w')
    .replace(/cl/g, 'd')
    .replace(/[1il|!]/g, 'l')
    .replace(/0/g, 'o')
    .replace(/5/g, 's')
    .replace(/3/g, 'e')
    .replace(/4/g, 'a')
    .replace(/7/g, 't')
    .replace(/8/g, 'b')
    .replace(/[96]/g, 'g')
    .replace(/q/g, 'g')
    .replace(/2/g, 'z');
}
