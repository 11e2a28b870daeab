import { compileRules, parseRules, type EventRecord } from './index.js';

const said = (detection: string, options = {}) => {
  const text = `title: T\nlogsource: { product: x }\ndetection:\n${detection
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n`;
  return parseRules([{ path: 'r.yml', text }], options);
};

/** Does a rule of one selection match? `line` is YAML below `selection:`. */
function matches(line: string, event: EventRecord, options = {}): boolean {
  const parsed = said(`selection:\n  ${line}\ncondition: selection`, options);
  if (parsed.rules.length !== 1) throw new Error(parsed.problems.map(({ message }) => message).join('; '));
  return compileRules(parsed).ruleSet.match(event).length === 1;
}

test.each<[string, string, EventRecord[], EventRecord[]]>([
  [
    'a text is compared whole and without case',
    'f: Abc',
    [{ f: 'abc' }, { f: 'ABC' }, { f: ['x', 'aBc'] }],
    [{ f: 'abcd' }, { f: null }, {}],
  ],
  ['a list of values is any of them', 'f: [a, b]', [{ f: 'a' }, { f: 'B' }], [{ f: 'c' }]],
  ['* is any text, of lines too', 'f: a*c', [{ f: 'ac' }, { f: 'a\nbc' }, { f: 'AxxC' }], [{ f: 'acd' }, { f: 'xac' }]],
  ['? is one character', 'f: a?c', [{ f: 'abc' }, { f: 'a?c' }], [{ f: 'ac' }, { f: 'abbc' }]],
  ['a wildcard behind a backslash is plain', String.raw`f: 'a\*c'`, [{ f: 'a*c' }], [{ f: 'abc' }]],
  ['a backslash elsewhere is plain', String.raw`f: 'C:\Win\x'`, [{ f: 'c:\\win\\x' }], [{ f: 'c:winx' }]],
  [
    'two backslashes before a wildcard are one and the wildcard',
    String.raw`f: 'a\\*'`,
    [{ f: 'a\\b' }, { f: 'a\\' }],
    [{ f: 'ab' }],
  ],
  ['three are a plain backslash and a plain wildcard', String.raw`f: 'a\\\*'`, [{ f: 'a\\*' }], [{ f: 'a\\b' }]],
  ['four are two', String.raw`f: '\\\\x'`, [{ f: '\\\\x' }], [{ f: '\\x' }]],
  ['* alone is a field with a value', "f: '*'", [{ f: 'x' }, { f: '' }, { f: 0 }], [{ f: null }, {}]],
  ['an empty text is a field that is empty', "f: ''", [{ f: '' }], [{ f: ' ' }, { f: null }, {}]],
  ['null is a field without a value, or none', 'f: null', [{ f: null }, {}, { g: 1 }], [{ f: '' }, { f: 'x' }]],
  ['null among others', "f: [null, '']", [{}, { f: '' }, { f: null }], [{ f: 'x' }]],
  [
    'a number is compared as a number',
    'f: 4104',
    [{ f: 4104 }, { f: '4104' }, { f: '4104.0' }, { f: '04104' }],
    [{ f: '41041' }, { f: 'x' }],
  ],
  ['a text of digits is a number too', "f: '4104'", [{ f: 4104 }], [{ f: 4105 }]],
  ['true is true, however it is written', 'f: true', [{ f: true }, { f: 'True' }, { f: 'yes' }], [{ f: false }, {}]],
  ['contains', 'f|contains: bc', [{ f: 'aBCd' }], [{ f: 'b c' }]],
  ['contains with a wildcard', 'f|contains: b*d', [{ f: 'abxxde' }], [{ f: 'dxb' }]],
  ['startswith', 'f|startswith: ab', [{ f: 'ABc' }], [{ f: 'cab' }, { f: 'a' }]],
  ['endswith', 'f|endswith: bc', [{ f: 'aBC' }, { f: 'bcbc' }], [{ f: 'bca' }]],
  [
    'endswith of a long text',
    `f|endswith: ${'long'.repeat(12)}`,
    [{ f: `x${'long'.repeat(12)}` }],
    [{ f: `${'long'.repeat(11)}` }, { f: `x${'long'.repeat(12)}y` }],
  ],
  [
    'contains of a long text is compared to its end',
    `f|contains: ${'a'.repeat(40)}b`,
    [{ f: `${'a'.repeat(50)}b` }],
    [{ f: 'a'.repeat(50) }],
  ],
  ['all wants every value', 'f|contains|all: [a, b]', [{ f: 'b a' }], [{ f: 'a' }]],
  ['cased', 'f|cased: Ab', [{ f: 'Ab' }], [{ f: 'ab' }]],
  ['contains, cased', 'f|contains|cased: Ab', [{ f: 'xAbx' }], [{ f: 'xabx' }]],
  ['exists: true is presence, null included', 'f|exists: true', [{ f: '' }, { f: null }], [{ g: 1 }]],
  ['exists: false', 'f|exists: false', [{ g: 1 }], [{ f: null }]],
  ['neq wants the field and another value', 'f|neq: a', [{ f: 'b' }], [{ f: 'A' }, {}]],
  ['neq of several is none of them', 'f|neq: [a, b]', [{ f: 'c' }], [{ f: 'a' }, { f: 'b' }]],
  ['neq of numbers', 'f|neq: 5', [{ f: 6 }], [{ f: 5 }, { f: '5' }]],
  ['re minds case', 'f|re: a.c', [{ f: 'xabcx' }], [{ f: 'ABC' }]],
  ['re with i', 'f|re|i: a.c', [{ f: 'xABCx' }], [{ f: 'ac' }]],
  ['re: ^ and $ are the text without m', 'f|re: ^b$', [{ f: 'b' }], [{ f: 'a\nb' }]],
  ['re with m: they are lines', 'f|re|m: ^b$', [{ f: 'a\nb\nc' }], [{ f: 'ab' }]],
  ['re: a dot is no line break without s', 'f|re: a.b', [{ f: 'axb' }], [{ f: 'a\nb' }]],
  ['re with s: it is', 'f|re|s: a.b', [{ f: 'a\nb' }], [{ f: 'ab' }]],
  ['re looks behind', "f|re: '(?<!no )entry'", [{ f: 'an entry' }], [{ f: 'no entry' }]],
  ['cidr of IPv4', 'f|cidr: 10.0.0.0/8', [{ f: '10.255.1.2' }], [{ f: '11.0.0.1' }, { f: 'x' }, { f: '::1' }]],
  [
    'cidr of IPv6',
    'f|cidr: fe80::/10',
    [{ f: 'FE80::1' }, { f: 'febf::1%eth0' }],
    [{ f: 'fec0::1' }, { f: '10.0.0.1' }],
  ],
  ['cidr of any of several', 'f|cidr: [10.0.0.0/8, 192.168.0.0/16]', [{ f: '192.168.3.4' }], [{ f: '192.169.0.1' }]],
  ['gt', 'f|gt: 5', [{ f: 6 }, { f: '5.5' }], [{ f: 5 }, { f: '' }, { f: 'x' }, {}]],
  ['gte', 'f|gte: 5', [{ f: 5 }], [{ f: 4.9 }]],
  ['lt', 'f|lt: 5', [{ f: -1 }], [{ f: 5 }]],
  ['lte', "f|lte: '5'", [{ f: 5 }], [{ f: 6 }]],
  [
    'windash: every way to write a dash',
    "f|windash|contains: ' -x'",
    [{ f: 'a /X' }, { f: 'a \u2013x' }, { f: 'a \u2014x' }, { f: 'a \u2015x' }, { f: 'a -x' }],
    [{ f: 'a _x' }],
  ],
  ['windash goes from a slash as well', "f|contains|windash: '/x -y'", [{ f: '-x /y' }], [{ f: '=x /y' }]],
  ['base64', 'f|base64: foobar', [{ f: 'Zm9vYmFy' }], [{ f: 'Zm9vYmFyZm' }]],
  ['base64 within', 'f|base64|contains: foobar', [{ f: 'xxZm9vYmFyyy' }], [{ f: 'Zm9v' }]],
  [
    'base64offset: wherever it begins',
    'f|base64offset|contains: foobar',
    ['', 'x', 'xx'].flatMap((before) =>
      ['', 'y', 'yy'].map((after) => ({ f: Buffer.from(`${before}foobar${after}`).toString('base64') })),
    ),
    [{ f: Buffer.from('fooba').toString('base64') }],
  ],
  [
    'wide before base64offset',
    'f|wide|base64offset|contains: foobar',
    [{ f: Buffer.from('a foobar b', 'utf16le').toString('base64') }],
    [{ f: Buffer.from('foobar').toString('base64') }],
  ],
  ['wide by itself', 'f|wide|contains: ab', [{ f: 'xa\0b\0' }], [{ f: 'ab' }]],
  ['utf16be', 'f|utf16be|base64: ab', [{ f: 'AGEAYg==' }], [{ f: 'YQBiAA==' }]],
  ['utf16 begins with its mark', 'f|utf16|base64: ab', [{ f: '//5hAGIA' }], [{ f: 'YQBiAA==' }]],
  ['fieldref', 'f|fieldref: g', [{ f: 'A', g: 'a' }], [{ f: 'a', g: 'b' }, { f: 'a' }]],
  ['fieldref at its place', 'f|fieldref|startswith: g', [{ f: 'abc', g: 'AB' }], [{ f: 'abc', g: 'bc' }]],
  ['fieldref with neq', 'f|fieldref|neq: g', [{ f: 'a', g: 'b' }], [{ f: 'a', g: 'A' }]],
  ['minute', 'f|minute: 5', [{ f: '2026-11-24T10:05:00Z' }], [{ f: '2026-11-24T10:15:00Z' }]],
  ['hour, as written', 'f|hour: 22', [{ f: '2026-11-24T22:05:00+02:00' }], [{ f: '2026-11-24T20:05:00Z' }]],
  ['hour with a bound', 'f|hour|gte: 22', [{ f: '2026-11-24 23:05' }], [{ f: '2026-11-24 21:59' }]],
  [
    'day, month, year',
    'f|day: 24\n  f|month: 11\n  f|year: 2026',
    [{ f: '2026-11-24' }, { f: 1795478400 }],
    [{ f: '2025-11-24' }],
  ],
  ['week, by its Thursday', 'f|week: 53', [{ f: '2027-01-03' }], [{ f: '2027-01-04' }]],
  [
    'a dotted name is nested or flat',
    'a.b.c: x',
    [
      { a: { b: { c: 'x' } } },
      { 'a.b.c': 'x' },
      { 'a.b': { c: 'x' } },
      { a: { 'b.c': 'x' } },
      { a: [{ b: { c: 'n' } }, { b: { c: 'x' } }] },
    ],
    [{ a: { b: 'x' } }, { c: 'x' }],
  ],
  ['flat goes before nested', 'a.b: x', [{ 'a.b': 'x', a: { b: 'y' } }], [{ 'a.b': 'y', a: { b: 'x' } }]],
  ['fields inside fields are a dotted name', 'a: { b: x }', [{ a: { b: 'x' } }, { 'a.b': 'x' }], [{ b: 'x' }]],
  ['a name of the prototype is no field', 'constructor|exists: true', [{ constructor: 1 }], [{}]],
])('%s', (_promise, line, hits, misses) => {
  for (const event of hits) expect([event, matches(line, event)]).toEqual([event, true]);
  for (const event of misses) expect([event, matches(line, event)]).toEqual([event, false]);
});

test('a placeholder stands for each of its configured values, else for the field of its name', () => {
  const placeholders = { Admins: ['root', 'adm*'] };
  const hit = (line: string, event: EventRecord) => matches(line, event, { placeholders });
  expect(hit("f|expand: '%Admins%'", { f: 'Root' })).toBe(true);
  expect(hit("f|expand: 'x-%Admins%'", { f: 'x-adm_7' })).toBe(true);
  expect(hit("f|expand: '%Admins%'", { f: 'guest' })).toBe(false);
  expect(hit(String.raw`f|expand: '\%Admins\%'`, { f: '%Admins%' })).toBe(true);
  expect(hit("f: '%Admins%'", { f: '%Admins%' })).toBe(true);
  expect(hit("f|expand: '%owner%'", { f: 'Ann', owner: 'ann' })).toBe(true);
  expect(hit("f|expand: '%owner%'", { f: 'Ann' })).toBe(false);
  expect(said("selection:\n  f|expand: '%owner%'\ncondition: selection").problems[0]!.severity).toBe('warning');
});

test.each<[string, string, EventRecord[], EventRecord[]]>([
  [
    'a keyword stands in any value, however deep',
    'k: [foo]\ncondition: k',
    [{ a: 'xFOOx' }, { a: { b: ['c', 'foo'] } }],
    [{ foo: 'x' }],
  ],
  ['keywords with wildcards', "k: ['a*c?e']\ncondition: k", [{ x: '-abcde-' }], [{ x: 'ace' }]],
  ['keywords and numbers', 'k: [4104]\ncondition: k', [{ x: 4104 }], [{ x: 41 }]],
  ['all keywords', "k:\n  '|all': [foo, bar]\ncondition: k", [{ a: 'foo', b: 'bar' }], [{ a: 'foo' }]],
  ['keyword expressions', "k:\n  '|re': 'a[0-9]+b'\ncondition: k", [{ a: 'xa12bx' }], [{ a: 'ab' }]],
  ['a map is all of its fields', 's: { a: 1, b: 2 }\ncondition: s', [{ a: 1, b: 2 }], [{ a: 1 }]],
  [
    'a list of maps is any of them',
    's: [{ a: 1, b: 2 }, { c: 3 }]\ncondition: s',
    [{ c: 3 }, { a: 1, b: 2 }],
    [{ a: 1 }],
  ],
  ['a list may mix keywords and maps', 's: [foo, { c: 3 }]\ncondition: s', [{ x: 'foo' }, { c: 3 }], [{ x: 'c' }]],
  [
    'not binds most, or least',
    'a: { a: 1 }\nb: { b: 1 }\nc: { c: 1 }\ncondition: a or b and not c',
    [{ a: 1, c: 1 }, { b: 1 }],
    [{ b: 1, c: 1 }],
  ],
  ['parentheses', 'a: { a: 1 }\nb: { b: 1 }\nc: { c: 1 }\ncondition: (a or b) AND NOT c', [{ a: 1 }], [{ a: 1, c: 1 }]],
  [
    '1 of a pattern',
    'sel_a: { a: 1 }\nsel_b: { b: 1 }\nfil: { c: 1 }\ncondition: 1 of sel_* and not fil',
    [{ a: 1 }, { b: 1 }],
    [{ a: 1, c: 1 }, { x: 1 }],
  ],
  ['all of a pattern', 'sel_a: { a: 1 }\nsel_b: { b: 1 }\ncondition: all of sel_*', [{ a: 1, b: 1 }], [{ a: 1 }]],
  [
    '1 of them leaves out what begins with an underscore',
    'a: { a: 1 }\n_b: { b: 1 }\ncondition: 1 of them',
    [{ a: 1 }],
    [{ b: 1 }],
  ],
  ['all of them', 'a: { a: 1 }\nb: { b: 1 }\ncondition: all of them', [{ a: 1, b: 1 }], [{ a: 1 }]],
  [
    '2 of a pattern',
    's1: { a: 1 }\ns2: { b: 1 }\ns3: { c: 1 }\ncondition: 2 of s*',
    [
      { a: 1, c: 1 },
      { b: 1, c: 1 },
    ],
    [{ a: 1 }],
  ],
  ['a pattern has its wildcard anywhere', 'x_sel_y: { a: 1 }\ncondition: 1 of *sel*', [{ a: 1 }], [{ b: 1 }]],
  [
    'a list of conditions is any of them',
    'a: { a: 1 }\nb: { b: 1 }\ncondition: [a, b]',
    [{ a: 1 }, { b: 1 }],
    [{ c: 1 }],
  ],
  ['what is absent alone can match', 'a: { a: 1 }\ncondition: not a', [{ b: 1 }, {}], [{ a: 1 }]],
])('%s', (_promise, detection, hits, misses) => {
  const { ruleSet } = compileRules(said(detection));
  for (const event of hits) expect([event, ruleSet.match(event).length]).toEqual([event, 1]);
  for (const event of misses) expect([event, ruleSet.match(event).length]).toEqual([event, 0]);
});

test('a match says which parts of which fields speak for it', () => {
  const { ruleSet } = compileRules(said("s:\n  a|contains: Bar\n  b|re: 'x.{0,9}y'\ncondition: s"));
  expect(ruleSet.match({ a: 'foo bar', b: 'is x to y' })[0]!.spans).toEqual([
    { field: 'a', start: 4, end: 7, why: 'contains "bar"' },
    { field: 'b', start: 3, end: 9, why: 'matches /x.{0,9}y/' },
  ]);
});
