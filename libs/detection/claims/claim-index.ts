/**
 * Which known claims might a text be about? An inverted index of stemmed words finds them, character n-grams order
 * them. Entries come and go without a rebuild: each addition is a segment of its own, small segments are merged, and a
 * removed entry is a tombstone until then. About 1.5 kB a claim.
 */
import { folded } from '../text/fold.js';
import { grams, words } from '../text/terms.js';

const gramSize = 4;
/** BM25's usual constants; claims are short, so length counts for little. */
const k1 = 1.2;
const b = 0.5;

export interface ClaimDocument {
  readonly id: string;
  readonly text: string;
}

export interface Ranked {
  readonly id: string;
  readonly score: number;
}

/** Documents by position: `id` may come several times, for a claim and its aliases. */
interface Segment {
  readonly ids: readonly string[];
  readonly alive: Uint8Array;
  readonly wordStart: Int32Array;
  readonly words: Int32Array;
  readonly gramStart: Int32Array;
  readonly grams: Int32Array;
  readonly postings: Table;
  readonly documents: Int32Array;
}

export class ClaimIndex {
  private segments: Segment[] = [];
  private gramDocuments = new Map<number, number>();
  private live = 0;
  private wordTotal = 0;

  constructor(documents: readonly ClaimDocument[] = []) {
    this.add(documents);
  }

  get size(): number {
    return this.live;
  }

  add(documents: readonly ClaimDocument[]): void {
    if (documents.length === 0) return;
    const built = documents.map((document) => {
      const text = claimText(document.text);
      return { id: document.id, words: distinctWords(text), grams: distinctGrams(text) };
    });
    this.append(built);
    // Merged when the newest is no longer small beside the one before it, so a word is copied log(n) times.
    while (this.segments.length > 1) {
      const last = this.segments.at(-1);
      const before = this.segments.at(-2);
      if (!last || !before || last.ids.length * 3 < before.ids.length) break;
      const merged = [...living(before), ...living(last)];
      this.segments.splice(-2);
      this.segments.push(segmentOf(merged));
    }
  }

  remove(ids: ReadonlySet<string>): void {
    for (const segment of this.segments) {
      segment.ids.forEach((id, at) => {
        if (segment.alive[at] === 0 || !ids.has(id)) return;
        segment.alive[at] = 0;
        this.live--;
        this.wordTotal -= slice(segment.words, segment.wordStart, at).length;
        for (const gram of slice(segment.grams, segment.gramStart, at)) {
          this.gramDocuments.set(gram, (this.gramDocuments.get(gram) ?? 1) - 1);
        }
      });
    }
  }

  /** The best `k` of all, by BM25 over words and cosine over n-grams; ids once each. */
  rank(text: string, k: number): Ranked[] {
    const query = claimText(text);
    const terms = termCounts(query);
    const average = this.wordTotal / Math.max(1, this.live);
    const found: { segment: Segment; at: number; score: number }[] = [];
    for (const segment of this.segments) {
      const scores = new Float64Array(segment.ids.length);
      const touched: number[] = [];
      for (const [term, count] of terms) {
        const idf = this.idf(term);
        const weight = idf * (1 + Math.log(count));
        const slot = segment.postings.find(term);
        if (slot < 0) continue;
        for (let p = segment.postings.from(slot); p < segment.postings.to(slot); p++) {
          const at = segment.documents[p] ?? 0;
          const length = (segment.wordStart[at + 1] ?? 0) - (segment.wordStart[at] ?? 0);
          if (scores[at] === 0) touched.push(at);
          scores[at] = (scores[at] ?? 0) + (weight * (k1 + 1)) / (1 + k1 * (1 - b + (b * length) / average));
        }
      }
      for (const at of touched) if (segment.alive[at]) found.push({ segment, at, score: scores[at] ?? 0 });
    }
    const pool = found.sort((x, y) => y.score - x.score).slice(0, Math.max(300, k * 20));
    const gramWeights = new Map<number, number>();
    let norm = 0;
    for (const gram of distinctGrams(query)) {
      const weight = this.gramIdf(gram);
      gramWeights.set(gram, weight);
      norm += weight * weight;
    }
    const top = pool[0]?.score ?? 1;
    const best = new Map<string, number>();
    for (const { segment, at, score } of pool) {
      let dot = 0;
      let own = 0;
      for (const gram of slice(segment.grams, segment.gramStart, at)) {
        const weight = this.gramIdf(gram);
        own += weight * weight;
        const other = gramWeights.get(gram);
        if (other !== undefined) dot += weight * other;
      }
      const cosine = dot / Math.sqrt(Math.max(1e-9, own * norm));
      const total = 0.5 * (score / top) + cosine;
      const id = segment.ids[at] ?? '';
      if (total > (best.get(id) ?? -1)) best.set(id, total);
    }
    return [...best]
      .map(([id, score]) => ({ id, score: Math.min(1, score / 1.5) }))
      .sort((x, y) => y.score - x.score || (x.id < y.id ? -1 : 1))
      .slice(0, k);
  }

  private append(built: readonly Built[]): void {
    this.segments.push(segmentOf(built));
    this.live += built.length;
    for (const one of built) {
      this.wordTotal += one.words.length;
      for (const gram of Array.from(one.grams)) this.gramDocuments.set(gram, (this.gramDocuments.get(gram) ?? 0) + 1);
    }
  }

  private idf(term: number): number {
    let documents = 0;
    for (const segment of this.segments) {
      const slot = segment.postings.find(term);
      if (slot >= 0) documents += segment.postings.to(slot) - segment.postings.from(slot);
    }
    return Math.log(1 + (this.live - documents + 0.5) / (documents + 0.5));
  }

  private gramIdf(gram: number): number {
    return Math.log(1 + this.live / (1 + (this.gramDocuments.get(gram) ?? 0)));
  }
}

/** Claims and queries alike: hashtags written together are taken apart, links fall away. */
export function claimText(text: string): string {
  const plain = text
    .replace(/https?:\/\/\S+|\b(?:pic\.twitter\.com|t\.co)\/\S+/gi, ' ')
    .replace(/(?<=[#@]\w*[a-z])(?=[A-Z])/g, ' ');
  return folded(plain);
}

interface Built {
  readonly id: string;
  readonly words: ArrayLike<number>;
  readonly grams: ArrayLike<number>;
}

function segmentOf(built: readonly Built[]): Segment {
  const wordStart = starts(built.map((one) => one.words.length));
  const gramStart = starts(built.map((one) => one.grams.length));
  const allWords = new Int32Array(wordStart.at(-1) ?? 0);
  const allGrams = new Int32Array(gramStart.at(-1) ?? 0);
  built.forEach((one, at) => {
    allWords.set(one.words, wordStart[at] ?? 0);
    allGrams.set(one.grams, gramStart[at] ?? 0);
  });
  const postings = new Table(allWords);
  const documents = new Int32Array(allWords.length);
  const filled = new Int32Array(postings.capacity);
  built.forEach((_, at) => {
    for (let p = wordStart[at] ?? 0; p < (wordStart[at + 1] ?? 0); p++) {
      const slot = postings.find(allWords[p] ?? 0);
      documents[postings.from(slot) + (filled[slot] ?? 0)] = at;
      filled[slot] = (filled[slot] ?? 0) + 1;
    }
  });
  const ids = built.map((one) => one.id);
  return {
    ids,
    alive: new Uint8Array(ids.length).fill(1),
    wordStart,
    words: allWords,
    gramStart,
    grams: allGrams,
    postings,
    documents,
  };
}

function* living(segment: Segment): Generator<Built> {
  for (let at = 0; at < segment.ids.length; at++) {
    if (!segment.alive[at]) continue;
    yield {
      id: segment.ids[at] ?? '',
      words: slice(segment.words, segment.wordStart, at),
      grams: slice(segment.grams, segment.gramStart, at),
    };
  }
}

/** An open-addressed table from a term to its range of postings: two typed arrays, no object a term. */
export class Table {
  readonly capacity: number;
  private readonly keys: Int32Array;
  private readonly ranges: Int32Array;
  private readonly used: Uint8Array;

  constructor(terms: Int32Array) {
    let capacity = 16;
    while (capacity < terms.length * 1.5 && capacity < 1 << 24) capacity <<= 1;
    this.capacity = capacity;
    this.keys = new Int32Array(capacity);
    this.used = new Uint8Array(capacity);
    this.ranges = new Int32Array(capacity * 2);
    for (const term of terms) {
      const slot = this.slot(term);
      this.used[slot] = 1;
      this.keys[slot] = term;
      this.ranges[slot * 2 + 1] = (this.ranges[slot * 2 + 1] ?? 0) + 1;
    }
    let at = 0;
    for (let slot = 0; slot < capacity; slot++) {
      const count = this.ranges[slot * 2 + 1] ?? 0;
      this.ranges[slot * 2] = at;
      at += count;
      this.ranges[slot * 2 + 1] = at;
    }
  }

  /** The slot of a term, or -1. */
  find(term: number): number {
    const slot = this.slot(term);
    return this.used[slot] ? slot : -1;
  }

  from(slot: number): number {
    return this.ranges[slot * 2]!;
  }

  to(slot: number): number {
    return this.ranges[slot * 2 + 1]!;
  }

  private slot(term: number): number {
    const mask = this.capacity - 1;
    let slot = (term ^ (term >>> 15)) & mask;
    while (this.used[slot] && this.keys[slot] !== term) slot = (slot + 1) & mask;
    return slot;
  }
}

function starts(lengths: readonly number[]): Int32Array {
  const out = new Int32Array(lengths.length + 1);
  lengths.forEach((length, at) => (out[at + 1] = (out[at] ?? 0) + length));
  return out;
}

function slice(values: Int32Array, start: Int32Array, at: number): Int32Array {
  return values.subarray(start[at], start[at + 1]);
}

function termCounts(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  words(text, (hash) => counts.set(hash, (counts.get(hash) ?? 0) + 1));
  return counts;
}

function distinctWords(text: string): number[] {
  return [...termCounts(text).keys()];
}

function distinctGrams(text: string): number[] {
  const seen = new Set<number>();
  grams(text, gramSize, (hash) => seen.add(hash));
  return [...seen];
}
