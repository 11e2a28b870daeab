/** `npm run bench`: the measurements of test/bench, on servers of their own, under the vendored Node. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, outcome } from './bootstrap.mjs';
import { requireTools } from './kafka.mjs';
import { dist } from './paths.mjs';
import { testServers } from './test-servers.mjs';

await bootstrap(
  async () => {
    const servers = await testServers();
    try {
      const script = join(dist, 'test/bench/main.js');
      const args = ['--disable-warning=TimeoutNegativeWarning', script, ...process.argv.slice(2)];
      return await outcome(spawn(process.execPath, args, { stdio: 'inherit', env: servers.env }));
    } finally {
      await servers.stop();
    }
  },
  { before: requireTools },
);
