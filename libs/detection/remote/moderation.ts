/** Moderation: the OpenAI moderation request and response, at any address. One verdict a flagged category. */
import { z } from 'zod';
import { rounded } from '../judgement.js';
import { moderationCategory } from '../signals/harmful.js';
import type { Spoken } from './check.js';
import { json, withPath, type Protocol } from './protocol.js';

const answerSchema = z.object({
  results: z
    .array(
      z.object({
        flagged: z.boolean(),
        categories: z.record(z.string(), z.boolean().nullish()).default({}),
        category_scores: z.record(z.string(), z.number().nullish()).default({}),
      }),
    )
    .min(1),
});

/** Each category has a threshold of the service's own: what it flags is not below the least that Tocsin hears. */
const leastFlagged = 0.5;

export const moderation: Protocol = {
  kind: 'moderation',
  needsContent: true,
  ask: ({ content }, base, key) => ({
    method: 'POST',
    url: withPath(base, 'v1/moderations').href,
    headers: json(key),
    body: JSON.stringify({ input: content ?? '' }),
  }),
  read(answer) {
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) return undefined;
    const spoken = new Map<string, Spoken>();
    let highest = 0;
    for (const { flagged, categories, category_scores: scores } of parsed.data.results) {
      for (const score of Object.values(scores)) highest = Math.max(highest, score ?? 0);
      const named = Object.keys(categories).filter((category) => categories[category] === true);
      // A category that Tocsin does not know still counts as flagged.
      const labels = named.map((category) => [moderationCategory(category) ?? 'flagged', scores[category]] as const);
      if (flagged && labels.length === 0) labels.push(['flagged', undefined]);
      for (const [label, score] of labels) {
        const known = spoken.get(label)?.score ?? 0;
        spoken.set(label, { label, score: Math.max(known, leastFlagged, rounded(score ?? 1)) });
      }
    }
    return spoken.size > 0 ? [...spoken.values()] : [{ label: 'clean', score: rounded(Math.min(highest, 0.49)) }];
  },
};
