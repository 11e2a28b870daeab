/**
 * How good are the detectors on sources that they have not seen? `npm run evaluate -- --data DIR` measures what the
 * folder's data can measure, leaving one source out, and names the rest as measured elsewhere.
 */
import { clusterAll } from '../campaign/clusters.js';
import { vectorOf } from '../campaign/vector.js';
import { ClaimIndex } from '../claims/claim-index.js';
import { Disinformation } from '../claims/disinformation.js';
import { parseWatchlist } from '../claims/watchlist.js';
import { readCorpus, type Corpus } from '../corpus.client.js';
import { compileDetectors, detect } from '../detector.js';
import { Impersonation } from '../identity/impersonation.js';
import { parseIdentities } from '../identity/identities.js';
import { Lookalikes } from '../identity/lookalike.js';
import { Compliance } from '../linear/compliance.js';
import { declinesAtOnce } from '../linear/refusal.js';
import type { Row } from '../linear/rows.js';
import { trainCompliance } from '../linear/train-compliance.js';
import { trainMessage } from '../linear/train-message.js';
import { folded } from '../text/fold.js';
import { shippedBounds } from '../thresholds.js';
import { readLines, readSeeds } from '../training-data.client.js';
import type { Weights } from '../weights.js';
import { evasions } from './evasions.js';
import { adjustedRand, averagePrecision, fires, recallAt, rocArea, share, type Share } from './measures.js';

export interface Measured {
  readonly what: string;
  readonly on: string;
  readonly result: Share | number;
  readonly goal?: string;
}

/** What no file of the training folder can measure. */
export const measuredElsewhere = [
  'promoted narratives among ordinary answers, and the right narrative first, on texts written by models',
  'real machine-written news that fires the watchlist',
  'stance on texts that we did not write',
  'safe requests that look unsafe, answered',
  'model-written phishing against genuine model-written mail, fraud dialogues, real phishing against genuine mail',
  'campaigns with known members',
];

interface StanceSeed {
  readonly claim: string;
  readonly text: string;
  readonly stance: string;
}

/** `say` gets each row as it is known. */
export function evaluate(folder: string, weights: Weights, say: (row: Measured) => void): Measured[] {
  const rows: Measured[] = [];
  const add = (row: Measured) => {
    rows.push(row);
    say(row);
  };
  const corpus = readCorpus(folder);
  for (const part of [retrieval, watchlist, stance, lookalikes, campaigns, mail, everything, compliance]) {
    part(folder, corpus, weights, add);
  }
  return rows;
}

type Part = (folder: string, corpus: Corpus, weights: Weights, add: (row: Measured) => void) => void;

const retrieval: Part = (folder, _corpus, _weights, add) => {
  const claims = readLines<{ id: string; claim: string; title: string }>(folder, 'claims-checkthat2020');
  const queries = readLines<{ text: string; relevant: string[] }>(folder, 'claims-checkthat2020-dev');
  if (claims.length === 0 || queries.length === 0) return;
  const index = new ClaimIndex(claims.map(({ id, claim, title }) => ({ id, text: `${claim} ${title}` })));
  const precisions = queries.map(({ text, relevant }) =>
    averagePrecision(
      index.rank(text, 5).map(({ id }) => id),
      new Set(relevant),
      5,
    ),
  );
  const result = precisions.reduce((sum, one) => sum + one, 0) / precisions.length;
  add({ what: 'claim retrieval, MAP@5', on: `${queries.length} tweets, ${claims.length} claims`, result, goal: '.77' });
};

const watchlist: Part = (folder, corpus, weights, add) => {
  const claims = readLines<{ id: string; claim: string; verdict: string }>(folder, 'claims-covid-rumors')
    .filter(({ verdict }) => verdict === 'false')
    .slice(0, 1000);
  const judge = disinformationOf(
    claims.map(({ id, claim }) => JSON.stringify({ id, claim })),
    weights,
  );
  const scores = ordinaryAnswers(corpus).map(({ text }) => judge.judge(text, folded(text)).score);
  const result = fires(scores, shippedBounds.disinformation.floor);
  add({ what: 'ordinary answers that fire a watchlist of 1,000', on: 'arenahard, covid-rumors', result, goal: '' });
};

const stance: Part = (_folder, _corpus, weights, add) => {
  const seeds = readSeeds<StanceSeed>('stance.jsonl');
  const judge = disinformationOf(
    [...new Set(seeds.map(({ claim }) => claim))].map((claim) => JSON.stringify({ claim })),
    weights,
  );
  const score = (text: string) => judge.judge(text, folded(text)).score;
  const of = (kind: string) => seeds.filter((seed) => seed.stance === kind).map(({ text }) => score(text));
  add({
    what: 'stance: promotes against refutes, ROC',
    on: 'own pairs, tuned on',
    result: rocArea(of('promotes'), of('refutes')),
    goal: '.88',
  });
  add({
    what: 'stance: recall at 10 % false positives',
    on: 'own pairs, tuned on',
    result: recallAt(of('promotes'), of('refutes'), 0.1),
    goal: '.65',
  });
  const found = seeds.filter(
    (seed) => seed.stance === 'promotes' && score(seed.text) >= shippedBounds.disinformation.floor,
  );
  for (const [name, hide] of Object.entries(evasions)) {
    const kept = found.filter(({ text }) => score(hide(text)) >= shippedBounds.disinformation.floor);
    add({
      what: `recall kept under ${name}`,
      on: 'own promoting texts',
      result: share(kept.length, found.length),
      goal: '90 %',
    });
  }
};

const lookalikes: Part = (folder, _corpus, weights, add) => {
  const rows = readLines<{ domain: string; technique: string; label: number }>(folder, 'domains-dnstwist');
  const brands = [...new Set(rows.filter(({ technique }) => technique === 'original').map(({ domain }) => domain))];
  const lines = brands.map((domain) => JSON.stringify({ name: domain, domains: [domain] })).join('\n');
  const judge = new Lookalikes(parseIdentities(lines, 'brands.jsonl', 'file').identities ?? [], weights.background);
  const scores = (label: number) =>
    rows.filter((row) => row.label === label).map(({ domain }) => judge.domain(domain)?.score ?? 0);
  add({
    what: 'lookalike domains: recall',
    on: 'dnstwist, tuned on',
    result: fires(scores(1), shippedBounds.lookalike.floor),
    goal: '.96',
  });
  add({
    what: 'lookalike domains: genuine ones that fire',
    on: 'top sites and news, tuned on',
    result: fires(scores(0), shippedBounds.lookalike.floor),
    goal: '.5 %',
  });
};

const campaigns: Part = (_folder, corpus, weights, add) => {
  for (const source of ['jbb', 'arenahard']) {
    const rows = corpus.outputs.filter((row) => row.source === source && (row.label === 1 || source === 'arenahard'));
    const clusters = clusterAll(
      rows.map(({ id, text }) => ({ id, vector: vectorOf(folded(text), weights.background) })),
    );
    const result = adjustedRand(
      rows.map(({ id }) => clusters.get(id) ?? id),
      rows.map(({ group }) => group),
    );
    add({ what: 'answers to one request as one campaign, adjusted Rand index', on: source, result, goal: '.68' });
  }
};

const mail: Part = (_folder, corpus, _weights, add) => {
  const genuine = corpus.mails.filter(({ label }) => label === 0);
  const { messages, composed } = corpus.own;
  // Mail unlearned: the model has seen own messages and answers of models alone.
  const model = trainMessage([...messages, ...composed], corpus.outputs, 'left out');
  const judge = new Impersonation([], [], shippedBounds.impersonation.floor, model);
  const scores = genuine.map(({ text }) => judge.judge(text, folded(text), {}).score);
  const result = fires(scores, shippedBounds.impersonation.floor);
  add({ what: 'genuine mail that fires', on: 'spamassassin, left out', result, goal: '' });
  const found: number[] = [];
  for (let fold = 0; fold < 5; fold++) {
    const learned = trainMessage(
      [...messages.filter((_, at) => at % 5 !== fold), ...composed],
      corpus.outputs,
      'left out',
    );
    const own = new Impersonation([], [], shippedBounds.impersonation.floor, learned);
    for (const [at, { text, label }] of messages.entries()) {
      if (at % 5 === fold && label === 1) found.push(own.judge(text, folded(text), {}).score);
    }
  }
  add({
    what: 'own deceiving messages, R@1%',
    on: 'own, fifths left out, against spamassassin',
    result: recallAt(found, scores, 0.01),
    goal: '',
  });
};

const everything: Part = (folder, corpus, weights, add) => {
  const claims = readLines<{ id: string; claim: string; verdict: string }>(folder, 'claims-covid-rumors').filter(
    ({ verdict }) => verdict === 'false',
  );
  const entries = parseWatchlist(
    claims.map(({ id, claim }) => JSON.stringify({ id, claim })).join('\n'),
    'a.jsonl',
    'file',
  ).entries;
  const detectors = compileDetectors({ weights, watchlist: entries });
  const answers = ordinaryAnswers(corpus);
  const grave = answers.filter((row, at) => {
    const { findings } = detect(eventOf(row, at), detectors);
    return findings.some(({ level }) => level === 'high' || level === 'critical');
  });
  const on = 'arenahard (its answers are learned by compliance), covid-rumors';
  add({
    what: 'ordinary answers with a finding of level high or critical',
    on,
    result: share(grave.length, answers.length),
    goal: '.2 %',
  });
};

const compliance: Part = (_folder, corpus, _weights, add) => {
  const ordinary = ordinaryAnswers(corpus);
  for (const source of ['gptfuzz', 'adaptive', 'jbb']) {
    const learned = corpus.outputs.filter((row) => row.source !== source && row.source !== 'arenahard');
    const model = trainCompliance(
      [...learned, ...corpus.ordinary, ...corpus.own.ordinary],
      corpus.own.requests,
      'left out',
    );
    const judge = new Compliance(model, shippedBounds.compliance.floor);
    const score = (row: Row) => judge.judge(row.prompt, row.text).score;
    const tested = corpus.outputs.filter((row) => row.source === source);
    const positives = tested.filter(({ label }) => label === 1).map(score);
    const refusals = tested.filter(({ label, text }) => label === 0 && declinesAtOnce(text)).map(score);
    const negatives = ordinary.map(score);
    const floor = shippedBounds.compliance.floor;
    const on = `${source} against arenahard, neither learned, both looked at`;
    add({
      what: 'compliance: unseen jailbreaks against ordinary answers, R@1%',
      on,
      result: recallAt(positives, negatives, 0.01),
      goal: '.70',
    });
    add({ what: 'compliance: recall at the floor', on, result: fires(positives, floor), goal: '' });
    add({
      what: 'compliance: fires on ordinary answers',
      on: 'arenahard, not learned, looked at',
      result: fires(negatives, floor),
      goal: '',
    });
    add({ what: 'compliance: fires on refusals', on: source, result: fires(refusals, floor), goal: '2 %' });
  }
};

function ordinaryAnswers(corpus: Corpus): Row[] {
  return corpus.outputs.filter(({ source }) => source === 'arenahard');
}

function disinformationOf(lines: readonly string[], weights: Weights): Disinformation {
  const entries = parseWatchlist(lines.join('\n'), 'watchlist.jsonl', 'file').entries ?? [];
  return new Disinformation(entries, weights.background, shippedBounds.disinformation.floor);
}

function eventOf({ prompt, text }: Row, at: number): Parameters<typeof detect>[0] {
  return {
    kind: 'output',
    source: 'evaluation',
    id: String(at),
    at: 0,
    day: '1970-01-01',
    origin: { topic: 'evaluation', partition: 0, offset: at, index: 0 },
    ephemeral: false,
    mended: 0,
    account: { id: 'evaluation' },
    prompt,
    output: text,
    cut: false,
    toolCalls: [],
    safety: {},
    purpose: 'evaluation',
  };
}
