import fc from 'fast-check';
import { firstBytes, lastBytes, mend, needsMending, overLimit } from './text.js';

const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
const wellFormed = fc.string({ unit: 'grapheme', maxLength: 40 });

test('a mended text needs no mending and is as long as before', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const mended = mend(text);
      expect(needsMending(mended)).toBe(false);
      expect(mended).toHaveLength(text.length);
      if (!needsMending(text)) expect(mended).toBe(text);
    }),
    { seed: 1 },
  );
});

test('a cut text is the longest beginning or end that fits, and ends between two characters', () => {
  fc.assert(
    fc.property(wellFormed, fc.nat(80), (text, limit) => {
      const [first, last] = [firstBytes(text, limit), lastBytes(text, limit)];
      expect(text.startsWith(first) && text.endsWith(last)).toBe(true);
      for (const part of [first, last]) {
        expect(part.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(part)).toBeLessThanOrEqual(limit);
        if (!overLimit(text, limit)) expect(part).toBe(text);
      }
      // A character is at most four bytes, so no more than three stay unused.
      if (overLimit(text, limit)) expect(Buffer.byteLength(first)).toBeGreaterThan(limit - 4);
    }),
    { seed: 1, numRuns: 500 },
  );
});
