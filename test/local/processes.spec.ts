/** Locks and leftovers of local processes: a number alone is never taken for the process it once named. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alive, end, hold, identity, letGo } from '../../deploy/local/processes.mjs';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-processes-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file held by a live process is told to the next one', () => {
  const file = join(folder, 'held');
  expect(hold(file, 'first')).toBeUndefined();
  expect(hold(file, 'second')).toMatchObject({ pid: process.pid, what: 'first' });
  letGo(file);
  expect(hold(file, 'third')).toBeUndefined();
  letGo(file);
});

test('a file left by a process that is gone is taken over', async () => {
  const file = join(folder, 'stale');
  const child = spawn(process.execPath, ['-e', '']);
  const who = identity(child.pid!, 'gone');
  await once(child, 'exit');
  writeFileSync(file, JSON.stringify(who));
  expect(hold(file, 'next')).toBeUndefined();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ what: 'next' });
});

test('another process under a number that was ours is left alone', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const who = identity(child.pid!, 'server');
  await end({ ...who, began: 'another boot 1' });
  expect(alive(who)).toBe(true);
  const exit = once(child, 'exit');
  await end(who);
  await exit;
  expect(alive(who)).toBe(false);
});

test('a process that does not heed the signal is killed', async () => {
  const child = spawn(process.execPath, [
    '-e',
    `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)`,
  ]);
  await once(child.stdout, 'data');
  const who = identity(child.pid!, 'stubborn');
  const exit = once(child, 'exit');
  await end(who, { withinMs: 100 });
  expect(await exit).toEqual([null, 'SIGKILL']);
});
