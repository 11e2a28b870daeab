/** What `npm start` cannot do without: each is a sentence that says what to do, code 1 and no stack. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { dataFolder, freePort, localStart } from '../harness/local-start.js';

const folder = dataFolder();
afterAll(() => folder.remove());

async function refused(env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<string> {
  const port = String(await freePort());
  const start = localStart({ TOCSIN_DATA_DIR: join(folder.path, 'data'), TOCSIN_PORT: port, ...env }, args);
  expect(await start.exit()).toBe(1);
  expect(start.output()).not.toMatch(/^ {4}at /m);
  return start.output();
}

/** A PATH that holds a `java` of our making and nothing else. */
function pathWithJava(script: string): string {
  const bin = join(folder.path, `bin-${Math.random().toString(36).slice(2)}`);
  mkdirSync(bin);
  writeFileSync(join(bin, 'java'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'java'), 0o755);
  symlinkSync('/bin/sh', join(bin, 'sh'));
  return bin;
}

test('without Java', async () => {
  expect(await refused({ PATH: join(folder.path, 'nothing-here') })).toContain('Java is missing');
}, 120_000);

test('with a Java that is too old', async () => {
  const PATH = pathWithJava(`echo 'openjdk version "11.0.2" 2019-01-15' >&2`);
  expect(await refused({ PATH })).toContain('Kafka needs Java 17 or newer');
}, 120_000);

test('without Maven', async () => {
  const PATH = pathWithJava(`echo 'openjdk version "99.0.${Date.now()}"' >&2`);
  expect(await refused({ PATH })).toContain('Maven is missing');
}, 120_000);

test('on a port that is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const output = await refused({ TOCSIN_PORT: String(port) });
  expect(output).toContain(`Port ${port} is taken`);
  server.close();
  await once(server, 'close');
}, 120_000);

test('with some real servers and not all', async () => {
  const output = await refused({ TOCSIN_KAFKA_BROKERS: '127.0.0.1:9' });
  expect(output).toContain('TOCSIN_DATABASE_URL and TOCSIN_SMTP_URL are not');
}, 120_000);

test('with an unreachable database', async () => {
  const nowhere = await freePort();
  const output = await refused({
    TOCSIN_KAFKA_BROKERS: `127.0.0.1:${nowhere}`,
    TOCSIN_DATABASE_URL: `postgres://nobody:x@127.0.0.1:${nowhere}/tocsin`,
    TOCSIN_SMTP_URL: `smtp://127.0.0.1:${nowhere}`,
  });
  expect(output).toContain('PostgreSQL cannot be reached');
}, 120_000);

test('with an option that there is not', async () => {
  expect(await refused({}, ['--frsh'])).toContain('"--frsh" is no option of npm start');
}, 120_000);
