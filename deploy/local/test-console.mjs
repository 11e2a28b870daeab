/** `npm run test:console [-- FILE...]`: the console in a real browser, on servers of its own, one file at a time. */
import { accessSync, constants } from 'node:fs';
import { bootstrap } from './bootstrap.mjs';
import { runJest } from './jest.mjs';
import { Sentence, say, seconds } from './say.mjs';
import { testServers } from './test-servers.mjs';

await bootstrap(
  async () => {
    const started = performance.now();
    const browser = chromium();
    const servers = await testServers();
    try {
      servers.env.CHROMIUM_PATH = browser;
      const jest = runJest(servers, process.argv.slice(2), 'jest.console.config.mjs');
      const files = await jest.list();
      if (files.length === 0)
        throw new Sentence('No console test matches; `npm run test:console` alone runs them all.');
      await jest.run('console', files, ['--runInBand']);
      const failed = await jest.again();
      const { passed, failures } = jest.counts();
      say(`console tests: ${passed} passed, ${failures} failed in ${files.length} files, ${seconds(started, 0)}`);
      return failed.length > 0 || failures > 0 ? 1 : 0;
    } finally {
      await servers.stop();
    }
  },
  { console: true },
);

function chromium() {
  const path = process.env.CHROMIUM_PATH || '/usr/bin/chromium';
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    throw new Sentence(
      `There is no browser at ${path}: run \`apt-get update && apt-get install -y chromium\`, or set CHROMIUM_PATH to one.`,
    );
  }
}
