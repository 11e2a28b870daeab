import fc from 'fast-check';
import { signToken, verifyToken, type TokenClaims } from './token.js';

const keys = ['first'.repeat(8), 'second'.repeat(8)];
const claims: TokenClaims = {
  purpose: 'acknowledge',
  incident: 'f'.repeat(32),
  round: 3,
  notification: 'a'.repeat(32),
  expires: 1_800_000_000_000,
};
const now = claims.expires - 1;

test('the first key signs and every key verifies', () => {
  const token = signToken(claims, keys);
  expect(verifyToken(token, keys.toReversed(), now)).toEqual({ outcome: 'valid', claims });
  expect(verifyToken(token, [keys[1] ?? ''], now)).toEqual({ outcome: 'forged' });
  expect(verifyToken(token, [], now)).toEqual({ outcome: 'forged' });
});

test('a token is good until the moment it expires', () => {
  const token = signToken(claims, keys);
  expect(verifyToken(token, keys, claims.expires)).toEqual({ outcome: 'expired', claims });
});

test('a token with any one letter changed is forged', () => {
  const token = signToken(claims, keys);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('a', 'z', '0', '9', '.', '-', '_', 'A'), (place, letter) => {
      const changed = token.slice(0, place) + letter + token.slice(place + 1);
      if (changed !== token) expect(verifyToken(changed, keys, now).outcome).toBe('forged');
    }),
  );
});

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => verifyToken(text, keys, now).outcome === 'forged'));
});

test('a link to confirm a contact acknowledges nothing', () => {
  const token = signToken({ ...claims, purpose: 'contact' }, keys);
  expect(verifyToken(`a${token.slice(1)}`, keys, now)).toEqual({ outcome: 'forged' });
});
