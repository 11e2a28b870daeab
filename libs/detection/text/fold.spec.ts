import fc from 'fast-check';
import { disguised, fold, folded, skeleton } from './fold.js';
import { sentences } from './sentences.js';

test.each([
  ['leet', 'v4cc1n35 c4u53 4u71sm', 'vaccines cause autism'],
  ['letters set apart, words by the wider gap', 'v a c c i n e s  c a u s e  a u t i s m', 'vaccines cause autism'],
  ['zero-width characters', 'vac\u200bci\u200dnes', 'vaccines'],
  ['soft hyphens and variation selectors', 'vac\u00adcines\ufe0f', 'vaccines'],
  ['markdown inside words', 'v**ac**cines __cause__ it', 'vaccines cause it'],
  ['HTML entities', '&#118;acc&#x69;nes &amp; more', 'vaccines & more'],
  ['Cyrillic letters', 'Vассіnеs', 'vaccines'],
  ['full width letters', 'ｖａｃｃｉｎｅｓ', 'vaccines'],
  ['accents', 'vàccïnés', 'vaccines'],
  ['typographic quotes', 'don’t', "don't"],
])('%s are undone', (_, text, plain) => {
  expect(fold(text)).toBe(plain);
});

test.each(['covid19', '5g', '100mg', '2nd', 'mp3', 'q4', 'a@b.com'])('%s is no leet', (word) => {
  expect(fold(word)).toBe(word);
});

test('ordinary text is not folded at all, only put in lower case', () => {
  const text = 'Dr. Smith took 5 mg of it at 10:30, she said "no" — and left!';
  expect(disguised(text)).toBe(false);
  expect(folded(text)).toBe(text.toLowerCase());
});

test.each([
  ['stars', `a${'*'.repeat(60_000)} b`],
  ['mixed marks', `a${'*~`'.repeat(20_000)} b`],
  ['letters apart', `${'a '.repeat(30_000)}zz`],
  ['entities', '&#'.repeat(30_000)],
  ['tags', 'a<!--'.repeat(12_000)],
])('a long run of %s is folded in time linear in it', (_, text) => {
  expect(fold(text).length).toBeLessThanOrEqual(text.length);
});

test('folding is total and settles', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const once = fold(text);
      expect(typeof folded(text)).toBe('string');
      expect(fold(once).length).toBeLessThanOrEqual(once.length * 4 + 4);
    }),
    { numRuns: 300, seed: 7406 },
  );
});

test('names that look the same have one skeleton', () => {
  for (const name of ['paypaI', 'раураl', 'paypa1', 'páypal']) expect(skeleton(name)).toBe(skeleton('paypal'));
  expect(skeleton('rnicrosoft')).toBe(skeleton('microsoft'));
});

test('sentences end at their marks, not at abbreviations or in numbers', () => {
  const text = 'Dr. Smith said "no." It is 3.5 percent!\nNext line. Yes?';
  expect(sentences(text).map((one) => one.text)).toEqual([
    'Dr. Smith said "no."',
    'It is 3.5 percent!',
    'Next line.',
    'Yes?',
  ]);
  for (const one of sentences(text)) expect(text.slice(one.start, one.end)).toBe(one.text);
});
