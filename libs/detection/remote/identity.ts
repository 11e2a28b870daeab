/**
 * Identity: may this account speak as this person or body? Our own contract, docs/verifier.md: a question by POST, an
 * answer of one word. What it does not know it says, and that is no answer.
 */
import { z } from 'zod';
import type { Spoken } from './check.js';
import { json, type Protocol } from './protocol.js';

const answerSchema = z.object({
  verified: z.union([z.boolean(), z.literal('unknown')]),
  reason: z.string().optional(),
});

export const unverifiedLabel = 'unverified_identity';

export const identity: Protocol = {
  kind: 'identity',
  needsContent: false,
  ask: ({ account, organization, subject, content }, base, key) => ({
    method: 'POST',
    url: base.href,
    headers: json(key),
    body: JSON.stringify({
      account: { id: account, ...(organization !== undefined && { organization }) },
      speaks_as: subject,
      ...(content !== undefined && { text: content }),
    }),
  }),
  read(answer, { subject = '' }): readonly Spoken[] | undefined {
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) return undefined;
    const { verified, reason } = parsed.data;
    const why = reason === undefined ? '' : `: ${reason}`;
    const explanation = (said: string) => `${said} ${subject}${why}`.slice(0, 500);
    if (verified === 'unknown')
      return [{ label: 'unknown_identity', score: 0, explanation: explanation('not known whether the account is') }];
    return verified
      ? [{ label: 'verified_identity', score: 0, explanation: explanation('the account may speak as') }]
      : [{ label: unverifiedLabel, score: 1, explanation: explanation('the account may not speak as') }];
  },
};
