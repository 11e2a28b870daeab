/**
 * The watchlist's way in and out: ClaimReview of schema.org, as fact-checkers publish it. An imported claim stays shadow
 * until a person adopts it, and only claims that were rated false come in.
 */
import { z } from 'zod';
import type { WatchlistEntry } from './watchlist.js';

const text = z.string().trim().min(1);
const rating = z.looseObject({
  alternateName: text.optional(),
  ratingValue: z.union([z.number(), z.string()]).optional(),
  bestRating: z.union([z.number(), z.string()]).optional(),
  worstRating: z.union([z.number(), z.string()]).optional(),
});
const reviewSchema = z.looseObject({
  '@type': z.literal('ClaimReview'),
  claimReviewed: text,
  url: z.string().optional(),
  datePublished: z.string().optional(),
  inLanguage: z.string().optional(),
  reviewRating: rating.optional(),
  author: z.union([z.looseObject({ name: z.string().optional() }), z.array(z.unknown())]).optional(),
});

const falseWords =
  /\b(?:false|fake|incorrect|untrue|wrong|hoax|misleading|pants on fire|no evidence|unfounded|fabricated|debunked|altered|misinformation|scam|faux|falso|falsch)\b/i;

export interface ClaimReviewImport {
  readonly entries: readonly WatchlistEntry[];
  /** How many objects were no ClaimReview, and how many rated something else than false. */
  readonly skipped: { readonly notClaimReview: number; readonly notFalse: number };
}

/** Reads parsed JSON-LD: one object, a list, or a graph, at any depth. `idOf` names an entry by its claim and address. */
export function importClaimReviews(json: unknown, idOf: (claim: string, url: string) => string): ClaimReviewImport {
  const entries = new Map<string, WatchlistEntry>();
  const skipped = { notClaimReview: 0, notFalse: 0 };
  for (const item of itemsOf(json)) {
    const read = reviewSchema.safeParse(item);
    if (!read.success) {
      skipped.notClaimReview++;
      continue;
    }
    const review = read.data;
    if (!isFalse(review.reviewRating)) {
      skipped.notFalse++;
      continue;
    }
    const id = idOf(review.claimReviewed, review.url ?? '');
    entries.set(id, {
      id,
      claim: review.claimReviewed.slice(0, 2000),
      aliases: [],
      languages: review.inLanguage ? [review.inLanguage] : [],
      links: review.url ? [review.url] : [],
      level: 'high',
      status: 'shadow',
      source: review.url ?? 'ClaimReview',
    });
  }
  return { entries: [...entries.values()], skipped };
}

/** As JSON-LD, for those who read ClaimReview feeds; only what is in force. */
export function exportClaimReviews(entries: readonly WatchlistEntry[]): object[] {
  return entries
    .filter(({ status }) => status === 'active')
    .map((entry) => ({
      '@context': 'https://schema.org',
      '@type': 'ClaimReview',
      identifier: entry.id,
      claimReviewed: entry.claim,
      ...(entry.links[0] ? { url: entry.links[0] } : {}),
      ...(entry.languages[0] ? { inLanguage: entry.languages[0] } : {}),
      reviewRating: { '@type': 'Rating', alternateName: 'False', ratingValue: 1, bestRating: 5, worstRating: 1 },
    }));
}

function isFalse(given: z.output<typeof rating> | undefined): boolean {
  if (!given) return false;
  if (given.alternateName !== undefined) return falseWords.test(given.alternateName);
  const value = Number(given.ratingValue);
  const worst = Number(given.worstRating ?? 1);
  return Number.isFinite(value) && value <= worst;
}

function* itemsOf(json: unknown): Generator<unknown> {
  if (Array.isArray(json)) {
    for (const one of json) yield* itemsOf(one);
    return;
  }
  if (typeof json !== 'object' || json === null) return;
  const nested = ['@graph', 'dataFeedElement', 'item', 'itemListElement'].filter((key) => key in json);
  if (nested.length === 0) yield json;
  for (const key of nested) yield* itemsOf((json as Readonly<Record<string, unknown>>)[key]);
}
