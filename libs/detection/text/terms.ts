/**
 * Words and character n-grams as 32-bit hashes, made in one pass without a string a word: on the hot path each text is
 * read once, and only words that some claim holds are looked at further.
 */

const fnvBasis = 0x811c9dc5;
const fnvPrime = 0x01000193;
const prefix = new Int32Array(64);
const codes = new Uint16Array(64);

/** Words too common to tell claims apart, kept out of both sides. */
const stopWords = new Set(
  (
    'a about after all also an and any are as at be because been before being but by can could did do does for from ' +
    'had has have he her here him his how i if in into is it its just let like may me might more most must my no not ' +
    'now of on one only or other our out over own said same she should so some such than that the their them then ' +
    'there these they this those through to too under up us very was we were what when where which while who why ' +
    'will with would you your'
  ).split(' '),
);
const stopHashes = new Set([...stopWords].map((word) => hashOf(word)));

/** The hash of a word or n-gram as `words` makes it, unstemmed. */
export function hashOf(text: string): number {
  let hash = fnvBasis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), fnvPrime);
  return hash | 0;
}

/**
 * Calls `each` with the hash of every stemmed word of a folded text, in order, with its place. Numbers are words.
 * Han, kana and Thai have no spaces: each pair of such letters is a word.
 */
export function words(text: string, each: (hash: number, start: number, end: number) => void): void {
  let length = 0;
  let start = 0;
  let hash = fnvBasis;
  for (let i = 0; i <= text.length; i++) {
    let code = i < text.length ? text.charCodeAt(i) : 32;
    if (code >= 65 && code <= 90) code |= 32;
    const inWord =
      (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 0xc0 && code < 0x2000) || code >= 0x3040;
    if (inWord) {
      if (code >= 0x3040 && code < 0xac00) {
        const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
        if (next >= 0x3040) each((Math.imul(Math.imul(fnvBasis ^ code, fnvPrime) ^ next, fnvPrime) | 0) ^ 1, i, i + 2);
        continue;
      }
      if (length === 0) {
        start = i;
        hash = fnvBasis;
      }
      if (length < 64) {
        hash = Math.imul(hash ^ code, fnvPrime);
        prefix[length] = hash;
        codes[length] = code;
        length++;
      }
      continue;
    }
    if (length === 0) continue;
    // An apostrophe inside a word joins its parts: "don't" is one word, and a possessive ends before it.
    if ((code === 39 || code === 0x2019) && i + 1 < text.length && isLower(text.charCodeAt(i + 1) | 32)) {
      const next = text.charCodeAt(i + 1) | 32;
      const after = i + 2 < text.length ? text.charCodeAt(i + 2) | 32 : 32;
      if (next === 115 && !isLower(after)) {
        emit(length, start, i, each);
        length = 0;
        i++;
      }
      continue;
    }
    emit(length, start, i, each);
    length = 0;
  }
}

function emit(length: number, start: number, end: number, each: (hash: number, start: number, end: number) => void) {
  if (length < 2 && !(codes[0]! >= 48 && codes[0]! <= 57)) return;
  const whole = prefix[length - 1]!;
  if (length <= 7 && stopHashes.has(whole)) return;
  each(prefix[stemLength(length) - 1]!, start, end);
}

function isLower(code: number): boolean {
  return code >= 97 && code <= 122;
}

/** A light stem by length alone: plural and verb endings of English fall away, so a prefix hash is the stem's hash. */
function stemLength(length: number): number {
  if (length < 4 || codes[length - 1]! < 97) return length;
  const last = codes[length - 1]!;
  const second = codes[length - 2]!;
  const third = codes[length - 3]!;
  let kept = length;
  if (last === 115 && second !== 115 && second !== 117 && second !== 105) {
    kept = length - 1; // s
    if (second === 101 && length > 4 && (third === 115 || third === 120 || third === 104 || third === 122))
      kept -= 1; // ses, xes, hes
    else if (second === 101 && third === 105 && length > 4) kept -= 2; // ies
  } else if (last === 103 && second === 110 && third === 105 && length > 5) {
    kept = undouble(length - 3); // ing
  } else if (last === 100 && second === 101 && length > 4) {
    kept = third === 105 ? length - 3 : undouble(length - 2); // ied, ed
  } else if (last === 121 && second === 108 && length > 5) kept = length - 2; // ly
  if (kept > 4 && codes[kept - 1] === 101)
    kept--; // a last e
  else if (kept === length && last === 121 && length > 4) kept--; // y, as in ies and ied
  return kept;
}

function undouble(length: number): number {
  const last = codes[length - 1]!;
  if (length > 3 && last === codes[length - 2] && last !== 108 && last !== 115) return length - 1;
  return length;
}

/** Hashes of the character n-grams (`size`) of each word of a folded text, the word's ends marked. */
export function grams(text: string, size: number, each: (hash: number) => void): void {
  let start = -1;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 32;
    const inWord =
      (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code >= 0xc0;
    if (inWord) {
      if (start < 0) start = i;
      continue;
    }
    if (start < 0) continue;
    // Padded by one space on either side; words shorter than the n-gram give one gram, themselves.
    const length = i - start + 2;
    const last = Math.max(0, length - size);
    for (let at = 0; at <= last; at++) {
      let hash = fnvBasis ^ size;
      for (let k = at; k < Math.min(length, at + size); k++) {
        const position = start + k - 1;
        let unit = k === 0 || k === length - 1 ? 32 : text.charCodeAt(position);
        if (unit >= 65 && unit <= 90) unit |= 32;
        hash = Math.imul(hash ^ unit, fnvPrime);
      }
      each(hash | 0);
    }
    start = -1;
  }
}

/** The stemmed words of one text, read once and asked by several detectors. Reused: valid until the next `read`. */
export class WordList {
  hashes = new Int32Array(4096);
  count = 0;
  private readonly take = (hash: number): void => {
    if (this.count === this.hashes.length) {
      const larger = new Int32Array(this.hashes.length * 2);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes[this.count++] = hash;
  };

  read(foldedText: string): this {
    this.count = 0;
    words(foldedText, this.take);
    return this;
  }
}
