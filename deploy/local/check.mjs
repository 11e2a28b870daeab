/**
 * `npm run check`: format, lint with type information, types, import rules, dead code, migrations against entities.
 * Each runs whatever the others said; one line a step, and what a failed one printed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { quietly } from './install.mjs';
import { runJest, tellCounts } from './jest.mjs';
import { root } from './paths.mjs';
import { say, seconds, step } from './say.mjs';
import { testServers } from './test-servers.mjs';

const web = 'apps/console/web/tsconfig.json';
const tsc = 'node_modules/typescript-7/bin/tsc';

const tools = [
  ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
  ['lint', ['node_modules/oxlint/bin/oxlint', '--type-aware', '--quiet']],
  ['types', [tsc, '--project', 'tsconfig.json', '--noEmit']],
  ...(existsSync(join(root, web)) ? [['types of the console', [tsc, '--project', web, '--noEmit']]] : []),
  [
    'import rules',
    ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', 'apps', 'libs', 'migrations', 'test'],
  ],
  ['dead code', ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints']],
];

await bootstrap(async () => {
  const started = performance.now();
  const steps = [...tools.map(([what, args]) => [what, () => tool(args)]), ['migrations', migrations]];
  let failed = 0;
  for (const [what, work] of steps) {
    const complaint = await step(what, async (note) => {
      const said = await work();
      note(said === undefined ? 'ok' : 'FAILED');
      return said;
    });
    if (complaint === undefined) continue;
    failed++;
    say(complaint);
  }
  tellCounts(steps.length - failed, failed);
  say(`check: ${steps.length - failed} passed, ${failed} failed, ${seconds(started, 0)}`);
  return failed > 0 ? 1 : 0;
});

/** What it complained of; undefined when nothing. */
async function tool(args) {
  const { code, output } = await quietly(process.execPath, args);
  return code === 0 ? undefined : output.trim() || `ended with ${code}`;
}

/** The entities, held against a freshly migrated database. */
async function migrations() {
  const servers = await testServers({ kafka: false });
  try {
    const { code, output } = await runJest(servers, []).quietly('test/architecture/migrations.spec.ts');
    return code === 0 ? undefined : output.trim();
  } finally {
    await servers.stop();
  }
}
