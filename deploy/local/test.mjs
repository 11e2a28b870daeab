/**
 * `npm test [-- FILE...]`: every test but the browser's, on a PostgreSQL and a Kafka of its own on free ports, so it
 * passes beside a running `npm start`. First what runs side by side, then the fault tests and scenarios one at a time.
 */
import { bootstrap } from './bootstrap.mjs';
import { runJest } from './jest.mjs';
import { requireTools } from './kafka.mjs';
import { Sentence, say, seconds } from './say.mjs';
import { testServers } from './test-servers.mjs';

const oneAtATime = /\/test\/(faults|scenarios)\//;

await bootstrap(
  async () => {
    const started = performance.now();
    const servers = await testServers();
    try {
      const jest = runJest(servers, process.argv.slice(2));
      const files = await jest.list();
      if (files.length === 0) throw new Sentence('No test file matches; `npm test` alone runs them all.');
      const sideBySide = files.filter((file) => !oneAtATime.test(file));
      const alone = files.filter((file) => oneAtATime.test(file));
      await jest.run('side by side', sideBySide, ['--maxWorkers=2']);
      await jest.run('one at a time', alone, ['--runInBand']);
      const failed = await jest.again();
      const { passed, failures } = jest.counts();
      say(`tests: ${passed} passed, ${failures} failed in ${files.length} files, ${seconds(started, 0)}`);
      return failed.length > 0 || failures > 0 ? 1 : 0;
    } finally {
      await servers.stop();
    }
  },
  { before: requireTools },
);
