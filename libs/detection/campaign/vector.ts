/**
 * A text as the words that say what it is about: TF-IDF by the shipped background table, never by the texts at hand.
 * A campaign that is half of all texts would otherwise make its own words look common, and fall apart.
 */
import type { Background } from '../text/background.js';
import { words } from '../text/terms.js';

export interface Vector {
  /** Stem hashes, ascending. */
  readonly terms: Int32Array;
  /** Same order, length one in sum of squares. */
  readonly weights: Float32Array;
}

/** Words kept of one text: enough for a page, little enough for thousands of texts in memory. */
const mostTerms = 120;
/** Words that stand in one text of ten or more say nothing of its subject. */
const leastIdf = 1.6;

export function vectorOf(foldedText: string, background: Background): Vector {
  const counts = new Map<number, number>();
  words(foldedText, (hash) => counts.set(hash, (counts.get(hash) ?? 0) + 1));
  const all = [...counts]
    .map(([term, count]) => ({ term, weight: (1 + Math.log(count)) * background.idf(term) }))
    .filter(({ term }) => counts.size < 8 || background.idf(term) >= leastIdf)
    .sort((x, y) => y.weight - x.weight || x.term - y.term)
    .slice(0, mostTerms)
    .sort((x, y) => x.term - y.term);
  const norm = Math.sqrt(all.reduce((sum, { weight }) => sum + weight * weight, 0)) || 1;
  return {
    terms: Int32Array.from(all, ({ term }) => term),
    weights: Float32Array.from(all, ({ weight }) => weight / norm),
  };
}

/** 0 to 1. */
export function cosine(a: Vector, b: Vector): number {
  let sum = 0;
  let i = 0;
  let j = 0;
  while (i < a.terms.length && j < b.terms.length) {
    const left = a.terms[i]!;
    const right = b.terms[j]!;
    if (left === right) sum += a.weights[i++]! * b.weights[j++]!;
    else if (left < right) i++;
    else j++;
  }
  return sum;
}

/** The middle of vectors, by their sum; its length is one again. */
export function middle(vectors: readonly Vector[]): Vector {
  const sums = new Map<number, number>();
  for (const vector of vectors) {
    vector.terms.forEach((term, at) => sums.set(term, (sums.get(term) ?? 0) + (vector.weights[at] ?? 0)));
  }
  const kept = [...sums]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, mostTerms * 2)
    .sort(([a], [b]) => a - b);
  const norm = Math.sqrt(kept.reduce((sum, [, weight]) => sum + weight * weight, 0)) || 1;
  return {
    terms: Int32Array.from(kept, ([term]) => term),
    weights: Float32Array.from(kept, ([, weight]) => weight / norm),
  };
}

export const bandCount = 40;
const rows = 2;

/** LSH bands by MinHash over the vector's words: texts that share a third of them share a band nearly surely. */
export function bandsOf(vector: Vector): Int32Array {
  const bands = new Int32Array(bandCount);
  for (let band = 0; band < bandCount; band++) {
    let key = band + 1;
    for (let row = 0; row < rows; row++) {
      const salt = Math.imul(band * rows + row + 1, 0x9e3779b1);
      let least = 0x7fffffff;
      for (const term of vector.terms) {
        let mixed = Math.imul(term ^ salt, 0x85ebca6b);
        mixed ^= mixed >>> 13;
        mixed = Math.imul(mixed, 0xc2b2ae35) >>> 1;
        if (mixed < least) least = mixed;
      }
      key = Math.imul(key ^ least, 0x01000193);
    }
    bands[band] = key;
  }
  return bands;
}
