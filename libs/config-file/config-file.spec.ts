import fc from 'fast-check';
import { z } from 'zod';
import { formatProblem, readDocuments, readItems, readYaml, suggest } from './index.js';

const stage = z.strictObject({
  name: z.string(),
  days: z.int().min(1),
  kind: z.enum(['open', 'closed']).default('open'),
  notify: z.union([z.string(), z.strictObject({ team: z.string() })]).optional(),
});
const schema = z.strictObject({ version: z.string(), stages: z.array(stage).min(1) });

const said = (text: string) => readYaml(schema, text, 'f.yml').problems.map(formatProblem);

test('a good text gives its value with defaults and no problems', () => {
  const read = readYaml(schema, 'version: "1"\nstages:\n  - { name: a, days: 3 }\n', 'f.yml');
  expect(read.problems).toEqual([]);
  expect(read.value).toEqual({ version: '1', stages: [{ name: 'a', days: 3, kind: 'open' }] });
});

test('every mistake is told at once, each at its own line and column', () => {
  const text = 'version: 1.0\nstages:\n  - name: a\n    days: 0\n    kind: opn\n    nmae: x\n  - days: two\n';
  expect(said(text)).toEqual([
    'f.yml:1:10 version: found 1.0, wanted a text; put it in quotes: "1.0"',
    'f.yml:4:11 stages[0].days: found 0, wanted at least 1',
    'f.yml:5:11 stages[0].kind: found "opn", wanted one of open, closed; did you mean "open"?',
    'f.yml:6:5 stages[0]: found the unknown field "nmae", wanted one of name, days, kind, notify; did you mean "name"?',
    'f.yml:7:5 stages[1].name: missing, wanted a text',
    'f.yml:7:11 stages[1].days: found "two", wanted a number',
  ]);
});

test('of a union the branch that was meant complains', () => {
  expect(said('version: a\nstages: [{ name: a, days: 1, notify: { taem: x } }]\n')).toEqual([
    'f.yml:2:38 stages[0].notify.team: missing, wanted a text',
    'f.yml:2:40 stages[0].notify: found the unknown field "taem", wanted one of team; did you mean "team"?',
  ]);
  expect(said('version: a\nstages: [{ name: a, days: 1, notify: 7 }]\n')).toEqual([
    'f.yml:2:38 stages[0].notify: found 7, wanted a text or fields (name: value)',
  ]);
});

test('a name that is none of those that may be set is told at the name', () => {
  const limits = z.strictObject({ limits: z.partialRecord(z.enum(['read', 'write']), z.number()) });
  const read = readYaml(limits, 'limits:\n  read: 1\n  wriet: 2\n  read: x\n', 'f.yml');
  expect(read.problems.map(formatProblem)).toEqual([
    'f.yml:3:3 limits: found the unknown field "wriet", wanted one of read, write; did you mean "write"?',
    'f.yml:4:3 found the same field a second time, wanted it once',
    'f.yml:4:9 limits.read: found "x", wanted a number',
  ]);
});

test('a field without a value is told at its name', () => {
  expect(said('version:\nstages: [{ name: a, days: 1 }]\n')).toEqual([
    'f.yml:1:1 version: found nothing, wanted a text',
  ]);
});

test('broken YAML is told where it breaks, and a key written twice beside the rest', () => {
  expect(said('version: "a\nstages: []\n').length).toBeGreaterThan(0);
  expect(said('version: a\nversion: b\nstages: []\n')).toEqual([
    'f.yml:2:1 found the same field a second time, wanted it once',
    'f.yml:3:9 stages: found an empty list, wanted at least 1 entry',
  ]);
  expect(said('')).toEqual(['f.yml:1:1 found nothing, wanted fields (name: value)']);
  expect(said('version: a\nstages: [{ name: a, days: 1 }]\n---\nversion: b\n')).toEqual([
    'f.yml:3:1 found a second document (after `---`), wanted one document in this file',
  ]);
});

test('aliases that multiply without end are a problem, not a hang', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 0; i < 8; i++)
    bomb.push(
      `b${i}: &b${i} [${Array(10)
        .fill(i === 0 ? '*a' : `*b${i - 1}`)
        .join(', ')}]`,
    );
  expect(readYaml(z.unknown(), bomb.join('\n'), 'f.yml').problems).toHaveLength(1);
});

test("a caller's own check is told at the same kind of place", () => {
  const read = readYaml(schema, 'version: a\nstages:\n  - { name: a, days: 1 }\n', 'f.yml');
  expect(formatProblem(read.warning(['stages', 0, 'name'], 'no'))).toBe('f.yml:3:13 warning: no');
  expect(read.at(['stages', 0, 'days'], 'key')).toEqual({ line: 3, column: 16 });
});

test('a file of several documents gives a reading each', () => {
  const read = readDocuments(z.strictObject({ a: z.number() }), 'a: 1\n---\na: x\n---\n', 'f.yml');
  expect(read.map(({ value }) => value)).toEqual([{ a: 1 }, undefined]);
  expect(read[1]!.problems.map(formatProblem)).toEqual(['f.yml:3:4 a: found "x", wanted a number']);
});

test('a list may be YAML or JSON lines', () => {
  expect(readItems(stage, '- { name: a, days: 1 }\n', 'f.yml').items).toHaveLength(1);
  expect(readItems(stage, '# nothing yet\n', 'f.yml')).toMatchObject({ items: [], problems: [] });
  const read = readItems(stage, '{"name":"a","days":1}\n\n{"name":"b","days":"x"}\n{"name":\n', 'f.jsonl');
  expect(read.items).toBeUndefined();
  expect(read.problems.map(formatProblem)).toEqual([
    'f.jsonl:3:20 days: found "x", wanted a number',
    'f.jsonl:4:1 not valid JSON: wanted one JSON object on this line',
  ]);
  const good = readItems(stage, '{"name":"a","days":1}\n', 'f.jsonl');
  expect(formatProblem(good.error(0, ['days'], 'no'))).toBe('f.jsonl:1:20 no');
});

test('a slip of the pen is understood, another word is not', () => {
  expect(suggest('content-filter', ['content_filter', 'rate_limit'])).toBe('content_filter');
  expect(suggest('severty', ['severity'])).toBe('severity');
  expect(suggest('nmae', ['name'])).toBe('name');
  expect(suggest('banana', ['severity', 'level'])).toBeUndefined();
});

test('no text makes the reader throw', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'version',
      ':',
      ' ',
      '\n',
      '-',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '"',
      '|',
      '!!int',
      '#',
      '---',
      '\u0000',
      '\t',
      'x',
      '1',
      '? ',
      '<<',
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const read = readYaml(schema, parts.join(''), 'f.yml');
      for (const { line, column } of read.problems) expect(Math.min(line, column)).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});
