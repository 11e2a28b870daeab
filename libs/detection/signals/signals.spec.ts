import { weakSum } from './conversation.js';
import { moderationCategory } from './harmful.js';
import { languageDifference } from './language.js';

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
