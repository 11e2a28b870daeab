import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeedbackEvent, OutputEvent } from '../../events/index.js';
import { compileRules, parseRules, readTime, RuleStream, viewFields, viewOf, viewOfFinding } from './index.js';

const common = {
  source: 'app',
  id: 'o-1',
  at: Date.UTC(2026, 10, 24, 10),
  day: '2026-11-24',
  origin: { topic: 't', partition: 0, offset: 0, index: 0 },
  ephemeral: false,
  mended: 0,
  account: { id: 'a-1', audience: 'partners', createdAt: Date.UTC(2026, 10, 20), verifiedAs: ['acme', 'umbra'] },
};
const output: OutputEvent = {
  ...common,
  kind: 'output',
  model: 'm',
  version: '1',
  stage: 'beta',
  prompt: 'Hi',
  output: 'V\u0435rify y0ur acc\u200bount',
  cut: false,
  toolCalls: [
    { name: 'search', arguments: '{}' },
    { name: 'mail', arguments: '{"to":"x"}' },
  ],
  safety: { content_filter: { ran: true, flagged: false } },
  purpose: 'production',
};

const hits = (line: string, record: Readonly<Record<string, unknown>>) => {
  const text = `title: T\nlogsource: { product: tocsin }\ndetection: { s: { ${line} }, condition: s }\n`;
  return compileRules(parseRules([{ path: 'r.yml', text }])).ruleSet.match(record).length;
};

test.each([
  ['output.text|contains: verify', 0],
  ['output.folded|contains: verify your account', 1],
  ['account.id: A-1', 1],
  ['account.age_days: 4', 1],
  ['account.verified_as: umbra', 1],
  ['tool_calls.name: mail', 1],
  ['output.tool_calls.arguments|contains: \'"to"\'', 1],
  ['tool_calls.count|gte: 2', 1],
  ['stage: beta, model.name: m', 1],
  ['safety.content_filter.flagged: false', 1],
  ['safety.moderation_api.ran|exists: false', 1],
  ['conversation: null', 1],
  ['time|hour: 10', 1],
])('a rule over an output: %s', (line, wanted) => {
  expect(hits(line, viewOf(output))).toBe(wanted);
});

test('evidence found in folded text is told by where it stands in the text itself', () => {
  const spans = (text: string) => {
    const rule =
      'title: T\nlogsource: { product: tocsin }\ndetection: { s: { output.folded|contains: your account }, condition: s }\n';
    const { ruleSet } = compileRules(parseRules([{ path: 'r.yml', text: rule }]));
    return ruleSet.match(viewOf({ ...output, output: text }))[0]!.spans;
  };
  expect(spans('Verify YOUR Account')).toEqual([
    { field: 'output.text', start: 7, end: 19, why: 'contains "your account"' },
  ]);
  const disguised = 'V\u200be\u200br\u200bify y\u200bour acc\u200bount now';
  const [span] = spans(disguised);
  expect(disguised.slice(span!.start, span!.end).replace(/\u200b/g, '')).toContain('your account');
});

test('a rule over feedback reads the reporter, the comment and the output', () => {
  const feedback: FeedbackEvent = {
    ...common,
    kind: 'feedback',
    output: { id: 'o-9' },
    rating: -1,
    comment: 'It LIED',
  };
  expect(hits('output.id: o-9, rating: -1, comment.folded|contains: lied, account.id: a-1', viewOf(feedback))).toBe(1);
});

test('a keyword is looked for in what people and models wrote, and nowhere else', () => {
  const rule = (word: string) =>
    parseRules([
      { path: 'r.yml', text: `title: T\nlogsource: { product: tocsin }\ndetection: { k: [${word}], condition: k }\n` },
    ]);
  const found = (word: string) => compileRules(rule(word)).ruleSet.match(viewOf(output)).length;
  expect([found('"Hi"'), found('search'), found('a-1'), found('beta')]).toEqual([1, 1, 0, 0]);
});

test('a rule over a finding reads its subject', () => {
  const finding = {
    id: 'f',
    detector: 'rules',
    detectorVersion: '1',
    rule: 'r',
    title: 'T',
    label: 'matched',
    score: 1,
    level: 'medium',
    matched: 'r',
    spans: [],
    at: common.at,
    subject: { account: 'a-1', stage: 'beta' },
    shadow: false,
    reviewOnly: false,
  } as const;
  expect(hits('finding.rule: r, account.id: a-1, stage: beta, finding.shadow: false', viewOfFinding(finding))).toBe(1);
});

test('docs/rules.md names every field that a rule may read', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/rules.md'), 'utf8');
  const missing = Object.values(viewFields)
    .flat()
    .filter((field) => {
      // Of the safety protocols the page spells one out.
      const shown = field.replace(/^safety\.(moderation_api|rate_limit)\..*/, 'safety.$1');
      return !text.includes(`\`${shown}\``);
    });
  expect(missing).toEqual([]);
});

test('Windows events as converters write them have the names that rules use', () => {
  const text =
    'title: T\nid: t\nlogsource: { product: windows }\ndetection:\n  s: { EventID: 4104, ScriptBlockText|contains: iex, Provider_Name: ps, Channel|endswith: /Operational }\n  condition: s\n';
  const rules = new RuleStream(compileRules(parseRules([{ path: 'r.yml', text }])));
  const system = {
    Provider: { '#attributes': { Name: 'ps' } },
    EventID: { '#text': '4104' },
    Channel: 'X/Operational',
  };
  expect(rules.next({ Event: { System: system, EventData: { ScriptBlockText: 'IEX x' } } })).toEqual(['t']);
  expect(rules.next({ Event: { System: system, EventData: { ScriptBlockText: 'dir' } } })).toEqual([]);
});

test.each([
  ['2026-11-24T10:00:00Z', Date.UTC(2026, 10, 24, 10)],
  ['2026-11-24T10:00:00.1234567+01:00', Date.UTC(2026, 10, 24, 9, 0, 0, 123)],
  ['2026-11-24 10:00:00.5', Date.UTC(2026, 10, 24, 10, 0, 0, 500)],
  ['2026-11-24', Date.UTC(2026, 10, 24)],
  ['1795514400', 1795514400000],
  ['1795514400000', 1795514400000],
  ['1795514400000000', 1795514400000],
  ['soon', undefined],
])('the time %s', (text, wanted) => expect(readTime(text)).toBe(wanted));
