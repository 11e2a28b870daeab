import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { variables, type Variable } from '../../apps/config.js';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('the table of variables in the README says what the program reads', () => {
  const rows = readme
    .split('\n')
    .filter((line) => line.startsWith('| `TOCSIN_'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, name = '', standard = '', meaning]) => ({
      name: name.replace(/`| \(secret\)/g, ''),
      secret: name.endsWith('(secret)'),
      standard: standard.replaceAll('`', ''),
      meaning,
    }));
  expect(rows).toEqual(
    Object.entries(variables as Record<string, Variable>).map(
      ([name, { default: standard = '', secret = false, meaning }]) => ({
        name,
        secret,
        standard,
        meaning,
      }),
    ),
  );
});

test('every link between documents leads somewhere', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].concat(
    readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  );
  const broken = documents.flatMap((document) =>
    [...readFileSync(join(root, document), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(join(root, dirname(document), target)))
      .map((target) => `${document}: ${target}`),
  );
  expect(broken).toEqual([]);
});
