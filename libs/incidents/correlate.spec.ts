import fc from 'fast-check';
import { aFinding, noon } from './builders.js';
import { byKey, correlate, needsExclusive } from './correlate.js';
import { levels, type Finding } from './finding.js';
import { defaultOpening, incidentId, isWorse, keyHash, keyOf, type Incident, type Severity } from './incident.js';

const now = new Date(noon + 1_000);

function anIncident(finding: Finding, over: Partial<Incident> = {}): Incident {
  const key = keyOf(finding);
  const hash = keyHash(key);
  return {
    id: incidentId(hash, 'an earlier finding'),
    number: 1,
    kind: 'detection',
    title: 'x',
    status: 'open',
    severity: 'SEV2',
    key: key.values,
    keyHash: hash,
    round: 1,
    openedAt: new Date(noon - 60_000),
    eventAt: new Date(noon - 60_000),
    lateMs: 0,
    ...over,
  };
}

function resolved(resolution: string, hoursAgo: number): Partial<Incident> {
  return {
    status: 'resolved',
    resolution,
    resolvedBy: 'ann',
    resolvedAt: new Date(now.getTime() - hoursAgo * 3_600_000),
  };
}

function changesOf(findings: Finding[], incidents: Incident[] = []) {
  const known = new Map(incidents.map((incident) => [incident.keyHash, incident]));
  return correlate(byKey(findings, [], defaultOpening), known, defaultOpening, now);
}

test('a high finding opens an incident of its rule and account, a medium one waits', () => {
  expect(changesOf([aFinding({ level: 'medium' })])).toEqual([]);
  expect(changesOf([aFinding({ level: 'high' })])).toMatchObject([{ change: 'open', severity: 'SEV2', lateMs: 0 }]);
  expect(changesOf([aFinding({ level: 'low', task: true })])).toMatchObject([{ change: 'open', severity: 'SEV4' }]);
});

test('an incident of a rule that groups by account.id names its account as any other does', () => {
  expect(keyOf(aFinding({ group: { 'account.id': 'acme', conversation: 'c' } })).values).toEqual({
    account: 'acme',
    conversation: 'c',
  });
});

test('shadow and review-only findings and those of a red team open nothing', () => {
  const quiet = [
    aFinding({ level: 'critical', shadow: true }),
    aFinding({ level: 'critical', reviewOnly: true }),
    aFinding({ level: 'critical', subject: { account: 'acme', purpose: 'red_team' } }),
  ];
  for (const finding of quiet) expect(changesOf([finding])).toEqual([]);
});

test('a lower finding joins the open incident of its key and a worse one raises it', () => {
  const open = anIncident(aFinding());
  expect(changesOf([aFinding({ level: 'low' })], [open])).toMatchObject([{ change: 'grow' }]);
  expect(changesOf([aFinding({ level: 'critical' })], [open])).toMatchObject([{ change: 'raise', severity: 'SEV1' }]);
});

test('within a day of a resolve the same incident opens again, after it a new one', () => {
  const recent = anIncident(aFinding(), resolved('mitigated', 23));
  const old = anIncident(aFinding(), resolved('mitigated', 25));
  expect(changesOf([aFinding()], [recent])).toMatchObject([{ change: 'reopen', incident: { id: recent.id } }]);
  expect(changesOf([aFinding({ level: 'low' })], [recent])).toEqual([]);
  expect(changesOf([aFinding()], [old])).toMatchObject([{ change: 'open' }]);
});

test('a false positive takes further findings in silence unless they are worse than it ever was', () => {
  const falseOne = anIncident(aFinding(), resolved('false_positive', 2));
  expect(changesOf([aFinding()], [falseOne])).toMatchObject([{ change: 'grow' }]);
  expect(changesOf([aFinding({ level: 'critical' })], [falseOne])).toMatchObject([
    { change: 'reopen', severity: 'SEV1' },
  ]);
});

test('an incident opened from an event over an hour old says how late it is', () => {
  expect(changesOf([aFinding({ at: noon - 7_200_000 })])).toMatchObject([{ change: 'open', lateMs: 7_201_000 }]);
});

const someFinding = fc
  .record({
    output: fc.integer({ min: 0, max: 30 }),
    account: fc.constantFrom('a', 'b', 'c'),
    rule: fc.constantFrom('r1', 'r2'),
    level: fc.constantFrom(...levels),
    shadow: fc.boolean(),
    reviewOnly: fc.boolean(),
    at: fc.integer({ min: noon - 10_000, max: noon }),
  })
  .map(({ output, ...rest }) => aFinding({ ...rest, output: String(output) }));

test('whatever the order of findings, the changes are the same, one a key, and only for what may open or join', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(someFinding, { maxLength: 25, selector: ({ id }) => id }),
      fc.constantFrom('none', 'open', 'resolved', 'false'),
      fc.integer({ min: 0, max: 1_000 }),
      (findings, state, turn) => {
        const keys = new Map(findings.map((finding) => [keyHash(keyOf(finding)), finding]));
        const over = { none: {}, open: {}, resolved: resolved('mitigated', 1), false: resolved('false_positive', 1) }[
          state
        ];
        const incidents = state === 'none' ? [] : [...keys.values()].map((finding) => anIncident(finding, over));
        const changes = changesOf(findings, incidents);
        const turned =
          findings.length === 0
            ? []
            : [...findings.slice(turn % findings.length), ...findings.slice(0, turn % findings.length)];
        expect(changesOf(turned, incidents)).toEqual(changes);
        expect(new Set(changes.map(({ keyed }) => keyed.keyHash)).size).toBe(changes.length);
        for (const change of changes) {
          const { keyed } = change;
          expect(keyed.findings.every(({ shadow }) => !shadow)).toBe(true);
          if (change.change === 'open') {
            expect(state).toBe('none');
            expect(['high', 'critical']).toContain(keyed.opener!.level);
            expect(keyed.opener!.reviewOnly).toBe(false);
          }
          if (change.change === 'raise') expect(isWorse(change.severity, change.incident.severity)).toBe(true);
          expect(needsExclusive(change)).toBe(change.change === 'reopen' || change.change === 'raise');
        }
        const joined = changes.flatMap(({ keyed }) => keyed.findings.map(({ id }) => id));
        expect(new Set(joined).size).toBe(joined.length);
        if (state === 'open' || state === 'false')
          expect(joined.sort()).toEqual(
            findings
              .filter(({ shadow }) => !shadow)
              .map(({ id }) => id)
              .sort(),
          );
      },
    ),
    { numRuns: 300 },
  );
});

test('two keys of one merged incident re-open it once', () => {
  const one = anIncident(aFinding(), resolved('mitigated', 1));
  const keyed = byKey([aFinding(), aFinding({ account: 'other' })], [], defaultOpening);
  const shared = new Map(keyed.map(({ keyHash: hash }) => [hash, one]));
  const changes = correlate(keyed, shared, defaultOpening, now);
  expect(changes.map(({ change }) => change)).toEqual(['reopen', 'grow']);
});

test('severities sort from SEV1, the worst', () => {
  const ordered: Severity[] = ['SEV1', 'SEV2', 'SEV3', 'SEV4'];
  expect([...ordered].reverse().sort((a, b) => (isWorse(a, b) ? -1 : 1))).toEqual(ordered);
});
