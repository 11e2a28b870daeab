import { aFinding, anOutput } from '../../incidents/builders.js';
import type { CheckKind, RemoteService } from './check.js';
import { checksFor, remoteIndex } from './checks.js';
import { aPolicy } from './remote.fixture.js';

const service: RemoteService = { url: 'https://checks.example.org', allowPrivate: false };
const all = { fact_check: service, moderation: service, identity: service };
const text = 'Good morning. The moon landing was filmed in a studio. Have a nice day.';
const span = { field: 'output', start: 14, end: 53, why: 'mixed' } as const;
const doubtful = aFinding({
  detector: 'disinformation',
  label: 'mixed',
  level: 'low',
  reviewOnly: true,
  spans: [span],
});
const speaks = aFinding({ detector: 'impersonation', label: 'impersonates', matched: 'northbank', level: 'medium' });
const moderated = { moderation_api: { ran: true, flagged: false } };
const event = anOutput({ output: text, safety: moderated });
const kinds = (...given: Parameters<typeof checksFor>) => checksFor(...given).map(({ kind }) => kind);

test('without a service nothing is asked, whatever was found', () => {
  expect(checksFor(event, [doubtful, speaks], aPolicy())).toEqual([]);
});

test('a claim that was told with doubt is put to the fact-checkers, the sentence that tells it and no more', () => {
  const egress = { fact_check: 'text', moderation: 'none', identity: 'none' } as const;
  const [check, ...rest] = checksFor(event, [doubtful], aPolicy({ services: all, egress }));
  expect(rest).toEqual([]);
  expect(check).toMatchObject({
    kind: 'fact_check',
    event: { source: event.source, id: event.id },
    form: 'sentence',
    content: 'The moon landing was filmed in a studio.',
  });
});

test('a claim that the watchlist settles, or holds in shadow, is not asked about', () => {
  const settled = aFinding({ detector: 'disinformation', label: 'promotes', level: 'high' });
  expect(kinds(event, [settled, { ...doubtful, shadow: true }], aPolicy({ services: all }))).toEqual([]);
});

test('each identity that is spoken as is asked about once, disclosed play and nameless deceit are not', () => {
  const others = [
    { ...speaks, reviewOnly: true, matched: 'played' },
    { ...speaks, matched: 'unnamed' },
    { ...speaks, label: 'says_human', matched: 'human' },
  ];
  const checks = checksFor(event, [speaks, speaks, ...others], aPolicy({ services: all }));
  expect(checks).toMatchObject([{ kind: 'identity', subject: 'northbank', account: event.account.id }]);
});

test('moderation is asked where the stage says that it runs and it did not, or the output says so', () => {
  const stages = [
    { name: 's', protocols: ['moderation_api'] },
    { name: 'other', protocols: [] },
  ];
  const policy = aPolicy({ services: all, stages });
  const of = (safety: typeof event.safety, stage = 's') => kinds(anOutput({ safety, stage }), [], policy);
  expect(of({})).toEqual(['moderation']);
  expect(of({}, 'other')).toEqual([]);
  expect(of({}, 'unheard of')).toEqual(['moderation']);
  expect(of({ moderation_api: { ran: false } }, 'other')).toEqual(['moderation']);
  expect(of(moderated)).toEqual([]);
});

test('the sampled share of moderated outputs is asked about, always the same ones', () => {
  const policy = aPolicy({ services: { moderation: { ...service, sample: 0.2 } } });
  const sampled = () =>
    Array.from({ length: 1_000 }, (_, i) => anOutput({ id: `o-${i}`, safety: moderated }))
      .flatMap((one) => checksFor(one, [], policy))
      .map(({ event: { id } }) => id);
  expect(sampled().length).toBeGreaterThan(140);
  expect(sampled().length).toBeLessThan(260);
  expect(sampled()).toEqual(sampled());
});

test('what the policy keeps inside leaves no text in the question, nor does an output that keeps nothing', () => {
  const inside = aPolicy({ services: all, egress: { fact_check: 'none', moderation: 'none', identity: 'none' } });
  const quiet = { ...event, ephemeral: true };
  for (const check of [
    ...checksFor(event, [doubtful, speaks], inside),
    ...checksFor(quiet, [doubtful, speaks], aPolicy({ services: all })),
  ])
    expect(check.content).toBeUndefined();
  expect(checksFor(quiet, [doubtful], aPolicy({ services: all }))).toMatchObject([{ ephemeral: true }]);
});

test('red-team runs and controls are not asked about', () => {
  expect(kinds({ ...event, purpose: 'red_team' }, [doubtful, speaks], aPolicy({ services: all }))).toEqual([]);
});

test('the same output asked about twice is one question, its id made of what is asked', () => {
  const ids = () => checksFor(event, [doubtful, speaks], aPolicy({ services: all })).map(({ id }) => id);
  expect(ids()).toEqual(ids());
  expect(new Set(ids()).size).toBe(2);
});

test('an output of an unknown model gets what every policy allows, and no more', () => {
  const egress = (kind: CheckKind, level: 'none' | 'sentence' | 'text') => ({ ...aPolicy().egress, [kind]: level });
  const index = remoteIndex([
    aPolicy({ model: 'a', services: all, egress: egress('moderation', 'text') }),
    aPolicy({ model: 'b', services: { moderation: service }, egress: egress('moderation', 'sentence') }),
  ]);
  expect(index.none).toBe(false);
  expect(index.of('a')?.egress.moderation).toBe('text');
  expect(index.of('stranger')).toMatchObject({ services: { moderation: service }, egress: { moderation: 'sentence' } });
  expect(index.of(undefined)?.services.fact_check).toBeUndefined();
  expect(remoteIndex([aPolicy()]).none).toBe(true);
});
