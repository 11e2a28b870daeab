import { anOutput, aFinding } from '../../libs/incidents/builders.js';
import type { OutputEvent } from '../../libs/events/index.js';
import type { Finding } from '../../libs/incidents/index.js';
import type { Judged } from './judge.js';
import { tallyOf } from './tallied.js';

const conformance = { findings: [], counts: new Map(), firsts: new Map() };

function counted(over: Partial<OutputEvent>, findings: readonly Finding[] = []): Record<string, number> {
  const event = anOutput(over);
  const judged: Judged = { origin: event.origin, ephemeral: false, event, findings, signals: [], scores: {} };
  const rows = tallyOf([judged], new Set(), [], conformance, event.at).rows();
  return Object.fromEntries(rows.map(({ measure, label, count }) => [`${measure} ${label}`.trim(), count]));
}

test('a control that its detector found counts for recall, and one that it missed against it', () => {
  const control = { purpose: 'control', expected: { detector: 'rules', label: 'scam' } } as const;
  expect(counted(control, [aFinding({ rule: 'scam' })])).toMatchObject({
    'control rules': 1,
    'control_found rules': 1,
  });
  const missed = counted(control, [aFinding({ rule: 'another' })]);
  expect(missed).toMatchObject({ 'control rules': 1 });
  expect(missed).not.toHaveProperty('control_found rules');
});

test('a control that expects nothing measures no recall, and ordinary outputs are no controls', () => {
  const expected = { detector: 'rules', label: 'none' };
  expect(counted({ purpose: 'control', expected })).not.toHaveProperty('control rules');
  expect(counted({ purpose: 'production', expected: { detector: 'rules', label: 'x' } })).not.toHaveProperty(
    'control rules',
  );
});

test('the deployment’s own groups are counted with and without findings', () => {
  expect(counted({ group: 'north' })).toMatchObject({ 'group north': 1, outputs: 1 });
  expect(counted({ group: 'north' })).not.toHaveProperty('group_found north');
  expect(counted({ group: 'north' }, [aFinding()])).toMatchObject({ 'group_found north': 1 });
});
