/**
 * Is one of the watchlist's claims told in this text, and where? One pass over the words decides that most texts hold
 * too little of any claim; only what is left is compared sentence by sentence, by words and by character n-grams.
 */
import { claimText, Table } from './claim-index.js';
import { folded } from '../text/fold.js';
import type { Background } from '../text/background.js';
import { sentences, type Sentence } from '../text/sentences.js';
import { grams, words, WordList } from '../text/terms.js';

const gramSize = 4;
/** The share of a claim's weight that the whole text must hold before its sentences are read. */
const gate = 0.5;
/** Words below this idf stand in every text: they are taken as present by the gate. */
const commonIdf = 2.2;
/** Claims with less to recognise than this are believed less: three rare words make it full. */
const fullWeight = 13;
/** A word in more phrases than this leads to none of them. */
const mostPostings = 100;
const mostShare = 0.004;
const windowDiscount = [1, 0.96, 0.9];
const mostCandidates = 24;

export interface Told {
  /** Position of the phrase's entry. */
  readonly entry: number;
  /** 0 to 1: how much of the claim the best sentences hold. */
  readonly score: number;
  readonly sentences: readonly Sentence[];
  /** The first of the matching sentences among all of the text. */
  readonly first: number;
}

interface Phrase {
  readonly entry: number;
  readonly words: Int32Array;
  readonly weights: Float64Array;
  readonly total: number;
  /** Weight of the words that the gate takes as present. */
  common: number;
  /** Kept as text until the phrase is first a candidate: most never are. */
  readonly text: string;
  grams?: Int32Array;
}

export class ClaimMatcher {
  private readonly phrases: Phrase[];
  private readonly table: Table;
  private readonly postings: Int32Array;
  private readonly gains: Float64Array;
  private readonly stamps: Int32Array;
  private readonly touched: Int32Array;
  private round = 0;
  private readonly own = new WordList();

  /** `claims[i]` are the phrasings of entry i: the claim and its aliases. */
  constructor(
    claims: readonly (readonly string[])[],
    private readonly background: Background,
  ) {
    this.phrases = claims.flatMap((phrasings, entry) => phrasings.map((text) => this.phrase(claimText(text), entry)));
    const rare = this.rareWords();
    const all = new Int32Array(rare.reduce((sum, hashes) => sum + hashes.length, 0));
    let filledTo = 0;
    for (const hashes of rare) {
      all.set(hashes, filledTo);
      filledTo += hashes.length;
    }
    this.table = new Table(all);
    this.postings = new Int32Array(all.length);
    const filled = new Int32Array(this.table.capacity);
    rare.forEach((hashes, at) => {
      for (const hash of hashes) {
        const slot = this.table.find(hash);
        this.postings[this.table.from(slot) + (filled[slot] ?? 0)] = at;
        filled[slot] = (filled[slot] ?? 0) + 1;
      }
    });
    this.gains = new Float64Array(this.phrases.length);
    this.touched = new Int32Array(this.phrases.length);
    this.stamps = new Int32Array(this.table.capacity);
  }

  /** The words that lead to a phrase: not those of every text, nor those of a great part of a long watchlist. */
  private rareWords(): Int32Array[] {
    const phrasesWith = new Map<number, number>();
    for (const { words: hashes } of this.phrases) {
      for (const hash of hashes) phrasesWith.set(hash, (phrasesWith.get(hash) ?? 0) + 1);
    }
    const most = Math.max(mostPostings, this.phrases.length * mostShare);
    return this.phrases.map((phrase) => {
      const leads = (hash: number, at: number) =>
        (phrase.weights[at] ?? 0) >= commonIdf && (phrasesWith.get(hash) ?? 0) <= most;
      const kept = phrase.words.filter(leads);
      // A phrase of nothing but frequent words is found by all of them.
      if (kept.length === 0) return phrase.words;
      phrase.words.forEach((hash, at) => {
        if (!leads(hash, at)) phrase.common += phrase.weights[at] ?? 0;
      });
      return kept;
    });
  }

  /** Best first, one an entry. `foldedText` is the text without its disguises. */
  match(text: string, foldedText: string, list = this.own.read(foldedText)): Told[] {
    const candidates = this.candidates(list);
    if (candidates.length === 0) return [];
    const parts = sentences(text).map((sentence) => ({ sentence, ...this.bag(folded(sentence.text)) }));
    const best = new Map<number, Told>();
    for (const phrase of candidates) {
      const told = this.bestWindow(phrase, parts);
      const known = best.get(phrase.entry);
      if (told && (!known || told.score > known.score)) best.set(phrase.entry, told);
    }
    return [...best.values()].sort((x, y) => y.score - x.score || x.entry - y.entry);
  }

  private candidates(list: WordList): Phrase[] {
    const { table, postings, gains, stamps, touched, phrases, background } = this;
    const round = ++this.round;
    let count = 0;
    const { hashes } = list;
    for (let i = 0; i < list.count; i++) {
      const hash = hashes[i]!;
      const slot = table.find(hash);
      if (slot < 0 || stamps[slot] === round) continue;
      stamps[slot] = round;
      const weight = background.idf(hash);
      const to = table.to(slot);
      for (let p = table.from(slot); p < to; p++) {
        const at = postings[p]!;
        if (gains[at] === 0) touched[count++] = at;
        gains[at] = gains[at]! + weight;
      }
    }
    const out: { phrase: Phrase; share: number }[] = [];
    for (let i = 0; i < count; i++) {
      const at = touched[i]!;
      const phrase = phrases[at]!;
      const share = (gains[at]! + phrase.common) / phrase.total;
      if (share >= gate) out.push({ phrase, share });
      gains[at] = 0;
    }
    if (out.length > mostCandidates) out.sort((x, y) => y.share - x.share).splice(mostCandidates);
    return out.map((one) => one.phrase);
  }

  private bestWindow(phrase: Phrase, parts: readonly Part[]): Told | undefined {
    let best: Told | undefined;
    phrase.grams ??= Int32Array.from(this.bag(phrase.text).grams);
    const belief = Math.min(1, phrase.total / fullWeight) ** 0.5;
    for (let first = 0; first < parts.length; first++) {
      // A window begins where something of the claim stands.
      if (!phrase.words.some((word) => parts[first]?.words.has(word))) continue;
      for (let size = 1; size <= windowDiscount.length && first + size <= parts.length; size++) {
        const window = parts.slice(first, first + size);
        const score = coverage(phrase, window) * belief * (windowDiscount[size - 1] ?? 1);
        if (!best || score > best.score + 1e-9) {
          best = { entry: phrase.entry, score, first, sentences: window.map((part) => part.sentence) };
        }
      }
    }
    return best;
  }

  private phrase(text: string, entry: number): Phrase {
    const distinct = new Set<number>();
    words(text, (hash) => distinct.add(hash));
    const hashes = Int32Array.from(distinct);
    const weights = Float64Array.from(hashes, (hash) => this.background.idf(hash));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { entry, words: hashes, weights, total: Math.max(total, 1e-9), common: 0, text };
  }

  private bag(text: string): { words: Set<number>; grams: Set<number> } {
    const bag = { words: new Set<number>(), grams: new Set<number>() };
    words(text, (hash) => bag.words.add(hash));
    grams(text, gramSize, (hash) => bag.grams.add(hash));
    return bag;
  }
}

interface Part {
  readonly sentence: Sentence;
  readonly words: ReadonlySet<number>;
  readonly grams: ReadonlySet<number>;
}

function coverage(phrase: Phrase, window: readonly Part[]): number {
  let byWords = 0;
  phrase.words.forEach((word, i) => {
    if (window.some((part) => part.words.has(word))) byWords += phrase.weights[i] ?? 0;
  });
  if (byWords === 0) return 0;
  let byGrams = 0;
  const own = phrase.grams ?? new Int32Array(0);
  for (const gram of own) if (window.some((part) => part.grams.has(gram))) byGrams++;
  return 0.65 * (byWords / phrase.total) + 0.35 * (byGrams / Math.max(1, own.length));
}
