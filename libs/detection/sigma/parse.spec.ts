import fc from 'fast-check';
import { formatProblem } from '../../config-file/index.js';
import { checkRules, compileRules, parseRules } from './index.js';

const rule = (detection: string, more = '') =>
  `title: T\nid: t\nlogsource: { product: tocsin, category: output }\n${more}detection:\n${detection}`;
const problems = (text: string) => parseRules([{ path: 'r.yml', text }]).problems.map(formatProblem);

test.each([
  [
    'an unknown modifier',
    rule('  s:\n    output.text|contians: x\n  condition: s\n'),
    'r.yml:6:27 output.text|contians: found the unknown modifier "contians"; did you mean "contains"?',
  ],
  [
    'an expression that looks ahead',
    rule("  s:\n    output.text|re: 'a(?=b)'\n  condition: s\n"),
    'r.yml:6:21 output.text|re: found a regular expression that is refused: it looks ahead, which no engine can match in linear time; write the part as a selection of its own',
  ],
  [
    'an expression that refers back',
    rule("  s:\n    output.text|re: '(a)\\1'\n  condition: s\n"),
    'r.yml:6:21 output.text|re: found a regular expression that is refused: it refers back to a group, which no engine can match in linear time',
  ],
  [
    'a network that is none',
    rule('  s:\n    f|cidr: 10.0.0.0/40\n  condition: s\n'),
    'r.yml:6:13 f|cidr: found "10.0.0.0/40", wanted a network such as 10.0.0.0/8 or fe80::/10',
  ],
  [
    'a bound that is no number',
    rule('  s:\n    f|gt: many\n  condition: s\n'),
    'r.yml:6:11 f|gt: found "many", wanted a number for "gt"',
  ],
  [
    'two operators at once',
    rule('  s:\n    f|contains|startswith: x\n  condition: s\n'),
    'r.yml:6:28 f|contains|startswith: found contains and startswith together, wanted one of them',
  ],
  [
    'a flag without its expression',
    rule('  s:\n    f|i: x\n  condition: s\n'),
    'r.yml:6:10 f|i: found the modifier "i" without "re", which it belongs to',
  ],
  [
    'a condition that names what is not there',
    rule('  selection:\n    f: x\n  condition: selektion\n'),
    'r.yml:7:14 condition: found "selektion", wanted one of selection; did you mean "selection"?',
  ],
  [
    'a condition that breaks off',
    rule('  s:\n    f: x\n  condition: s and\n'),
    'r.yml:7:14 condition: found the end of the condition, wanted a search identifier',
  ],
  [
    'an aggregation of old',
    rule('  s:\n    f: x\n  condition: s | near t\n'),
    'r.yml:7:14 condition: found something behind "|" that is no count, sum, avg, min or max with a bound; write it as a correlation',
  ],
  [
    'all of nothing',
    rule('  s:\n    f: x\n  condition: s or all of x*\n'),
    'r.yml:7:14 condition: found no search identifier for "all of x*"',
  ],
  ['no condition', rule('  s:\n    f: x\n'), 'r.yml:5:3 condition: missing, wanted one'],
  ['an empty list', rule('  s: []\n  condition: s\n'), 'r.yml:5:6 s: found an empty list, wanted at least one entry'],
  [
    'an unknown level',
    rule('  s:\n    f: x\n  condition: s\n', 'level: hihg\n'),
    'r.yml:4:8 level: found "hihg", wanted one of informational, low, medium, high, critical; did you mean "high"?',
  ],
  [
    'a setting that is none',
    rule('  s:\n    f: x\n  condition: s\n', 'tocsin: { shadwo: true }\n'),
    'r.yml:4:19 tocsin: found the unknown field "shadwo"; did you mean "shadow"?',
  ],
  [
    'no detection, but nearly',
    'title: T\ndetecton: {}\n',
    'r.yml:1:1 detection: missing, wanted a detection, a correlation or a filter; did you mean "detection"?',
  ],
  ['no rule at all', '- a\n', 'r.yml:1:1 found no fields, wanted a Sigma rule'],
])('%s is refused at its place', (_name, text, wanted) => {
  expect(problems(text)).toContain(wanted);
  expect(parseRules([{ path: 'r.yml', text }]).rules).toEqual([]);
});

test('a bad rule is left out and told, the others go on', () => {
  const text = [
    rule('  s:\n    f: x\n  condition: s\n'),
    rule('  s:\n    f|zz: x\n  condition: s\n'),
    rule('  s:\n    f: y\n  condition: s\n').replace('id: t', 'id: u'),
  ].join('---\n');
  const parsed = parseRules([
    { path: 'r.yml', text },
    { path: 'broken.yml', text: 'a: "b\n' },
    { path: 'v.yml', text: rule('  s:\n    f: z\n  condition: s\n').replace('id: t', 'id: v') },
  ]);
  expect(parsed.rules.map(({ key }) => key)).toEqual(['t', 'u', 'v']);
  expect(parsed.problems.filter(({ severity }) => severity === 'error').map(({ file }) => file)).toEqual([
    'r.yml',
    'broken.yml',
  ]);
});

test('a rule is named by its id, else its title, else its path', () => {
  const detection = 'detection: { s: { f: x }, condition: s }\nlogsource: { product: x }\n';
  const keys = ['id: I\ntitle: T\n', 'title: T\n', ''].map(
    (head) => parseRules([{ path: 'a/b.yml', text: head + detection }]).rules[0]!.key,
  );
  expect(keys).toEqual(['I', 'T', 'a/b.yml']);
});

test('what several rules have in common may stand before them once', () => {
  const text =
    'action: global\ntitle: Common\nlevel: low\nlogsource: { product: x }\n---\nid: a\ndetection: { s: { f: x }, condition: s }\n---\nid: b\ndetection: { s: { f: y }, condition: s }\n';
  expect(parseRules([{ path: 'r.yml', text }]).rules.map(({ key, title, level }) => [key, title, level])).toEqual([
    ['a', 'Common', 'low'],
    ['b', 'Common', 'low'],
  ]);
});

test('a filter takes its events out of the rules it names, whichever way it is written', () => {
  const rules = ['a', 'b'].map(
    (id) =>
      `id: ${id}\ntitle: ${id}\nlogsource: { product: x, category: c }\ndetection: { s: { f: 1 }, condition: s }\n`,
  );
  const keysWith = (filter: string, event: Record<string, unknown>) => {
    const parsed = parseRules([{ path: 'r.yml', text: [...rules, filter].join('---\n') }]);
    return compileRules(parsed)
      .ruleSet.match(event)
      .map((match) => match.rule);
  };
  for (const condition of ['selection', 'not selection']) {
    const filter = `title: F\nlogsource: { product: x }\nfilter: { rules: [a], selection: { user|startswith: adm_ }, condition: ${condition} }\n`;
    expect(keysWith(filter, { f: 1, user: 'adm_x' })).toEqual(['b']);
    expect(keysWith(filter, { f: 1, user: 'eve' })).toEqual(['a', 'b']);
  }
  const everywhere =
    'title: F\nlogsource: { product: x }\nfilter: { rules: any, selection: { user: root }, condition: selection }\n';
  expect(keysWith(everywhere, { f: 1, user: 'root' })).toEqual([]);
  expect(keysWith(everywhere.replace('product: x', 'product: y'), { f: 1, user: 'root' })).toEqual(['a', 'b']);
});

test('only rules of a log source are compiled for it', () => {
  const text = [
    '{ product: tocsin, category: output }',
    '{ product: tocsin, category: feedback }',
    '{ product: tocsin }',
    '{ product: windows }',
  ]
    .map(
      (logsource, index) =>
        `id: r${index}\ntitle: r\nlogsource: ${logsource}\ndetection: { s: { f: 1 }, condition: s }\n`,
    )
    .join('---\n');
  const parsed = parseRules([{ path: 'r.yml', text }]);
  const keys = (logsource?: { product: string; category: string }) =>
    compileRules(parsed, logsource ? { logsource } : {}).ruleSet.rules.map(({ key }) => key);
  expect(keys({ product: 'tocsin', category: 'output' })).toEqual(['r0', 'r2']);
  expect(keys()).toEqual(['r0', 'r1', 'r2', 'r3']);
});

test('check says which fields no event has, what never holds, and what runs always', () => {
  const said = (text: string) => checkRules([{ path: 'r.yml', text }]).problems.map(formatProblem);
  expect(said(rule('  s:\n    ouput.text|contains: x\n  condition: s\n'))).toEqual([
    'r.yml:6:5 warning: ouput.text: no event of output has this field; did you mean "output.text"?',
  ]);
  expect(said(rule('  s:\n    stage: beta\n  t:\n    stage: alpha\n  condition: s and t\n'))).toEqual([
    'r.yml:1:1 warning: stage: found "beta" and "alpha" wanted at once, which only a list can be',
  ]);
  expect(said(rule("  s:\n    output.text|re: '[a-z]+[0-9]'\n  condition: s\n"))).toEqual([
    'r.yml:6:21 warning: output.text|re: found a regular expression without a fixed text: it runs on every event that has the field',
  ]);
  expect(said(rule('  s:\n    stage: beta\n  t:\n    stage: x\n  condition: s\n'))).toEqual([
    'r.yml:8:5 warning: t: no condition uses this search identifier',
  ]);
  expect(said(rule('  s:\n    stage: beta\n  condition: s and 1 of x*\n'))).toContain(
    'r.yml:1:1 warning: condition: it is never true',
  );
  expect(said(rule('  s:\n    stage: beta\n  condition: s\n').replace('id: t\n', ''))[0]).toMatch(
    /^r\.yml:1:1 warning: id: missing/,
  );
  expect(
    said('title: T\nid: t\nlogsource: { product: windows }\ndetection: { s: { EventID: 1 }, condition: s }\n'),
  ).toEqual([
    'r.yml:1:1 warning: logsource: found windows, which is no log source of Tocsin: it runs in `tocsin match` alone',
  ]);
});

test('no text makes the reader throw', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'title: x\n',
      'detection:\n',
      '  s:\n',
      '    f|re: "(a"\n',
      '    f: [',
      ']\n',
      '  condition: ',
      's and (',
      ')',
      'not',
      '1 of',
      '\n',
      '---\n',
      'correlation:\n',
      '  type: temporal\n',
      '  rules: [a]\n',
      'filter:\n',
      '  rules: x\n',
      'logsource: {}\n',
      '    f|expand: "%a%"\n',
      '    - x\n',
      'null',
      '|',
      '*',
      'a: &a [*a]\n',
    ),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const { problems: found } = checkRules([{ path: 'r.yml', text: parts.join('') }]);
      for (const { line, column } of found) expect(Math.min(line, column)).toBeGreaterThan(0);
    }),
    { numRuns: 500, seed: 7 },
  );
});
