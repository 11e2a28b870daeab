import fc from 'fast-check';
import { mask, maskExcerpt } from './excerpt.js';

test('e-mail addresses, phone numbers and card numbers are masked', () => {
  expect(mask('Write to jane.doe+x@mail.example.co.uk today')).toBe('Write to [e-mail] today');
  expect(mask('Call +49 (30) 1234-5678 or 0171/2345678.')).toBe('Call [phone] or [phone].');
  expect(mask('card 4111 1111 1111 1111, 4111111111111111')).toBe('card [card], [card]');
  expect(mask('٠١٧١٢٣٤٥٦٧٨')).toBe('[phone]');
  expect(mask('jürgen@bücher.example')).toBe('[e-mail]');
});

test('masking takes time linear in the text, whatever it is', () => {
  // A quadratic pattern needs minutes for these, a linear one some milliseconds each.
  for (const unit of ['a', 'a.', '1', '1 ', '@', 'a@', '(', '٣-']) mask(unit.repeat(400_000));
});

test('dates, years and small numbers stay', () => {
  for (const text of ['2026-11-24', 'in 2026', '1,000,000 people', 'version 26.10.0', '42 of 100'])
    expect(mask(text)).toBe(text);
});

test('an excerpt holds the evidence, is at most 280 characters and says where it is cut', () => {
  const text = `${'before '.repeat(200)}the moon is hollow${' after'.repeat(200)}`;
  const start = text.indexOf('the moon');
  const excerpt = maskExcerpt(text, { start, end: start + 18 });
  expect(excerpt.length).toBeLessThanOrEqual(280);
  expect(excerpt).toContain('the moon is hollow');
  expect(excerpt).toMatch(/^….*…$/);
  expect(maskExcerpt('short', { start: 0, end: 5 })).toBe('short');
});

test('a number at the edge of the excerpt is masked whole', () => {
  for (let shift = 0; shift < 60; shift++) {
    const text = `${'x'.repeat(300)} 4111 1111 1111 1111 ${'y'.repeat(100 + shift)} evidence`;
    const start = text.indexOf('evidence');
    expect(maskExcerpt(text, { start, end: start + 8 })).not.toMatch(/1111/);
  }
});

test('the evidence itself is masked too', () => {
  expect(maskExcerpt('send it to a@b.example now', { start: 11, end: 22 })).toBe('send it to [e-mail] now');
});

test('any text and span give at most 280 well-formed characters without an address', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('bob@site.example', '4111111111111111', ' '.repeat(300), '+1 202 555 0100'),
        ),
        { maxLength: 30 },
      ),
      fc.integer({ min: -5, max: 3_000 }),
      fc.integer({ min: -5, max: 3_000 }),
      (parts, a, b) => {
        const excerpt = maskExcerpt(parts.join(' '), { start: Math.min(a, b), end: Math.max(a, b) });
        expect(excerpt.length).toBeLessThanOrEqual(280);
        expect(excerpt.isWellFormed()).toBe(true);
        expect(excerpt).not.toMatch(/bob@site\.example|4111111111111111|202 555 0100/);
      },
    ),
  );
});
