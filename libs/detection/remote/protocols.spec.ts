import { factCheck, ratingOf } from './fact-check.js';
import { identity } from './identity.js';
import { moderation } from './moderation.js';
import { aCheck } from './remote.fixture.js';

const check = aCheck();

describe('moderation', () => {
  test('any base address is completed to the moderation path, and one that is whole stays', () => {
    const urls = [
      'https://api.example.org',
      'https://api.example.org/',
      'https://api.example.org/v1',
      'https://api.example.org/v1/moderations',
    ].map((base) => moderation.ask(check, new URL(base), 'k').url);
    expect(new Set(urls)).toEqual(new Set(['https://api.example.org/v1/moderations']));
    expect(moderation.ask(check, new URL('https://gateway.example.org/openai/v1'), undefined)).toEqual({
      method: 'POST',
      url: 'https://gateway.example.org/openai/v1/moderations',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ input: check.content }),
    });
  });

  test('each flagged category is a verdict of its own, and never one too weak to be heard', () => {
    const answer = {
      id: 'modr-1',
      model: 'omni-moderation-latest',
      results: [
        {
          flagged: true,
          categories: { hate: true, 'sexual/minors': true, violence: false, 'illicit/violent': null },
          category_scores: { hate: 0.93, 'sexual/minors': 0.31, violence: 0.02 },
        },
      ],
    };
    expect(moderation.read(answer, check)).toEqual([
      { label: 'hate', score: 0.93 },
      { label: 'sexual/minors', score: 0.5 },
    ]);
  });

  test('nothing flagged is said as clean; flagged without a category we know still counts', () => {
    const of = (result: object) => moderation.read({ results: [result] }, check);
    expect(of({ flagged: false, categories: {}, category_scores: { hate: 0.7 } })).toEqual([
      { label: 'clean', score: 0.49 },
    ]);
    expect(of({ flagged: true })).toEqual([{ label: 'flagged', score: 1 }]);
    expect(of({ flagged: true, categories: { novel: true }, category_scores: { novel: 0.8 } })).toEqual([
      { label: 'flagged', score: 0.8 },
    ]);
  });

  test('an answer of another form is no answer', () => {
    for (const answer of [null, [], {}, { results: [] }, { results: [{ flagged: 'no' }] }, 'clean'])
      expect(moderation.read(answer, check)).toBeUndefined();
  });
});

describe('fact-check search', () => {
  const told = aCheck({ kind: 'fact_check', content: 'The moon landing of 1969 was filmed in a studio.' });
  const found = (text: string, ...ratings: string[]) => ({
    claims: [
      { text, claimReview: ratings.map((textualRating) => ({ publisher: { name: 'Checkers' }, textualRating })) },
    ],
  });

  test('the sentence is the query, the key a parameter', () => {
    const { url, method } = factCheck.ask(told, new URL('https://facts.example.org/'), 'k');
    expect(method).toBe('GET');
    const { pathname, searchParams } = new URL(url);
    expect(pathname).toBe('/v1alpha1/claims:search');
    expect([searchParams.get('query'), searchParams.get('key')]).toEqual([told.content, 'k']);
    const whole = factCheck.ask(told, new URL('https://facts.example.org/v1alpha1/claims:search'), undefined);
    expect(new URL(whole.url).pathname).toBe('/v1alpha1/claims:search');
  });

  test('a claim that the sentence tells and raters call false is false, and says who rated it', () => {
    const [said] = factCheck.read(found('The 1969 moon landing was filmed in a studio', 'Pants on Fire'), told) ?? [];
    expect(said).toMatchObject({ label: 'false', explanation: 'rated by Checkers: false' });
    expect(said!.score).toBeGreaterThanOrEqual(0.6);
  });

  test('a claim that is only near, an unrated one, and nothing found say none', () => {
    for (const answer of [found('Elvis was seen on the moon', 'False'), found(told.content!), {}, { claims: [] }])
      expect(factCheck.read(answer, told)).toMatchObject([{ label: 'none', score: 0 }]);
  });

  test('raters who disagree, and half truths, are mixed', () => {
    expect(factCheck.read(found(told.content!, 'False', 'True'), told)).toMatchObject([{ label: 'mixed', score: 0 }]);
    expect(factCheck.read(found(told.content!, 'Half True'), told)).toMatchObject([{ label: 'mixed' }]);
  });

  test.each([
    ['Mostly False', 'false'],
    ['Not true', 'false'],
    ['FAKE', 'false'],
    ['Four Pinocchios', 'false'],
    ['Mostly true', 'mixed'],
    ['Missing context', 'mixed'],
    ['Partly false', 'mixed'],
    ['Correct', 'true'],
    ['See the article', undefined],
  ])('the rating "%s" is read as %s', (rating, expected) => {
    expect(ratingOf(rating)).toBe(expected);
  });

  test('an answer of another form is no answer', () => {
    expect(factCheck.read({ claims: 'none' }, told)).toBeUndefined();
  });
});

describe('identity', () => {
  const asked = aCheck({ kind: 'identity', subject: 'northbank', organization: 'org-1', content: 'We are Northbank.' });

  test('the account, whom it speaks as and the sentence are sent to the address as it stands', () => {
    const { url, headers, body } = identity.ask(asked, new URL('https://id.example.org/ask'), 'secret');
    expect(url).toBe('https://id.example.org/ask');
    expect(headers['authorization']).toBe('Bearer secret');
    expect(JSON.parse(body!)).toEqual({
      account: { id: 'acme', organization: 'org-1' },
      speaks_as: 'northbank',
      text: 'We are Northbank.',
    });
  });

  test('verified, not verified and unknown are three answers, and only one is a finding', () => {
    const label = (verified: unknown) => identity.read({ verified }, asked)?.[0]?.label;
    expect([true, false, 'unknown', 'maybe', undefined].map(label)).toEqual([
      'verified_identity',
      'unverified_identity',
      'unknown_identity',
      undefined,
      undefined,
    ]);
  });
});
