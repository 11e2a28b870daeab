import { readFileSync } from 'node:fs';
import { eventTypes } from './envelope.js';
import { decode } from './decode.js';
import { cloudEvent, dataByType, feedbackData, now, outputData, record, verdictData } from './fixtures/records.js';
import { rejectionReasons } from './rejection.js';
import { eventJsonSchemas } from './schema.js';

const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');

test('docs/events.md lists every reason of a rejection with its meaning, and no other', () => {
  const section = page.slice(page.indexOf('## Rejections'));
  const rows = [...section.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, reason, meaning]) => [reason, meaning]);
  expect(Object.fromEntries(rows)).toEqual(rejectionReasons);
});

test('docs/events.md names every type and every field of its data', () => {
  for (const type of Object.values(eventTypes)) expect(page).toContain(`\`${type}\``);
  for (const [type, data] of Object.entries(dataByType)) {
    const section = page.slice(page.indexOf(`: \`${type}\``));
    const table = section.slice(0, section.indexOf('\n## '));
    for (const field of Object.keys(data)) expect(table).toContain(`\`${field}\``);
  }
});

test('the JSON Schemas of the three data forms name their fields and what is required', () => {
  const schemas = eventJsonSchemas();
  expect(Object.keys(schemas)).toEqual(Object.values(eventTypes));
  expect(schemas[eventTypes.output]).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['account', 'output'],
    properties: Object.fromEntries(Object.keys(outputData).map((field) => [field, expect.anything()])),
  });
  expect(schemas[eventTypes.feedback]).toMatchObject({
    required: ['output', 'account'],
    properties: Object.fromEntries(Object.keys(feedbackData).map((field) => [field, expect.anything()])),
  });
  const [unchecked, checked] = (schemas[eventTypes.verdict] as { anyOf: object[] }).anyOf;
  expect(unchecked).toMatchObject({ required: ['output', 'detector', 'label'] });
  expect(checked).toMatchObject({
    required: ['output', 'detector', 'label', 'score'],
    properties: Object.fromEntries(Object.keys(verdictData).map((field) => [field, expect.anything()])),
  });
});

test('the JavaScript example of docs/events.md is an event', () => {
  const [, data] = /data: (\{ output: .+\}),\n\};/.exec(page) ?? [];
  const json = data?.replaceAll(/(\w+): /g, '"$1": ').replaceAll("'", '"') ?? '';
  const [answer] = decode(record(cloudEvent(JSON.parse(json), { type: 'tocsin.feedback.v1' })), now);
  expect(answer).toMatchObject({ kind: 'feedback', rating: -1, account: { id: 'reader-7' } });
});
