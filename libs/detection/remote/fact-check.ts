/**
 * Fact-check search: the claims:search form of the Google Fact Check Tools. A search finds what is near; only a claim
 * that the sentence itself tells is taken, and its raters' words become one of false, true, mixed.
 */
import { z } from 'zod';
import { rounded } from '../judgement.js';
import { folded } from '../text/fold.js';
import { words } from '../text/terms.js';
import type { Spoken } from './check.js';
import { withPath, type Protocol } from './protocol.js';

const answerSchema = z.object({
  claims: z
    .array(
      z.object({
        text: z.string().optional(),
        claimReview: z
          .array(
            z.object({
              publisher: z.object({ name: z.string().optional(), site: z.string().optional() }).optional(),
              url: z.string().optional(),
              textualRating: z.string().optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

/** Of the shorter one's words, how many the other must hold. */
const sameClaim = 0.6;
const fewestWords = 2;

type Rating = 'false' | 'true' | 'mixed';

export const factCheck: Protocol = {
  kind: 'fact_check',
  needsContent: true,
  ask({ content }, base, key) {
    const url = withPath(base, 'v1alpha1/claims:search');
    url.searchParams.set('query', content ?? '');
    url.searchParams.set('pageSize', '10');
    if (key !== undefined) url.searchParams.set('key', key);
    return { method: 'GET', url: url.href, headers: { accept: 'application/json' } };
  },
  read(answer, { content = '' }) {
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) return undefined;
    const sentence = wordsOf(content);
    const rated: { rating: Rating; near: number; by: string }[] = [];
    for (const { text, claimReview } of parsed.data.claims ?? []) {
      const near = nearness(sentence, wordsOf(text ?? ''));
      if (near < sameClaim) continue;
      for (const { textualRating, publisher, url } of claimReview ?? []) {
        const rating = ratingOf(textualRating ?? '');
        if (rating) rated.push({ rating, near, by: publisher?.name ?? publisher?.site ?? url ?? 'a fact-checker' });
      }
    }
    return [judge(rated)];
  },
};

function judge(rated: readonly { readonly rating: Rating; readonly near: number; readonly by: string }[]): Spoken {
  if (rated.length === 0) return { label: 'none', score: 0, explanation: 'no fact-check of this claim was found' };
  const said = new Set(rated.map(({ rating }) => rating));
  const label: Rating = said.size === 1 ? rated[0]!.rating : 'mixed';
  const nearest = Math.max(...rated.map(({ near }) => near));
  const names = [...new Set(rated.map(({ rating, by }) => `${by}: ${rating}`))].slice(0, 5).join('; ');
  return { label, score: label === 'false' ? rounded(nearest) : 0, explanation: `rated by ${names}`.slice(0, 500) };
}

const mixedWords =
  /\b(?:half|partly|partially|mixed|mixture|misleading|missing context|lacks context|needs context|out of context|exaggerat\w*|unproven|unverified|disputed|mostly true|cherry.?pick\w*)\b/;
const falseWords =
  /\b(?:false|fake|incorrect|inaccurate|wrong|untrue|debunked|hoax|fabricat\w*|doctored|altered|manipulated|scam|pants on fire|baseless|no evidence|not (?:true|correct|accurate)|(?:two|three|four) pinocchios|faux|falso|falsch|satire)\b/;
const trueWords = /\b(?:true|correct|accurate|confirmed|legit\w*|vrai|verdadero|richtig|geppetto checkmark)\b/;

/** Raters write freely; undefined where none of our words is in it. */
export function ratingOf(rating: string): Rating | undefined {
  const text = rating.normalize('NFKC').toLowerCase();
  if (mixedWords.test(text)) return 'mixed';
  if (falseWords.test(text)) return 'false';
  return trueWords.test(text) ? 'true' : undefined;
}

function wordsOf(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  words(folded(text), (hash) => found.add(hash));
  return found;
}

function nearness(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  if (small.size < fewestWords) return 0;
  return [...small].filter((word) => large.has(word)).length / small.size;
}
