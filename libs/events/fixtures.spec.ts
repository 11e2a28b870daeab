import { readFileSync } from 'node:fs';
import { decode } from './decode.js';
import { fixture, now } from './fixtures/records.js';

const read = (file: string) => readFileSync(new URL(`./fixtures/${file}`, import.meta.url));
const at = 1_772_445_510_123; // 2026-03-02T09:58:30.123Z
const head = { at, day: '2026-03-02', ephemeral: false, mended: 0 };
const origin = { topic: 'tocsin.outputs', partition: 2, offset: 41, index: 0 };
const pythonOutput = {
  ...head,
  kind: 'output',
  source: 'assistant/eu',
  origin,
  model: 'tern-large',
  version: '2.4.0',
  stage: 'limited_beta',
  account: {
    id: 'account-12',
    organization: 'harbour',
    createdAt: Date.parse('2025-10-31T23:00:00Z'),
    verifiedAs: ['harbour-office'],
  },
  conversation: 'conversation-5',
  prompt: 'When does the ferry leave?',
  output: 'The ferry leaves at nine – every day. ⛴',
  cut: false,
  toolCalls: [
    { name: 'timetable', arguments: '{"line":3,"day":"monday"}' },
    { name: 'say', arguments: '{"text":"hello"}' },
  ],
  finishReason: 'stop',
  safety: { content_filter: { ran: true, flagged: false, score: 0.02 }, rate_limit: { ran: true } },
  purpose: 'production',
};

test.each(['structured', 'binary'])("Python's CloudEvents package, %s mode: an output with every field", (mode) => {
  expect(decode(fixture(`python2-${mode}-output`, read), now)).toEqual([{ ...pythonOutput, id: `py2-${mode}` }]);
});

test("Python's CloudEvents package: NUL and a lone surrogate are replaced, and the output is still judged", () => {
  const output = 'half a pair \ufffd and a \ufffd inside';
  expect(decode(fixture('python2-structured-nul-and-surrogate', read), now)).toEqual([
    { ...pythonOutput, id: 'py2-nul', output, mended: 1 },
  ]);
});

test("Python's CloudEvents package, binary mode: a verdict that nobody could give, kept nowhere", () => {
  expect(decode(fixture('python2-binary-verdict', read), now)).toEqual([
    {
      ...head,
      kind: 'verdict',
      source: 'assistant/eu',
      id: 'py2-verdict',
      origin,
      ephemeral: true,
      output: { source: 'assistant/eu', id: 'py2-structured' },
      detector: 'fact-check',
      label: 'unchecked',
    },
  ]);
});

test.each(['structured', 'binary'])('the 1.x interface of that package, %s mode: feedback', (mode) => {
  expect(decode(fixture(`python1-${mode}-feedback`, read), now)).toEqual([
    {
      ...head,
      kind: 'feedback',
      source: 'forum',
      id: `py1-${mode}`,
      origin,
      output: { id: 'py2-structured' },
      account: { id: 'reader-3' },
      rating: 1,
    },
  ]);
});

test.each(['structured', 'binary'])('the CloudEvents SDK for JavaScript, %s mode: messages with parts', (mode) => {
  expect(decode(fixture(`javascript-${mode}-output`, read), now)).toEqual([
    {
      ...head,
      kind: 'output',
      source: 'assistant/web',
      id: `js-${mode}`,
      origin,
      model: 'tern-large',
      version: '2.4.0',
      stage: 'limited_beta',
      account: { id: 'account-12' },
      output: 'The ferry leaves at nine – every day.',
      cut: false,
      toolCalls: [{ name: 'timetable', arguments: '{"line":3}' }],
      finishReason: 'stop',
      safety: {},
      purpose: 'production',
    },
  ]);
});

test('the CloudEvents SDK for Go: feedback that asks for no retention', () => {
  expect(decode(fixture('go-structured-feedback', read), now)).toEqual([
    {
      ...head,
      kind: 'feedback',
      source: 'assistant/go',
      id: 'go-1',
      origin,
      ephemeral: true,
      output: { source: 'assistant/eu', id: 'py2-structured' },
      account: { id: 'reader-7' },
      rating: -1,
      category: 'disinformation',
      comment: 'This is <not> what the paper said & I checked.',
    },
  ]);
});

const loggedOutput = {
  ...head,
  kind: 'output',
  source: 'eu/assistant',
  model: 'tern-large',
  version: '2.4.0',
  stage: 'limited_beta',
  account: { id: 'account-12' },
  prompt: 'When does the ferry leave?',
  output: 'The ferry leaves at nine – every day.',
  cut: false,
  toolCalls: [],
  finishReason: 'stop',
  safety: {},
  purpose: 'production',
};

test("the Collector's logs: an output and its evaluation meet on the span, what is no event is passed over", () => {
  const id = '0102030405060708090a0b0c0d0e0f10-0102030405060708';
  expect(decode(fixture('collector-logs', read), now)).toEqual([
    {
      ...loggedOutput,
      id,
      origin,
      conversation: 'conversation-5',
      toolCalls: [{ name: 'timetable', arguments: '{"line":3,"day":"monday"}' }],
    },
    {
      ...head,
      at: at + 2000,
      kind: 'verdict',
      source: 'eu/assistant',
      id: `${id}/Groundedness/1772445512123456789`,
      origin: { ...origin, index: 2 },
      output: { id },
      detector: 'Groundedness',
      label: 'pass',
      score: 0.875,
      explanation: 'The timetable says so.',
    },
  ]);
});

test.each([
  ['python-otlp-logs', '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331'],
  ['python-protobuf-json-logs', 'CvdlGRbNQ92ESOshHIAxnA==-t61rcWkgMzE='],
])("OpenTelemetry's SDK for Python, %s: a bad event among good ones is a rejection of its own", (name, span) => {
  const prompt = 'You speak for the harbour.\nWhen does the ferry leave?';
  expect(decode(fixture(name, read), now)).toEqual([
    { ...loggedOutput, id: 'response-1', origin, prompt },
    { ...loggedOutput, id: span, origin: { ...origin, index: 1 }, model: 'tern', prompt },
    {
      kind: 'rejection',
      reason: 'missing_field',
      detail: 'output: found nothing, and it is required',
      origin: { ...origin, index: 3 },
      ephemeral: false,
    },
    {
      ...head,
      kind: 'verdict',
      source: 'eu/assistant',
      id: 'response-1/Groundedness/1772445510123456789',
      origin: { ...origin, index: 4 },
      output: { id: 'response-1' },
      detector: 'Groundedness',
      label: 'pass',
      score: 1,
    },
  ]);
});
