/**
 * Promise 1 while copies come, go, freeze and wake: partitions move between processes in the middle of their batches.
 * What was produced decides what must be there; only the HTTP API is asked.
 */
import { addTruth, expectTruth, untilCounted } from '../harness/reading.js';
import { tocsin, type AppProcess, type Tocsin } from '../harness/tocsin.js';
import { truth, truthPolicy, truthRules, type Truth } from '../harness/truth.js';

let running: Tocsin;
/** All that was produced so far: each test adds its part, and the whole is held. */
let sum: Truth = { values: [], findings: new Set(), incidents: new Set() };

beforeAll(async () => {
  running = await tocsin({ config: { 'policy.yml': truthPolicy, ...truthRules() } });
  await running.start(['api']);
}, 120_000);
afterAll(() => running?.close(), 60_000);

/** Produces in portions while `meanwhile` runs, and on until it is done: whatever it does, it does in mid-batch. */
async function underLoad(seed: number, meanwhile: () => Promise<void>): Promise<void> {
  let done = false;
  const doing = meanwhile().finally(() => (done = true));
  for (let portion = 0; portion < 3 || (!done && portion < 60); portion++) {
    const part = truth(seed + portion, 500);
    sum = addTruth(sum, part);
    await running.produce('outputs', part.values);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  await doing;
}

test('a rebalance in mid-batch loses nothing and counts nothing twice: one copy, two, three, two, one', async () => {
  const copies: AppProcess[] = [await running.start(['monitor'])];
  await underLoad(1_000, async () => {
    copies.push(await running.start(['monitor']));
    copies.push(await running.start(['monitor']));
    // SIGTERM in mid-batch: what is in flight commits, and the process ends by itself.
    expect(await copies[0]!.stop()).toBe(0);
    expect(await copies[1]!.stop()).toBe(0);
  });
  await expectTruth(running, sum);
  expect(copies[2]!.running()).toBe(true);
  expect(await copies[2]!.stop()).toBe(0);
}, 400_000);

test('SIGTERM in mid-batch commits what is in flight: the next copy goes on, with nothing lost or double', async () => {
  const first = await running.start(['monitor']);
  const part = truth(2_000, 6_000);
  sum = addTruth(sum, part);
  await running.produce('outputs', part.values.slice(0, 3_000));
  const producing = running.produce('outputs', part.values.slice(3_000));
  expect(await first.stop()).toBe(0);
  await producing;
  const second = await running.start(['monitor']);
  await expectTruth(running, sum);
  expect(await second.stop()).toBe(0);
}, 400_000);

test('a zombie that wakes after its partitions moved writes nothing of what it held', async () => {
  const copies = [await running.start(['monitor']), await running.start(['monitor'])];
  const [zombie, living] = copies as [AppProcess, AppProcess];
  await underLoad(3_000, async () => zombie.signal('SIGSTOP'));
  // All of it is there while the zombie sleeps: its partitions moved, whatever it held was done by the other.
  await untilCounted(running, sum);
  expect(living.running()).toBe(true);
  await underLoad(4_000, async () => zombie.signal('SIGCONT'));
  await expectTruth(running, sum);
  for (const copy of copies) expect(await copy.stop()).toBe(0);
}, 400_000);
