import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyFile } from './schema.js';
import { schemaFiles } from './index.js';
import { z } from 'zod';

const docs = join(import.meta.dirname, '../../docs');

test('docs/schemas holds the schemas that the files are read by', () => {
  const files = schemaFiles();
  // To write them anew after a change: TOCSIN_WRITE_SCHEMAS=1.
  if (process.env['TOCSIN_WRITE_SCHEMAS']) {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(docs, 'schemas', name), text);
  }
  const written = readdirSync(join(docs, 'schemas')).filter((name) => name in files);
  expect(Object.fromEntries(written.map((name) => [name, readFileSync(join(docs, 'schemas', name), 'utf8')]))).toEqual(
    files,
  );
});

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly required?: readonly string[];
  readonly default?: unknown;
}

/** Every field of the schema by its path, with what stands in the column "default". */
function fieldsOf(node: Node, path = ''): [string, string][] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]): [string, string][] => {
    const own = path === '' ? name : `${path}.${name}`;
    const fallback = field.default === undefined ? '' : shown(field.default);
    const row: [string, string] = [own, node.required?.includes(name) ? 'required' : fallback];
    if (field.type === 'array' && field.items) return [row, ...fieldsOf(field.items, `${own}[]`)];
    const inner = typeof field.additionalProperties === 'object' ? field.additionalProperties : undefined;
    return inner?.properties ? [row, ...fieldsOf(inner, `${own}.*`)] : [row, ...fieldsOf(field, own)];
  });
}

function shown(value: unknown): string {
  if (Array.isArray(value) || (typeof value === 'object' && value !== null)) return 'none';
  return String(value);
}

test('the table of docs/policy.md has every field of the schema with its default, and no other', () => {
  const json = z.toJSONSchema(policyFile, { io: 'input', unrepresentable: 'any' }) as Node;
  const section = readFileSync(join(docs, 'policy.md'), 'utf8')
    .split('## policy.yml, field by field')[1]!
    .split('\n## ')[0]!;
  const rows = [...section.matchAll(/^\| `([^`]+)` +\| ([^|]*) \|/gm)].map(([, field, fallback]): [string, string] => [
    field!,
    fallback!.replaceAll('`', '').trim(),
  ]);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(fieldsOf(json)));
});
