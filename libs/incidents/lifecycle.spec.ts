import { decide } from './lifecycle.js';
import type { Incident } from './incident.js';

const now = new Date('2026-03-02T12:00:00Z');
const ann = { who: 'ann', why: 'looking at it' };
const open: Incident = {
  id: 'a',
  number: 7,
  kind: 'detection',
  title: 'x',
  status: 'open',
  severity: 'SEV2',
  key: { account: 'acme' },
  keyHash: 'k',
  round: 1,
  openedAt: now,
  eventAt: now,
  lateMs: 0,
};

function after(...actions: Parameters<typeof decide>[1][]): Incident {
  return actions.reduce((incident, action) => decide(incident, action, ann, now).incident, open);
}

test('acknowledging says who and when, and a second click changes nothing', () => {
  const once = decide(open, { do: 'acknowledge' }, ann, now);
  expect(once).toMatchObject({ outcome: 'changed', incident: { status: 'acknowledged', acknowledgedBy: 'ann' } });
  const again = decide(once.incident, { do: 'acknowledge' }, { who: 'ben' }, now);
  expect(again).toMatchObject({ outcome: 'already', incident: { acknowledgedBy: 'ann' } });
});

test('resolving keeps who acknowledged, and re-opening starts a new round that nobody has acknowledged', () => {
  const resolved = after({ do: 'acknowledge' }, { do: 'resolve', resolution: 'mitigated' });
  expect(resolved).toMatchObject({ status: 'resolved', acknowledgedBy: 'ann', resolution: 'mitigated' });
  const again = decide(resolved, { do: 'reopen' }, ann, now).incident;
  expect(again).toEqual({ ...open, round: 2 });
});

test('a resolution is a word, and a change of severity has a reason', () => {
  expect(decide(open, { do: 'resolve', resolution: 'Not OK!' }, ann, now).outcome).toBe('refused');
  expect(decide(open, { do: 'severity', severity: 'SEV1' }, { who: 'ann' }, now).outcome).toBe('refused');
  expect(decide(open, { do: 'severity', severity: 'SEV1' }, ann, now)).toMatchObject({
    outcome: 'changed',
    entry: { what: 'severity changed', why: 'looking at it', details: { from: 'SEV2', to: 'SEV1' } },
  });
});

test('merging resolves as a duplicate, once, and never into itself or into a resolved one', () => {
  const into = { ...open, id: 'b', number: 8 };
  const merged = decide(open, { do: 'merge', into }, ann, now);
  expect(merged).toMatchObject({ outcome: 'changed', incident: { resolution: 'duplicate', mergedInto: 'b' } });
  expect(decide(merged.incident, { do: 'merge', into }, ann, now).outcome).toBe('already');
  expect(decide(merged.incident, { do: 'reopen' }, ann, now).outcome).toBe('refused');
  expect(decide(open, { do: 'merge', into: open }, ann, now).outcome).toBe('refused');
  const closed = { ...into, status: 'resolved' as const };
  expect(decide(open, { do: 'merge', into: closed }, ann, now).outcome).toBe('refused');
});
