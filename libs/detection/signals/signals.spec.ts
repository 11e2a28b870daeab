import { assurance, type AssuranceInput } from './assurance.js';
import { weakSum } from './conversation.js';
import { drift } from './drift.js';
import { moderationCategory } from './harmful.js';
import { languageDifference } from './language.js';

describe('drift', () => {
  const past = { outputs: 100_000, findings: 100 };
  test('a model that finds fifteen times as much for an hour burns fast', () => {
    const windows = { '1h': { outputs: 4000, findings: 80 }, '5m': { outputs: 400, findings: 8 } };
    expect(drift(past, windows)).toMatchObject({ pair: { long: '1h', level: 'high' }, expected: 0.001 });
  });
  test('a burst that is over says nothing, nor do few outputs, nor a model without a past', () => {
    expect(drift(past, { '1h': { outputs: 4000, findings: 80 }, '5m': { outputs: 400, findings: 0 } })).toBeUndefined();
    expect(drift(past, { '1h': { outputs: 40, findings: 4 }, '5m': { outputs: 10, findings: 4 } })).toBeUndefined();
    expect(
      drift(
        { outputs: 10, findings: 0 },
        { '1h': { outputs: 4000, findings: 80 }, '5m': { outputs: 400, findings: 8 } },
      ),
    ).toBeUndefined();
  });
});

describe('assurance', () => {
  const quiet: AssuranceInput = {
    enabled: ['content_filter'],
    now: {},
    past: {},
    feedback: { now: 0, past: 0 },
    outputs: { now: 0, past: 0 },
  };
  test('verdicts missing on over 5 % of a thousand outputs are a finding, on 5 % they are not', () => {
    const tally = (ran: number) => ({ ...quiet, now: { content_filter: { outputs: 1000, ran, flagged: 1 } } });
    expect(assurance(tally(949))).toMatchObject([{ check: 'missing' }]);
    expect(assurance(tally(950))).toEqual([]);
  });
  test('a filter that flags nothing is a finding where its own past says some should be', () => {
    const now = { content_filter: { outputs: 2000, ran: 2000, flagged: 0 } };
    const past = { content_filter: { outputs: 10_000, ran: 10_000, flagged: 100 } };
    expect(assurance({ ...quiet, now, past })).toMatchObject([{ check: 'never_flags' }]);
    expect(assurance({ ...quiet, now })).toEqual([]);
  });
  test('feedback that never comes, and a rate that is exceeded, are findings', () => {
    const input: AssuranceInput = {
      ...quiet,
      enabled: ['user_feedback_loop', 'rate_limit'],
      feedback: { now: 0, past: 50 },
      outputs: { now: 5000, past: 5000 },
      rate: { account: 'a', requests: 61, allowed: 60 },
    };
    expect(assurance(input).map(({ check }) => check)).toEqual(['no_feedback', 'exceeded']);
  });
});

test('weak signs add up over three events, each counting once by its strongest', () => {
  const entry = (eventId: string, value: string) => ({ rule: 'compliance', eventId, at: 0, value });
  expect(weakSum([entry('1', '0.4'), entry('1', '0.3'), entry('2', '0.4')])).toBe(0);
  expect(weakSum([entry('1', '0.4'), entry('2', '0.4'), entry('3', '0.4')])).toBeCloseTo(1.2);
});

test('moderation categories are known by any of their spellings', () => {
  expect(['hate/threatening', 'Hate_Threatening', 'H2', 'flagged: self-harm'].map(moderationCategory)).toEqual([
    'hate/threatening',
    'hate/threatening',
    'hate/threatening',
    'self-harm',
  ]);
  expect(moderationCategory('unchecked')).toBeUndefined();
});

test('a difference of languages is a sign, unless a translation was asked for', () => {
  const reader = (text: string) => (text.includes(' the ') ? 'en' : 'de');
  const english = 'Tell me how the bread in the old bakery at the corner was made by the baker.';
  const german = 'Das Brot wurde aus Mehl, Wasser und Salz gemacht und lange im Ofen gebacken.';
  expect(languageDifference(english, german, reader)).toBeGreaterThan(0);
  expect(languageDifference(`Translate into German: ${english}`, german, reader)).toBe(0);
  expect(languageDifference(english, english, reader)).toBe(0);
});
