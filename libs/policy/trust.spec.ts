import type { FeedbackEvent, OutputEvent, VerdictEvent } from '../events/index.js';
import { honour, sourceIndex, verifierSource } from './index.js';
import type { SourceTrust } from './policy.js';

const trust = (more: Partial<SourceTrust>): SourceTrust => ({
  verdicts: [],
  purposes: [],
  verifiedAs: false,
  ephemeral: false,
  ...more,
});
const common = {
  source: '//gateway/eu',
  id: '1',
  at: 0,
  day: '1970-01-01',
  ephemeral: false,
  mended: 0,
  origin: { topic: 'tocsin.outputs', partition: 0, offset: 0, index: 0 },
};
const output = (more: Partial<OutputEvent> = {}): OutputEvent => ({
  ...common,
  kind: 'output',
  account: { id: 'a', verifiedAs: ['bank'] },
  output: 'text',
  cut: false,
  toolCalls: [],
  safety: {},
  purpose: 'red_team',
  ...more,
});
const verdict = (more: Partial<VerdictEvent> = {}): VerdictEvent => ({
  ...common,
  kind: 'verdict',
  output: { id: '1' },
  detector: 'moderation',
  label: 'hate',
  score: 1,
  ...more,
});

test('purpose and verified identity are honoured only from a source that the policy allows', () => {
  expect(honour(output(), sourceIndex([]))).toMatchObject({ purpose: 'production', account: { id: 'a' } });
  expect(honour(output(), sourceIndex([]))).not.toHaveProperty('account.verifiedAs');
  const half = sourceIndex([trust({ source: '//gateway/eu', purposes: ['control'], verifiedAs: true })]);
  expect(honour(output(), half)).toMatchObject({ purpose: 'production', account: { verifiedAs: ['bank'] } });
  const event = output();
  const whole = sourceIndex([trust({ source: '//gateway/*', purposes: ['red_team'], verifiedAs: true })]);
  expect(honour(event, whole)).toBe(event);
  expect(honour(output({ source: '//gatewa' }), whole)).toMatchObject({ purpose: 'production' });
});

test('a verdict is heard only from a source that may speak for its detector, and from the verifier always', () => {
  const sources = sourceIndex([
    trust({ source: '//reviewers', verdicts: ['moderation'] }),
    trust({ source: '//all', verdicts: ['*'] }),
  ]);
  expect(honour(verdict({ source: '//reviewers' }), sources)).toMatchObject({ kind: 'verdict' });
  expect(honour(verdict({ source: '//all', detector: 'fact_check' }), sources)).toMatchObject({ kind: 'verdict' });
  expect(honour(verdict({ source: verifierSource, detector: 'fact_check' }), sourceIndex([]))).toMatchObject({
    kind: 'verdict',
  });
  expect(honour(verdict({ source: '//reviewers', detector: 'fact_check' }), sources)).toMatchObject({
    kind: 'rejection',
    reason: 'verdict_not_allowed',
    origin: common.origin,
  });
});

test('a source or a topic that keeps nothing makes its events so, dead letters too', () => {
  const sources = sourceIndex([
    trust({ source: '//quiet', ephemeral: true }),
    trust({ topic: 'tocsin.feedback', ephemeral: true }),
  ]);
  expect(honour(output({ source: '//quiet' }), sources)).toMatchObject({ ephemeral: true });
  expect(honour(verdict({ source: '//quiet' }), sources)).toMatchObject({ kind: 'rejection', ephemeral: true });
  const feedback: FeedbackEvent = {
    ...common,
    kind: 'feedback',
    output: { id: '1' },
    account: { id: 'b' },
    origin: { ...common.origin, topic: 'tocsin.feedback' },
  };
  expect(honour(feedback, sources)).toMatchObject({ ephemeral: true });
  expect(honour({ ...feedback, origin: common.origin }, sources)).toMatchObject({ ephemeral: false });
});

test('an event that asked to be kept nowhere stays so, whatever its source may', () => {
  expect(honour(output({ ephemeral: true }), sourceIndex([]))).toMatchObject({ ephemeral: true });
});

test("sources that producers invent take bounded memory and never another source's trust", () => {
  const sources = sourceIndex([
    trust({ source: '//gateway/*', verifiedAs: true }),
    trust({ source: '//gateway/eu', verdicts: ['moderation'] }),
  ]);
  for (let i = 0; i < 5_000; i++) expect(sources.of(`//gateway/${i}`)).toMatchObject({ verifiedAs: true });
  for (let i = 0; i < 5_000; i++) expect(sources.of(`//elsewhere/${i}`)).toMatchObject({ verifiedAs: false });
  expect(sources.of('//gateway/eu').verdicts.has('moderation')).toBe(true);
  expect(sources.of('//gateway/us').verdicts.has('moderation')).toBe(false);
});
