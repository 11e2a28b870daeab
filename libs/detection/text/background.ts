/**
 * How rare is a word in ordinary text? A watchlist of twenty claims cannot tell that "microchip" says more than
 * "people"; a table counted on ordinary answers and mail can. One byte a bucket, 65,536 buckets of stem hashes.
 */
import { words } from './terms.js';

export const backgroundBuckets = 1 << 16;
/** Bytes are sixteenths of an inverse document frequency. */
const steps = 16;

export class Background {
  /** `table` has one byte a bucket: the idf in sixteenths. `version` names the counted table in clusters and findings. */
  constructor(
    private readonly table: Uint8Array,
    readonly version: string,
  ) {}

  /** ln(texts / texts with the word), 0 to about 9; a word never counted has the most. */
  idf(hash: number): number {
    return (this.table[bucket(hash)] ?? 255) / steps;
  }
}

/** Every word equally rare: for tests and for a checkout without the shipped table. */
export const flatBackground = new Background(new Uint8Array(backgroundBuckets).fill(7 * steps), 'flat');

function bucket(hash: number): number {
  return (hash ^ (hash >>> 16)) & 0xffff;
}

/** Counts the table over folded texts. */
export function countBackground(texts: Iterable<string>): Uint8Array {
  const counts = new Int32Array(backgroundBuckets);
  let total = 0;
  for (const text of texts) {
    const seen = new Set<number>();
    words(text, (hash) => seen.add(bucket(hash)));
    for (const one of seen) counts[one] = (counts[one] ?? 0) + 1;
    total++;
  }
  return Uint8Array.from(counts, (count) =>
    Math.max(1, Math.min(255, Math.round(Math.log((total + 1) / (count + 0.5)) * steps))),
  );
}
