import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');

function sources(...folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.includes('web/'))
        .map((name) => readFileSync(join(root, folder, name), 'utf8')),
    )
    .join('\n');
}

/** The code column of a table whose rows begin like this. */
function codes(text: string, row: RegExp): string[] {
  return [...new Set([...text.matchAll(row)].map(([, code = '']) => code))].sort();
}

test('the codes of the HTTP API are those that the code gives, and all of them', () => {
  const code = sources('apps/api');
  const thrown = codes(code, /new Problem\(\s*\d{3},\s*'([a-z-]+)'/g);
  const mapped = codes(code, /details\(\s*\d{3},\s*'([a-z-]+)'/g);
  const named = codes(code, /\[HttpStatus\.\w+\]: \['([a-z-]+)'/g);
  const listed = codes(page, /^\| \d{3}\s*\| `([a-z-]+)`/gm);
  expect(listed).toEqual(expect.arrayContaining([...thrown, ...mapped]));
  expect([...thrown, ...mapped, ...named]).toEqual(expect.arrayContaining(listed));
});

test('the codes of the stream are those of its type, and all of them', () => {
  const type = readFileSync(join(root, 'libs/stream/stream-error.ts'), 'utf8');
  expect(codes(page, /^\| `(TOCSIN_(?:KAFKA|STREAM)_\w+)`/gm)).toEqual(codes(type, /'(TOCSIN_\w+)'/g));
});

test('the reasons of dead letters beside the decoder’s stand in the code', () => {
  const part = page.slice(page.indexOf('## Reasons of dead letters'), page.indexOf('## On the command line'));
  const code = sources('apps/monitor', 'libs/policy');
  const reasons = codes(part, /^\| `([a-z_]+)`/gm);
  expect(reasons).toHaveLength(3);
  expect(reasons.filter((reason) => !code.includes(`'${reason}'`))).toEqual([]);
});

test('each sentence of the command line stands in the code as it is quoted', () => {
  const code = sources('apps', 'libs');
  const quoted = codes(page.slice(page.indexOf('## On the command line')), /^\| `([^`]+)`/gm);
  expect(quoted.length).toBeGreaterThan(5);
  expect(quoted.filter((sentence) => !code.includes(sentence))).toEqual([]);
});
