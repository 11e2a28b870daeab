/** `node deploy/local/client.mjs`: the console's client, generated anew after the API changed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { dist, root } from './paths.mjs';
import { Sentence, say } from './say.mjs';

const generator = join(root, 'apps/console/web/generate.mjs');
const client = join(root, 'apps/console/web/src/client');

await bootstrap(() => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-client-'));
  try {
    const document = join(folder, 'openapi.json');
    writeFileSync(document, run([join(dist, 'apps/main.js'), 'openapi']));
    run([generator, document, client]);
    say('apps/console/web/src/client is made from the OpenAPI document');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function run(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Sentence(`${args[0]} ended with ${status}:\n${stderr.trim()}`);
  return stdout;
}
