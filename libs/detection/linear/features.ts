/**
 * A text as hashed features for the linear models: words, word pairs and character n-grams, each part of the event in a
 * space of its own. Counts are dampened and the vector has length one, so long answers weigh no more than short ones.
 */

export const dimensions = 1 << 18;
const mask = dimensions - 1;

/** Which text a feature was seen in; the same word in a prompt and in an answer are two features. */
export const spaces = { prompt: 0x1b873593, opening: 0x38b34ae5, output: 0x5bd1e995, dense: 0x2c1b3c6d } as const;

export interface Features {
  /** Only the first `count` are in use. */
  readonly indexes: Int32Array;
  readonly values: Float32Array;
  count: number;
}

export interface Plan {
  readonly space: number;
  readonly pairs: boolean;
  /** Character n-grams of these sizes, inside words and across their edges. */
  readonly grams: readonly number[];
  /** Share of the whole vector's length. */
  readonly weight: number;
}

/** Reused for every text: nothing is allocated on the hot path. */
export class FeatureBuffer implements Features {
  readonly indexes = new Int32Array(1 << 16);
  readonly values = new Float32Array(1 << 16);
  count = 0;
  private readonly stamps = new Int32Array(dimensions);
  private readonly places = new Int32Array(dimensions);
  private round = 0;

  clear(): this {
    this.count = 0;
    this.round++;
    return this;
  }

  /** Adds `text` (folded or in any case; ASCII letters are lowered) by the plan, scaled to the plan's weight. */
  addText(text: string, plan: Plan): void {
    const from = this.count;
    const { space, pairs, grams } = plan;
    let before = 0;
    let hash = 0x811c9dc5;
    let start = -1;
    for (let i = 0; i <= text.length; i++) {
      const code = i < text.length ? lower(text.charCodeAt(i)) : 32;
      if (isWord(code)) {
        if (start < 0) {
          start = i;
          hash = 0x811c9dc5 ^ space;
        }
        hash = Math.imul(hash ^ code, 0x01000193);
        continue;
      }
      if (start < 0) continue;
      this.bump(hash, from);
      if (pairs && before !== 0) this.bump(Math.imul(before, 31) ^ hash, from);
      before = hash;
      for (const size of grams) this.addGrams(text, start, i, size, space, from);
      start = -1;
    }
    this.scale(from, plan.weight);
  }

  /** A feature with a value of its own, outside the scaled texts. */
  addDense(name: number, value: number): void {
    if (value === 0 || this.count >= this.indexes.length) return;
    const index = finish(Math.imul(name + 1, 0x9e3779b1) ^ spaces.dense);
    this.indexes[this.count] = index;
    this.values[this.count++] = value;
  }

  private addGrams(text: string, start: number, end: number, size: number, space: number, from: number): void {
    const length = end - start + 2;
    for (let at = 0; at + size <= length; at++) {
      let hash = 0x811c9dc5 ^ space ^ (size * 0x85ebca6b);
      for (let k = at; k < at + size; k++) {
        const code = k === 0 || k === length - 1 ? 32 : lower(text.charCodeAt(start + k - 1));
        hash = Math.imul(hash ^ code, 0x01000193);
      }
      this.bump(hash, from);
    }
  }

  private bump(hash: number, from: number): void {
    const index = finish(hash);
    const place = this.places[index]!;
    if (this.stamps[index] === this.round && place >= from) {
      this.values[place] = this.values[place]! + 1;
      return;
    }
    if (this.count >= this.indexes.length) return;
    this.stamps[index] = this.round;
    this.places[index] = this.count;
    this.indexes[this.count] = index;
    this.values[this.count++] = 1;
  }

  private scale(from: number, weight: number): void {
    let norm = 0;
    for (let i = from; i < this.count; i++) {
      const count = this.values[i]!;
      const value = count === 1 ? 1 : 1 + Math.log(count);
      this.values[i] = value;
      norm += value * value;
    }
    const factor = norm > 0 ? weight / Math.sqrt(norm) : 0;
    for (let i = from; i < this.count; i++) this.values[i] = this.values[i]! * factor;
  }
}

function lower(code: number): number {
  return code >= 65 && code <= 90 ? code | 32 : code;
}

function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 39 || code >= 0xc0;
}

function finish(hash: number): number {
  let mixed = hash;
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  return mixed & mask;
}
