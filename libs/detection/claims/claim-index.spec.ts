import { importClaimReviews, exportClaimReviews } from './claim-review.js';
import { ClaimIndex } from './claim-index.js';
import { parseWatchlist, standing, validAt } from './watchlist.js';

const claims = [
  { id: 'chips', text: 'Vaccines contain microchips' },
  { id: 'moon', text: 'The moon landing was staged in a studio' },
  { id: 'towers', text: '5G towers spread the virus' },
];

test('the nearest claim is first, whatever its words are bent to', () => {
  const index = new ClaimIndex(claims);
  expect(index.rank('they staged the landing on the moon in studios', 2)[0]?.id).toBe('moon');
  expect(index.rank('a microchip in every vaccine', 1)).toMatchObject([{ id: 'chips' }]);
});

test('entries come and go without a rebuild, and rank as if they had always been there', () => {
  const index = new ClaimIndex(claims.slice(0, 1));
  index.add(claims.slice(1));
  index.add([{ id: 'gone', text: 'The moon is made of cheese' }]);
  index.remove(new Set(['gone']));
  const whole = new ClaimIndex(claims);
  for (const { text } of claims) {
    expect(index.rank(text, 3).map(({ id }) => id)).toEqual(whole.rank(text, 3).map(({ id }) => id));
  }
  expect(index.size).toBe(3);
});

test('a watchlist is read with provenance beside the claim or in a field of its own', () => {
  const { entries, problems } = parseWatchlist(
    '- { id: a, claim: One, provenance: { status: contested, added_by: ann } }\n- { id: b, claim: Two, status: active, added_by: ann, reviewed_by: ben, valid_to: 2026-01-01 }\n',
  );
  expect(problems).toEqual([]);
  expect(entries?.map(standing)).toEqual(['review', 'pages']);
  expect(entries?.map((entry) => validAt(entry, Date.UTC(2026, 5, 1)))).toEqual([true, false]);
});

test('a mistake in a watchlist is told where it stands', () => {
  const { entries, problems } = parseWatchlist('- { id: a, claim: One, status: activ }\n', 'watchlist.yml');
  expect(entries).toBeUndefined();
  expect(problems[0]).toMatchObject({ file: 'watchlist.yml', line: 1 });
  expect(
    parseWatchlist('- { id: a, claim: One, status: active }\n- { id: a, claim: Two, status: active }\n').problems[0]
      ?.message,
  ).toContain('second time');
});

test('in a file of a verb all but the claim may be absent', () => {
  const { entries } = parseWatchlist('{"claim": "One", "title": "unknown here"}\n', 'claims.jsonl', 'file');
  expect(entries?.[0]).toMatchObject({ id: 'One', status: 'active' });
});

test('imported claim reviews stay shadow, and only what was rated false comes in', () => {
  const review = (claim: string, rating: string) => ({
    '@type': 'ClaimReview',
    claimReviewed: claim,
    url: `https://facts.example/${claim.length}`,
    reviewRating: { alternateName: rating },
  });
  const { entries, skipped } = importClaimReviews(
    { '@graph': [review('Cheese is blue', 'False'), review('Water is wet', 'True'), { '@type': 'Person' }] },
    (_, url) => url,
  );
  expect(entries).toMatchObject([{ claim: 'Cheese is blue', status: 'shadow' }]);
  expect(skipped).toEqual({ notClaimReview: 1, notFalse: 1 });
  expect(exportClaimReviews(entries)).toEqual([]);
  const active = entries.map((entry) => ({ ...entry, status: 'active' as const }));
  expect(importClaimReviews(exportClaimReviews(active), (_, url) => url).entries).toMatchObject([
    { claim: 'Cheese is blue' },
  ]);
});
