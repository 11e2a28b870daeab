import fc from 'fast-check';
import { matches, type PagedIncident } from './match.js';
import type { Match } from './plan.js';

const incident: PagedIncident = {
  id: 'i',
  number: 7,
  title: 'Account sells fake passports',
  severity: 'SEV2',
  detector: 'rules',
  rule: 'passports',
  key: { account: 'acct-12' },
  openedAt: 0,
};
const fits = (match: Match) => matches(match, incident);

test('every field given must fit, and of its texts one is enough', () => {
  expect(fits({})).toBe(true);
  expect(fits({ severity: ['SEV1', 'SEV2'], detector: ['rules'] })).toBe(true);
  expect(fits({ severity: ['SEV1'], detector: ['rules'] })).toBe(false);
  expect(fits({ key: { account: ['acct-1*'] }, title: ['*PASSPORTS'] })).toBe(true);
  expect(fits({ model: ['*'] })).toBe(false);
  expect(fits({ key: { campaign: ['*'] } })).toBe(false);
});

test('a star stands for any text, as in the obvious pattern', () => {
  const letters = fc.stringMatching(/^[ab*]{0,8}$/);
  fc.assert(
    fc.property(letters, fc.stringMatching(/^[ab]{0,8}$/), (pattern, title) => {
      const obvious = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(title);
      expect(matches({ title: [pattern] }, { ...incident, title })).toBe(obvious);
    }),
    { numRuns: 500 },
  );
});
