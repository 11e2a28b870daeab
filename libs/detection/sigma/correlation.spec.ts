import { formatProblem } from '../../config-file/index.js';
import { compileRules, parseRules, RuleStream } from './index.js';

const base = (name: string) =>
  `title: ${name}\nname: ${name}\nid: ${name}-id\nlogsource: { product: x }\ndetection: { s: { kind: ${name} }, condition: s }\n`;
const correlation = (body: string, id = 'c') =>
  `title: Correlation ${id}\nid: ${id}\nlevel: high\ncorrelation:\n${body.replace(/^/gm, '  ')}\n`;

function stream(documents: string[], options = {}): RuleStream {
  const parsed = parseRules([{ path: 'r.yml', text: documents.join('---\n') }]);
  const errors = parsed.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(formatProblem).join('\n'));
  return new RuleStream(compileRules(parsed), options);
}

/** Events as `minute kind more`; the answer is which of them completed the correlation `c`. */
function completed(
  rules: RuleStream,
  events: [minute: number, kind: string, more?: Record<string, unknown>][],
): number[] {
  return events.flatMap(([minute, kind, more], index) =>
    rules.next({ time: new Date(minute * 60_000).toISOString(), kind, ...more }).includes('c') ? [index] : [],
  );
}

const u = { user: 'u' };

test('event_count is told at the event that reaches the count, within the time span and the group', () => {
  const rules = () =>
    stream([
      base('a'),
      correlation('type: event_count\nrules: [a]\ngroup-by: [user]\ntimespan: 10m\ncondition: { gte: 3 }'),
    ]);
  expect(
    completed(rules(), [
      [0, 'a', u],
      [1, 'a', u],
      [2, 'b', u],
      [3, 'a', u],
    ]),
  ).toEqual([3]);
  expect(
    completed(rules(), [
      [0, 'a', u],
      [1, 'a', { user: 'v' }],
      [3, 'a', u],
    ]),
  ).toEqual([]);
  expect(
    completed(rules(), [
      [0, 'a', u],
      [5, 'a', u],
      [10, 'a', u],
    ]),
  ).toEqual([2]);
  expect(
    completed(rules(), [
      [0, 'a', u],
      [5, 'a', u],
      [11, 'a', u],
      [12, 'a', u],
    ]),
  ).toEqual([3]);
  // Without the field to group by an event belongs to no group.
  expect(
    completed(rules(), [
      [0, 'a'],
      [1, 'a'],
      [2, 'a'],
    ]),
  ).toEqual([]);
});

test('a count may be a range', () => {
  const rules = stream([
    base('a'),
    correlation('type: event_count\nrules: [a-id]\ngroup-by: [user]\ntimespan: 1h\ncondition: { gt: 1, lte: 3 }'),
  ]);
  expect(
    completed(rules, [
      [0, 'a', u],
      [1, 'a', u],
      [2, 'a', u],
      [3, 'a', u],
    ]),
  ).toEqual([1, 2]);
});

test('value_count counts each value once', () => {
  const rules = () =>
    stream([
      base('a'),
      correlation('type: value_count\nrules: [a]\ngroup-by: [user]\ntimespan: 10m\ncondition: { field: host, gte: 2 }'),
    ]);
  expect(
    completed(rules(), [
      [0, 'a', { ...u, host: 1 }],
      [1, 'a', { ...u, host: 1 }],
      [2, 'a', { ...u, host: 2 }],
    ]),
  ).toEqual([2]);
  expect(
    completed(rules(), [
      [0, 'a', { ...u, host: 1 }],
      [20, 'a', { ...u, host: 2 }],
      [21, 'a', u],
    ]),
  ).toEqual([]);
});

test('value_count over several fields counts their combinations', () => {
  const rules = stream([
    base('a'),
    correlation('type: value_count\nrules: [a]\ngroup-by: [user]\ntimespan: 10m\ncondition: { field: [h, p], gte: 3 }'),
  ]);
  expect(
    completed(rules, [
      [0, 'a', { ...u, h: 1, p: 1 }],
      [1, 'a', { ...u, h: 1, p: 2 }],
      [2, 'a', { ...u, h: 1, p: 2 }],
      [3, 'a', { ...u, h: 2, p: 1 }],
    ]),
  ).toEqual([3]);
});

test.each([
  ['value_sum', '{ field: n, gt: 10 }', [4, 4, 4], [2]],
  ['value_avg', '{ field: n, lt: 3 }', [4, 4, 0.5], [2]],
  ['value_max', '{ field: n, gt: 5 }', [1, 6, 2], [1, 2]],
  ['value_min', '{ field: n, lt: 2 }', [3, 1], [1]],
  ['value_median', '{ field: n, gte: 5 }', [1, 9, 9], [1, 2]],
  ['value_percentile', '{ field: n, percentile: 90, gte: 9 }', [1, 9.5, 10], [2]],
  // Without a percentile the bound is the rank of the newest value.
  ['value_percentile', '{ field: n, lte: 25 }', [5, 6, 7, 1], [3]],
])('%s %s', (type, condition, numbers, wanted) => {
  const rules = stream([
    base('a'),
    correlation(`type: ${type}\nrules: [a]\ngroup-by: [user]\ntimespan: 10m\ncondition: ${condition}`),
  ]);
  expect(
    completed(
      rules,
      numbers.map((n, index) => [index, 'a', { ...u, n }]),
    ),
  ).toEqual(wanted);
});

test('sums forget what has left the window', () => {
  const rules = stream([
    base('a'),
    correlation('type: value_sum\nrules: [a]\ngroup-by: [user]\ntimespan: 10m\ncondition: { field: n, gte: 10 }'),
  ]);
  expect(
    completed(rules, [
      [0, 'a', { ...u, n: 6 }],
      [11, 'a', { ...u, n: 6 }],
      [12, 'a', { ...u, n: 'x' }],
      [13, 'a', { ...u, n: 4 }],
    ]),
  ).toEqual([3]);
});

test('temporal wants all rules in any order, temporal_ordered in theirs', () => {
  const rules = (type: string) =>
    stream([base('a'), base('b'), correlation(`type: ${type}\nrules: [a, b]\ngroup-by: [user]\ntimespan: 10m`)]);
  expect(
    completed(rules('temporal'), [
      [0, 'b', u],
      [1, 'a', u],
    ]),
  ).toEqual([1]);
  expect(
    completed(rules('temporal'), [
      [0, 'b', u],
      [11, 'a', u],
    ]),
  ).toEqual([]);
  expect(
    completed(rules('temporal_ordered'), [
      [0, 'b', u],
      [1, 'a', u],
      [2, 'b', u],
    ]),
  ).toEqual([2]);
  expect(
    completed(rules('temporal_ordered'), [
      [0, 'a', u],
      [1, 'b', { user: 'v' }],
    ]),
  ).toEqual([]);
});

test('temporal conditions may be counts, or expressions over the rules', () => {
  const rules = (condition: string, type = 'temporal') =>
    stream([
      base('a'),
      base('b'),
      base('d'),
      correlation(`type: ${type}\nrules: [a, b, d]\ngroup-by: [user]\ntimespan: 10m\ncondition: ${condition}`),
    ]);
  expect(
    completed(rules('{ gte: 2 }'), [
      [0, 'b', u],
      [1, 'b', u],
      [2, 'd', u],
    ]),
  ).toEqual([2]);
  expect(
    completed(rules('a and (b or d)'), [
      [0, 'd', u],
      [1, 'a', u],
    ]),
  ).toEqual([1]);
  expect(
    completed(rules('a and not d'), [
      [0, 'd', u],
      [1, 'a', u],
      [12, 'a', u],
    ]),
  ).toEqual([2]);
  expect(
    completed(rules('a AND d', 'temporal_ordered'), [
      [0, 'd', u],
      [1, 'a', u],
      [2, 'd', u],
    ]),
  ).toEqual([2]);
});

test('aliases bring different fields into one group', () => {
  const rules = stream([
    base('a'),
    base('b'),
    correlation(
      'type: temporal\nrules: [a, b]\ngroup-by: [ip]\ntimespan: 10m\naliases: { ip: { a: source.ip, b: target } }',
    ),
  ]);
  expect(
    completed(rules, [
      [0, 'a', { source: { ip: '1' } }],
      [1, 'b', { target: '2' }],
      [2, 'b', { target: '1' }],
    ]),
  ).toEqual([2]);
});

test('a correlation may count correlations', () => {
  const inner = correlation(
    'type: event_count\nrules: [a]\ngroup-by: [user, host]\ntimespan: 10m\ncondition: { gte: 2 }',
    'inner',
  );
  const outer = correlation('type: temporal_ordered\nrules: [inner, b]\ngroup-by: [user]\ntimespan: 1h');
  const rules = stream([outer, inner, base('a'), base('b')]);
  const on = { ...u, host: 'h' };
  expect(
    completed(rules, [
      [0, 'a', on],
      [1, 'b', u],
      [2, 'a', on],
      [3, 'b', u],
    ]),
  ).toEqual([3]);
});

test('base rules are told as well, unless the correlation says that they are not', () => {
  const body = 'type: event_count\nrules: [a]\ngroup-by: [user]\ntimespan: 10m\ncondition: { gte: 1 }';
  expect(stream([base('a'), correlation(body)]).next({ kind: 'a', ...u })).toEqual(['a-id', 'c']);
  expect(stream([base('a'), correlation(`${body}\ngenerate: false`)]).next({ kind: 'a', ...u })).toEqual(['c']);
});

test('counts of Sigma 1 behind the condition are read as correlations', () => {
  const old = (condition: string) =>
    `title: Old\nid: c\nlogsource: { product: x }\ndetection:\n  s: { kind: a }\n  timeframe: 10m\n  condition: ${condition}\n`;
  const events: [number, string, object][] = [
    [0, 'a', { ...u, h: 1 }],
    [1, 'a', { ...u, h: 1 }],
    [2, 'b', u],
    [3, 'a', { ...u, h: 2 }],
  ];
  const told = (condition: string) => {
    const rules = stream([old(condition)]);
    return events.map(([minute, kind, more]) =>
      rules.next({ time: new Date(minute * 60_000).toISOString(), kind, ...more }).join(),
    );
  };
  expect(told('s | count() by user > 2')).toEqual(['', '', '', 'c']);
  expect(told('s | count(h) by user >= 2')).toEqual(['', '', '', 'c']);
  expect(told('s | count() > 1')).toEqual(['', 'c', '', 'c']);
  expect(told('s | sum(h) by user, kind = 4')).toEqual(['', '', '', 'c']);
});

test('a late event completes the windows that it lies in', () => {
  const rules = stream([
    base('a'),
    correlation('type: event_count\nrules: [a]\ngroup-by: [user]\ntimespan: 10m\ncondition: { gte: 3 }'),
  ]);
  expect(
    completed(rules, [
      [0, 'a', u],
      [9, 'a', u],
      [5, 'a', u],
      [30, 'a', u],
    ]),
  ).toEqual([2]);
});

test('time comes from the field that is named, in any usual form', () => {
  const rules = stream(
    [base('a'), correlation('type: event_count\nrules: [a]\ngroup-by: [user]\ntimespan: 10s\ncondition: { gte: 2 }')],
    { timeField: 'meta.ts' },
  );
  const hit = (ts: unknown) => rules.next({ kind: 'a', ...u, meta: { ts } }).includes('c');
  expect([
    hit('2026-11-24T10:00:00Z'),
    hit(1795514405),
    hit('2026-11-24 10:01:00'),
    hit(1795514461000),
    hit('2026-11-24T11:01:05.5+01:00'),
  ]).toEqual([false, true, false, true, true]);
});

test('an hour of many events costs the same for each', () => {
  const rules = stream([
    base('a'),
    correlation('type: value_count\nrules: [a]\ngroup-by: [user]\ntimespan: 1h\ncondition: { field: n, gte: 1000000 }'),
  ]);
  const begun = performance.now();
  for (let n = 0; n < 20_000; n++) rules.next({ time: n, kind: 'a', ...u, n });
  expect(performance.now() - begun).toBeLessThan(20_000);
});

test.each([
  ['rules: [nobody]', 'correlation.rules: found "nobody", which no rule here is called'],
  ['rules: [c]', 'correlation.rules: found "c", which counts this correlation itself'],
])('%s is refused by name', (line, message) => {
  const parsed = parseRules([
    {
      path: 'r.yml',
      text: [
        base('a'),
        correlation(`type: event_count\n${line}\ngroup-by: [user]\ntimespan: 1h\ncondition: { gte: 2 }`),
      ].join('---\n'),
    },
  ]);
  const compiled = compileRules(parsed);
  expect(compiled.problems.map((problem) => problem.message)).toEqual([message]);
  expect(compiled.correlations).toEqual([]);
  expect(compiled.ruleSet.rules).toHaveLength(1);
});

test.each([
  ['type: event_cuont\nrules: [a]\ntimespan: 1h\ncondition: { gte: 1 }', 'did you mean "event_count"?'],
  [
    'type: event_count\nrules: [a]\ntimespan: 1 hour\ncondition: { gte: 1 }',
    'wanted a number and s, m, h or d, such as 15m',
  ],
  ['type: event_count\nrules: [a]\ntimespan: 1h\ncondition: { gte: many }', 'found "many", wanted a number'],
  ['type: event_count\nrules: [a]\ntimespan: 1h', 'missing, wanted a count such as gte: 5'],
  [
    'type: value_sum\nrules: [a]\ntimespan: 1h\ncondition: { gte: 1 }',
    'missing, wanted the field that value_sum counts',
  ],
  ['type: temporal\nrules: [a, b]\ntimespan: 1h\ncondition: a and x', 'found "x", wanted one of a, b'],
])('%s', (body, message) => {
  const { problems } = parseRules([{ path: 'r.yml', text: correlation(body) }]);
  expect(
    problems
      .filter(({ severity }) => severity === 'error')
      .map((problem) => problem.message)
      .join(),
  ).toContain(message);
});
