import fc from 'fast-check';
import { compileRules, parseRules, RuleSet, type EventRecord } from './index.js';
import { buildAutomaton, occurrences } from './automaton.js';
import { fold } from './fold.js';
import { compileRegex, findRegex, regexMatches, type Regex } from './regex.js';
import type { Expression, SigmaRule, Test } from './rule.js';

/** What a rule says of an event, said slowly: no index, no automaton, no linear engine. */
function slowly(expression: Expression, event: EventRecord): boolean {
  switch (expression.op) {
    case 'constant':
      return expression.value;
    case 'and':
      return expression.parts.every((part) => slowly(part, event));
    case 'or':
      return expression.parts.some((part) => slowly(part, event));
    case 'not':
      return !slowly(expression.part, event);
    case 'test': {
      const { field, test } = expression;
      const value = field === undefined ? Object.values(event) : event[field];
      if (test.kind === 'exists') return value !== undefined;
      if (test.kind === 'null') return value === undefined || value === null;
      return [value]
        .flat(9)
        .some((one) => (typeof one === 'string' || typeof one === 'number') && holds(test, String(one)));
    }
  }
}

function holds(test: Test, text: string): boolean {
  switch (test.kind) {
    case 'equals':
    case 'contains':
    case 'startswith':
    case 'endswith': {
      const escaped = test.text.replace(/[^a-z0-9]/gi, '\\$&');
      const open = { equals: '^X$', contains: 'X', startswith: '^X', endswith: 'X$' }[test.kind];
      return new RegExp(
        open.replace('X', () => escaped),
        test.cased ? 's' : 'si',
      ).test(text);
    }
    case 'glob': {
      const source = test.parts.map((part) =>
        typeof part === 'string' ? part.replace(/[^a-z0-9]/gi, '\\$&') : part.wild === 'any' ? '.*' : '.',
      );
      return new RegExp(`^${source.join('')}$`, test.cased ? 's' : 'si').test(text);
    }
    case 'regex': {
      const { flags, pattern } = test.regex;
      return new RegExp(pattern, (flags.i ? 'i' : '') + (flags.m ? 'm' : '') + (flags.s ? 's' : '')).test(text);
    }
    case 'number':
      return test.compare === 'eq' ? Number(text) === test.value : Number(text) > test.value;
    case 'filled':
      return true;
    default:
      throw new Error(`no slow way for ${test.kind}`);
  }
}

const letters = fc.constantFrom('a', 'b', 'A', 'B', ' ', '-');
const word = (min: number, max: number) => fc.string({ unit: letters, minLength: min, maxLength: max });
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '*', '?', ' '), minLength: 0, maxLength: 6 });
const field = fc.constantFrom('f', 'g', 'h');

const regexPart: fc.Arbitrary<string> = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word(1, 3).map((text) => text.replace(/-/g, '\\-')),
    fc.constantFrom(
      '.',
      '.{0,2}',
      '.{1,3}',
      '.*',
      '\\b',
      '\\s+',
      '[ab]',
      '[^b]{0,2}',
      '[a-c]*',
      '\\w',
      '^',
      '$',
      'a?',
      '(?:ab)?',
      'b{2}',
      '\\B',
    ),
    fc.tuple(tie('part'), tie('part')).map(([a, b]) => a + b),
    fc.tuple(tie('part'), tie('part')).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie('part'), fc.constantFrom('?', '+', '{1,2}')).map(([a, b]) => `(?:${a})${b}`),
  ),
})).part;

const flags = fc.record({ i: fc.boolean(), m: fc.boolean(), s: fc.boolean() });
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', 'B', ' ', '-', '\n'), maxLength: 24 });

test('a regular expression matches where V8 and re2js say so, by whichever way it is asked', () => {
  let chains = 0;
  fc.assert(
    fc.property(regexPart, flags, fc.array(text, { minLength: 1, maxLength: 6 }), (source, flagged, texts) => {
      const regex = compileRegex(source, flagged);
      if ('reason' in regex) return;
      if (regex.chains) chains++;
      const slow = new RegExp(source, (flagged.i ? 'i' : '') + (flagged.m ? 'm' : '') + (flagged.s ? 's' : ''));
      for (const one of texts) {
        const wanted = slow.test(one);
        expect([source, flagged, one, regex.engine.test(one)]).toEqual([source, flagged, one, wanted]);
        expect([source, flagged, one, regexMatches(regex, one, () => fold(one))]).toEqual([
          source,
          flagged,
          one,
          wanted,
        ]);
        expect([source, flagged, one, findRegex(regex, one) !== undefined]).toEqual([source, flagged, one, wanted]);
        // A match without one of its required texts would never have been asked.
        if (wanted && regex.literals) expect(regex.literals.some((literal) => fold(one).includes(literal))).toBe(true);
        if (regex.texts) {
          const { texts: all, cased } = regex.texts;
          expect(all.some((part) => (cased === true ? one : fold(one)).includes(part))).toBe(wanted);
        }
      }
    }),
    { numRuns: 500, seed: 7 },
  );
  expect(chains).toBeGreaterThan(20);
});

test.each([
  [String.raw`^C:\\explorer\.exe$`, String.raw`C:\explorer.exe`],
  [String.raw`^\\\\host\\users\\abcdef$`, String.raw`\\host\users\abcdef`],
  [String.raw`\u0041\e\h\Z`, 'A\u001b '],
  [String.raw`\ä\/\-\_`, 'ä/-_'],
  ['a(?#a remark)b', 'ab'],
  ['(?<name>ab)c', 'abc'],
  ['^.{1500,}$', 'x'.repeat(1500)],
  ['^[a-z]{1001,1100}Z', `${'q'.repeat(1050)}Z`],
])('the spelling %s of other engines is understood', (source, hit) => {
  const regex = compileRegex(source, { i: false, m: false, s: false }) as Regex;
  const matches = (text: string) => regexMatches(regex, text, () => fold(text));
  expect([matches(hit), matches('other')]).toEqual([true, false]);
});

const test1 = fc.oneof(
  fc
    .tuple(field, fc.constantFrom('', '|contains', '|startswith', '|endswith', '|cased', '|contains|cased'), pattern)
    .map(([f, modifier, value]) => ({ [f + modifier]: value })),
  fc
    .tuple(field, fc.array(pattern, { minLength: 2, maxLength: 4 }), fc.boolean())
    .map(([f, values, all]) => ({ [`${f}|contains${all ? '|all' : ''}`]: values })),
  fc.tuple(field, regexPart, fc.boolean()).map(([f, source, i]) => ({ [`${f}|re${i ? '|i' : ''}`]: source })),
  fc.tuple(field, fc.constantFrom(null, '', 1, 7)).map(([f, value]) => ({ [f]: value })),
  fc.tuple(field, fc.boolean()).map(([f, there]) => ({ [`${f}|exists`]: there })),
  fc.tuple(field, fc.integer({ min: 0, max: 9 })).map(([f, value]) => ({ [`${f}|gt`]: value })),
  pattern.filter((value) => value !== '').map((value) => [value]),
);
const condition = fc.constantFrom(
  'a',
  'not a',
  'a and b',
  'a or b',
  'a and not b',
  '1 of them',
  'all of them',
  'not (a and b) and c',
  '(a or b) and c',
  'c and not 1 of a*',
  '2 of them',
);
const rule = fc.record({ a: test1, b: test1, c: test1, condition });
const value = fc.oneof(word(0, 8), fc.constantFrom(1, 7, 8, null, '7'), fc.array(word(0, 4), { maxLength: 3 }));
const event = fc.record({ f: value, g: value, h: value, x: value }, { requiredKeys: [] });

function read(detections: readonly unknown[]): SigmaRule[] {
  const files = detections.map((detection, index) => ({
    path: `${index}.yml`,
    text: JSON.stringify({ title: `r${index}`, logsource: { product: 'x' }, detection }),
  }));
  return [...parseRules(files).rules];
}

test('many rules at once say of an event what each says slowly by itself', () => {
  let matched = 0;
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 30 }),
      fc.array(event, { minLength: 1, maxLength: 8 }),
      (detections, events) => {
        const rules = read(detections);
        const set = new RuleSet(rules);
        for (const one of events) {
          const found = set.match(one).map((match) => match.rule);
          const wanted = rules.filter((each) => slowly(each.expression, one)).map(({ key }) => key);
          matched += wanted.length;
          expect([one, found]).toEqual([one, wanted]);
        }
      },
    ),
    { numRuns: 80, seed: 7 },
  );
  expect(matched).toBeGreaterThan(100);
});

test('the automaton finds every text at every place, whatever its case', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(word(1, 4).map(fold), { minLength: 1, maxLength: 12 }),
      word(0, 40),
      (literals, within) => {
        const found = occurrences(buildAutomaton(literals), within).map(
          ({ literal, end }) => `${end} ${literals[literal]}`,
        );
        const wanted = literals.flatMap((literal) =>
          Array.from({ length: within.length }).flatMap((_, at) =>
            fold(within).startsWith(literal, at) ? [`${at + literal.length} ${literal}`] : [],
          ),
        );
        expect(found.toSorted()).toEqual(wanted.toSorted());
      },
    ),
  );
});

test('letters fold as regular expressions fold them, and keep their place', () => {
  for (const [a, b] of [
    ['ſ', 's'],
    ['K', 'k'],
    ['Σ', 'ς'],
    ['Ж', 'ж'],
    ['ẞ', 'ß'],
    ['Ä', 'ä'],
  ] as const)
    expect(fold(a)).toBe(fold(b));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (any) => expect(fold(any)).toHaveLength(any.length)),
  );
});

/** Milliseconds of the quickest of several runs, so that a busy machine counts little. */
function quickest(run: () => void): number {
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const begun = performance.now();
    run();
    best = Math.min(best, performance.now() - begun);
  }
  return best;
}

test.each([
  ['nested repeats', '(a+)+$', (n: number) => `${'a'.repeat(n)}!`],
  ['bounded nested repeats', '(a{1,9}){1,9}$', (n: number) => `${'a'.repeat(n)}!`],
  ['a gap between texts that stand everywhere', '(ab|ba).{0,80}(bb|cc)', (n: number) => 'ab '.repeat(n / 3)],
  ['gaps without end', 'ab.*ba.*cc', (n: number) => 'ab ba '.repeat(n / 6)],
  ['a class between texts', 'a[^x]{5,500}x', (n: number) => 'a'.repeat(n)],
  ['alternation in a repeat', '(a|aa|b)*c', (n: number) => 'ab'.repeat(n / 2)],
])('%s take time that grows with the text and no faster', (_name, source, make) => {
  const regex = compileRegex(source, { i: true, m: false, s: false }) as Regex;
  const [small, large] = [make(4096), make(65536)];
  const run = (one: string) => quickest(() => void regexMatches(regex, one, () => fold(one)));
  run(small);
  // Sixteen times the text; quadratic time would be 256 times as long.
  expect(run(large)).toBeLessThan(16 * 8 * Math.max(run(small), 1));
});

test('wildcards and many rules on hostile text take time that grows with the text and no faster', () => {
  const detections = ['a*b*c*d', '?a?a?a?b', '*aaaaaaaab*', 'a', '*a?*b'].map((value) => ({
    s: { f: value },
    condition: 's',
  }));
  const set = new RuleSet(read([...detections, { s: ['aab', '*a?b*'], condition: 's' }]));
  const run = (size: number) => quickest(() => void set.match({ f: 'a'.repeat(size) }));
  run(4096);
  expect(run(65536)).toBeLessThan(16 * 8 * Math.max(run(4096), 1));
});

test('rules that cannot match are not asked: ten times the rules, nearly the same time', () => {
  const many = (count: number) =>
    new RuleSet(
      read(Array.from({ length: count }, (_, index) => ({ s: { 'f|contains': `needle${index}x` }, condition: 's' }))),
    );
  const [few, lots] = [many(200), many(2000)];
  const within = 'ordinary words without any needle at all '.repeat(25);
  const run = (set: RuleSet) => quickest(() => Array.from({ length: 200 }, () => set.match({ f: within })));
  run(few);
  run(lots);
  expect(run(lots)).toBeLessThan(Math.max(5 * run(few), 50));
});

test('what a match says does not depend on the rules beside it', () => {
  const files = ['a', 'b'].map((name) => ({
    path: `${name}.yml`,
    text: `title: ${name}\nlogsource: {product: x}\ndetection: {s: {f|contains: ${name}}, condition: s}\n`,
  }));
  const alone = compileRules(parseRules([files[0]!])).ruleSet.match({ f: 'a b' });
  const beside = compileRules(parseRules(files)).ruleSet.match({ f: 'a b' });
  expect(beside[0]!.spans).toEqual(alone[0]!.spans);
});
