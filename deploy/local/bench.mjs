/** `npm run bench`: the measurements of test/bench, built and run under the vendored Node. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, outcome } from './bootstrap.mjs';
import { dist } from './paths.mjs';

await bootstrap(() => {
  const args = ['--disable-warning=TimeoutNegativeWarning', join(dist, 'test/bench/main.js'), ...process.argv.slice(2)];
  return outcome(spawn(process.execPath, args, { stdio: 'inherit' }));
});
