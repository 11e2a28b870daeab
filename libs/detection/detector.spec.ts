import type { FeedbackEvent, OutputEvent } from '../events/index.js';
import { compileDetectors, detect } from './detector.js';
import { parseIdentities } from './identity/identities.js';
import { parseWatchlist } from './claims/watchlist.js';
import { parseRules } from './sigma/index.js';
import { shippedWeights } from './weights.repository.js';

const watchlist = parseWatchlist(
  `- { id: chips, claim: "Vaccines contain microchips that track people", status: active, added_by: ann, reviewed_by: ben }
- { id: towers, claim: "5G towers spread the coronavirus", status: shadow }
- { id: lone, claim: "The moon landing of 1969 was filmed in a studio", status: active, added_by: ann }`,
).entries;
const identities = parseIdentities(
  `- { id: northbank, kind: organisation, name: Northbank, domains: [northbank.example, northbank.com], accounts: [own-account] }`,
).identities;

const detectors = compileDetectors({
  weights: shippedWeights(),
  watchlist,
  identities,
  trustsVerified: (source) => source === 'trusted',
});

function output(text: string, fields: Partial<OutputEvent> = {}): OutputEvent {
  return {
    kind: 'output',
    source: 'test',
    id: '1',
    at: Date.UTC(2026, 0, 5),
    day: '2026-01-05',
    origin: { topic: 'tocsin.outputs', partition: 0, offset: 7, index: 0 },
    ephemeral: false,
    mended: 0,
    account: { id: 'a1' },
    output: text,
    cut: false,
    toolCalls: [],
    safety: {},
    purpose: 'production',
    ...fields,
  };
}

const chips = 'The truth is that vaccines contain microchips that track people, and they do not want you to know.';
const of = (text: string, detector: string, fields: Partial<OutputEvent> = {}) =>
  detect(output(text, fields), detectors).findings.filter((finding) => finding.detector === detector);

describe('judging one event', () => {
  test('a promoted claim of the watchlist is a finding with its evidence and excerpt', () => {
    const [finding] = of(chips, 'disinformation');
    expect(finding).toMatchObject({
      label: 'promotes',
      matched: 'chips',
      level: 'high',
      shadow: false,
      reviewOnly: false,
    });
    expect(finding?.excerpt).toContain('microchips');
    expect(finding?.spans[0]).toMatchObject({ field: 'output', start: 0 });
  });

  test('the same event judged twice gives the same findings', () => {
    expect(detect(output(chips), detectors)).toEqual(detect(output(chips), detectors));
  });

  test('a refuted claim opens no finding', () => {
    expect(
      of(
        'No, vaccines do not contain microchips that track people. This is a myth without any evidence.',
        'disinformation',
      ),
    ).toEqual([]);
  });

  test('an entry in shadow is found in shadow, one that a single person wrote goes to review', () => {
    expect(of('It is a fact that 5G towers spread the coronavirus.', 'disinformation')[0]).toMatchObject({
      shadow: true,
    });
    expect(of('Proof at last: the moon landing of 1969 was filmed in a studio.', 'disinformation')[0]).toMatchObject({
      reviewOnly: true,
    });
  });

  test.each([
    ['homoglyphs', chips.replaceAll('a', 'а').replaceAll('o', 'о')],
    ['zero-width characters', chips.split('').join('\u200b')],
    ['leet', chips.replace('vaccines', 'v4cc1n35').replace('microchips', 'm1cr0ch1ps').replace('track', 'tr4ck')],
    ['spacing', chips.replace('microchips', 'm i c r o c h i p s')],
    ['case', chips.toUpperCase()],
    ['HTML entities', chips.replaceAll('i', '&#105;')],
    ['markdown', chips.replace('vaccines', 'vac**cin**es').replace('microchips', '__micro__chips')],
  ])('a claim hidden by %s is found', (_, text) => {
    expect(of(text, 'disinformation')[0]?.matched).toBe('chips');
  });

  const mail =
    'Dear customer,\nThis is the Northbank security team. Your account is locked. Verify your password at once at http://northbank-login.com.\nRegards,\nNorthbank';

  test('a message that speaks as a protected identity and asks for a password is of level high', () => {
    expect(of(mail, 'impersonation')[0]).toMatchObject({ label: 'impersonates', matched: 'northbank', level: 'high' });
    expect(of(mail, 'lookalike')[0]).toMatchObject({ label: 'lookalike' });
  });

  test('to speak as yourself is no misuse, where the source may say who you are', () => {
    const account = { id: 'a1', verifiedAs: ['northbank'] };
    expect(of(mail, 'impersonation', { account, source: 'trusted' })).toEqual([]);
    expect(of(mail, 'impersonation', { account })).toHaveLength(1);
    expect(of(mail, 'impersonation', { account: { id: 'own-account' } })).toEqual([]);
  });

  test('an event that keeps nothing gives a finding without excerpt', () => {
    expect(of(chips, 'disinformation', { ephemeral: true })[0]).not.toHaveProperty('excerpt');
  });

  test('an operator rule matches, and its finding is named by the rule', () => {
    const rules = parseRules([
      {
        path: 'a.yml',
        text: 'title: Cheese\nid: 0c4e7b7e-9d0e-4b2f-8f1c-3f7a0b0e9a11\nlogsource: { product: tocsin, category: output }\ndetection: { selection: { output.text|contains: gruyere }, condition: selection }\nlevel: high\n',
      },
    ]);
    const own = compileDetectors({ weights: shippedWeights(), rules });
    const { findings } = detect(output('a kilo of gruyere'), own);
    expect(findings[0]).toMatchObject({
      detector: 'rules',
      rule: '0c4e7b7e-9d0e-4b2f-8f1c-3f7a0b0e9a11',
      level: 'high',
    });
    expect(findings[0]?.spans[0]).toMatchObject({ field: 'output', start: 10, end: 17 });
  });
});

describe('feedback', () => {
  function report(id: string, reporter: string, createdAt?: number): FeedbackEvent {
    return {
      kind: 'feedback',
      source: 'app',
      id,
      at: Date.UTC(2026, 0, 5),
      day: '2026-01-05',
      origin: { topic: 'tocsin.feedback', partition: 0, offset: 1, index: 0 },
      ephemeral: false,
      mended: 0,
      output: { source: 'test', id: '1' },
      account: { id: reporter, createdAt },
      category: 'disinformation',
    };
  }
  const complete = (correlation: string, reports: FeedbackEvent[]) => {
    const signals = reports.flatMap((one) => detect(one, detectors).signals);
    const entries = signals.filter((signal) => signal.correlation === correlation);
    return detectors.correlations.get(correlation)?.complete(entries);
  };
  const old = Date.UTC(2025, 0, 1);
  const young = Date.UTC(2026, 0, 4);

  test('three distinct aged reporters of one output complete its window, two do not', () => {
    expect(complete('feedback.output', [report('1', 'a', old), report('2', 'b', old), report('3', 'c', old)])).toBe(
      true,
    );
    expect(complete('feedback.output', [report('1', 'a', old), report('2', 'b', old), report('3', 'b', old)])).toBe(
      false,
    );
  });

  test('fifty new accounts cannot page anybody, but are shown for review', () => {
    const crowd = Array.from({ length: 50 }, (_, i) => report(String(i), `n${i}`, young));
    expect(complete('feedback.output', crowd)).toBe(false);
    expect(complete('feedback.output.review', crowd)).toBe(true);
    expect(detectors.correlations.get('feedback.output.review')?.reviewOnly).toBe(true);
  });

  test('an appeal is no report: it asks for a review of the output', () => {
    const { signals, findings } = detect({ ...report('1', 'a', old), category: 'appeal' }, detectors);
    expect(signals).toEqual([]);
    expect(findings).toMatchObject([{ label: 'appeal', reviewOnly: true, event: { source: 'test', id: '1' } }]);
  });
});
