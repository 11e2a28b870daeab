import fc from 'fast-check';
import { aCorrelation, aSignal, noon } from './builders.js';
import { completeWindow, groupHash, type Window } from './complete.js';
import type { Signal } from './window.js';

function windowOf(entries: Signal[], fresh: Signal[] = entries, over: Partial<Window> = {}): Window {
  const group = { account: 'acme' };
  return { correlation: aCorrelation(), group, groupHash: groupHash(group), entries, fresh, ...over };
}

function signals(...minutes: number[]): Signal[] {
  return minutes.map((minute, i) =>
    aSignal({ eventId: `chat\u0001o-${i}`, at: noon + minute * 60_000, finding: `f-${i}` }),
  );
}

test('the third event within the hour completes the window, and its findings join', () => {
  const [completion, ...more] = completeWindow(windowOf(signals(0, 20, 40)));
  expect(more).toEqual([]);
  expect(completion).toMatchObject({
    members: ['f-0', 'f-1', 'f-2'],
    finding: {
      rule: 'three-in-an-hour',
      at: noon + 40 * 60_000,
      event: { source: 'chat', id: 'o-2' },
      group: { account: 'acme' },
    },
  });
});

test('three events spread over more than the time span complete nothing', () => {
  expect(completeWindow(windowOf(signals(0, 40, 70)))).toEqual([]);
});

test('a late event completes the window it belongs to, not only the newest', () => {
  const entries = signals(0, 20, 40, 300);
  expect(completeWindow(windowOf(entries, [entries[1]!]))).toMatchObject([{ finding: { at: noon + 40 * 60_000 } }]);
});

test('entries are used once: nine events make three completions', () => {
  expect(completeWindow(windowOf(signals(0, 1, 2, 3, 4, 5, 6, 7, 8)))).toHaveLength(3);
});

test('a window without a fresh entry is not looked at', () => {
  expect(completeWindow(windowOf(signals(0, 1, 2), []))).toEqual([]);
});

test('no entry is used twice and each completion is within its time span, whatever arrives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      (minutes, threshold) => {
        const entries = signals(...minutes.sort((a, b) => a - b));
        const completions = completeWindow(windowOf(entries, entries, { correlation: aCorrelation({ threshold }) }));
        const used = completions.flatMap((completion) => completion.used.map(({ eventId }) => eventId));
        expect(new Set(used).size).toBe(used.length);
        for (const { used: window } of completions) {
          expect(window.at(-1)!.at - window[0]!.at).toBeLessThanOrEqual(3_600_000);
          expect(window).toHaveLength(threshold);
        }
        const rest = entries.filter(({ eventId }) => !used.includes(eventId));
        for (let i = threshold - 1; i < rest.length; i++) {
          const between = rest[i]!.at - rest[i - threshold + 1]!.at;
          const broken = completions.some(({ used: window }) =>
            window.some(({ at }) => at >= rest[i - threshold + 1]!.at && at <= rest[i]!.at),
          );
          expect(between > 3_600_000 || broken).toBe(true);
        }
      },
    ),
  );
});
