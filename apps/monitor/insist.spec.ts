import { insist } from './insist.js';

test('what fails is tried again until it is done', async () => {
  const failures: unknown[] = [];
  let tries = 0;
  const work = () => (++tries < 3 ? Promise.reject(new Error(`try ${tries}`)) : Promise.resolve());
  const { signal } = new AbortController();
  expect(await insist(work, { signal, onFailure: (error) => failures.push(error), firstMs: 1 })).toBe(true);
  expect(failures).toEqual([new Error('try 1'), new Error('try 2')]);
});

test('closing ends it, also in a long pause, and nothing is tried after', async () => {
  const closing = new AbortController();
  let tries = 0;
  const work = () => {
    tries++;
    return Promise.reject(new Error('away'));
  };
  const done = insist(work, {
    signal: closing.signal,
    onFailure: () => setImmediate(() => closing.abort()),
    firstMs: 3_600_000,
    longestMs: 3_600_000,
  });
  expect(await done).toBe(false);
  expect(tries).toBe(1);
  expect(await insist(work, { signal: closing.signal, onFailure: () => undefined })).toBe(false);
  expect(tries).toBe(1);
});
