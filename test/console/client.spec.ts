/** The console's client is generated and committed; here it is held against the document that the API gives of itself. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const web = join(root, 'apps/console/web');
const run = promisify(execFile);

test('the console’s client is what the API’s document makes of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-client-'));
  try {
    const document = join(folder, 'openapi.json');
    const made = join(folder, 'client');
    const { stdout } = await run(process.execPath, [join(root, 'dist/apps/main.js'), 'openapi'], { maxBuffer: 16e6 });
    writeFileSync(document, stdout);
    await run(process.execPath, [join(web, 'generate.mjs'), document, made]);
    expect(filesOf(made)).toEqual(filesOf(join(web, 'src/client')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

function filesOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const text = (path: string) => readFileSync(path, 'utf8');
  return Object.fromEntries(
    paths
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path.slice(folder.length + 1), text(path)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
