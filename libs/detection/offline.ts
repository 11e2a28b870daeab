/**
 * The detectors without a stream: `score`, `rank` and `cluster` read JSON lines and answer a JSON object each, in the
 * same order; `explain` says what every detector thinks of one event, also where it found nothing.
 */
import { z } from 'zod';
import type { OutputEvent } from '../events/index.js';
import { clusterAll } from './campaign/clusters.js';
import { vectorOf } from './campaign/vector.js';
import { ClaimIndex } from './claims/claim-index.js';
import { Disinformation } from './claims/disinformation.js';
import type { WatchlistEntry } from './claims/watchlist.js';
import { Compliance } from './linear/compliance.js';
import { Impersonation } from './identity/impersonation.js';
import type { Identity } from './identity/identities.js';
import { Lookalikes } from './identity/lookalike.js';
import type { Judgement } from './judgement.js';
import { folded } from './text/fold.js';
import { shippedBounds } from './thresholds.js';
import type { Weights } from './weights.js';

export const offlineDetectors = ['disinformation', 'compliance', 'impersonation', 'lookalike'] as const;
export type OfflineDetector = (typeof offlineDetectors)[number];

/** A line that cannot be judged; the message says what was found and what was wanted. */
export class BadLine extends Error {
  constructor(
    /** From 1. */
    readonly line: number,
    message: string,
  ) {
    super(`line ${line}: ${message}`);
    this.name = 'BadLine';
  }
}

export interface ScoreOptions {
  readonly weights: Weights;
  readonly watchlist?: readonly WatchlistEntry[];
  readonly identities?: readonly Identity[];
  readonly personas?: readonly string[];
}

export interface Scored {
  readonly id: string | number;
  readonly score: number;
  readonly label: string;
  readonly matched: Judgement['matched'];
  readonly evidence: readonly { readonly start: number; readonly end: number; readonly why: string }[];
}

const idSchema = z.union([z.string(), z.number()]);
const accountSchema = z.union([
  z.string(),
  z.looseObject({ id: z.string().optional(), verified_as: z.array(z.string()).optional() }),
]);
const textLine = z.looseObject({
  id: idSchema,
  prompt: z.string().nullish(),
  text: z.string(),
  account: accountSchema.nullish(),
});
const domainLine = z.looseObject({ id: idSchema, domain: z.string().min(1) });
const claimLine = z.looseObject({ id: idSchema, text: z.string() });

type Lines = Iterable<string> | AsyncIterable<string>;

/** Throws `BadLine` at a line that is not what the detector reads. */
export async function* score(detector: OfflineDetector, lines: Lines, options: ScoreOptions): AsyncGenerator<Scored> {
  if (detector === 'lookalike') {
    const judge = lookalikeJudge(options);
    for await (const line of parsed(lines, domainLine, '{id, domain}')) yield answer(line.id, judge(line.domain));
    return;
  }
  const judge = textJudge(detector, options);
  for await (const line of parsed(lines, textLine, '{id, prompt?, text, account?}')) yield answer(line.id, judge(line));
}

type TextLine = z.output<typeof textLine>;

function textJudge(
  detector: Exclude<OfflineDetector, 'lookalike'>,
  options: ScoreOptions,
): (line: TextLine) => Judgement {
  const { weights } = options;
  switch (detector) {
    case 'disinformation': {
      const judge = new Disinformation(options.watchlist ?? [], weights.background, shippedBounds.disinformation.floor);
      return (line) => judge.judge(line.text, folded(line.text));
    }
    case 'compliance': {
      if (!weights.compliance)
        throw new Error('found no compliance model beside the program, wanted one: run `npm run train`');
      const judge = new Compliance(weights.compliance, shippedBounds.compliance.floor);
      return (line) => judge.judge(line.prompt ?? undefined, line.text);
    }
    case 'impersonation': {
      const judge = impersonationOf(options);
      return (line) => {
        const { account } = line;
        const speaker =
          typeof account === 'string' ? { account } : { account: account?.id, verifiedAs: account?.verified_as };
        const reading = judge.judge(line.text, folded(line.text), speaker);
        const human = judge.saysHuman(line.prompt ?? undefined, line.text);
        if (human.label === 'none' || human.score < reading.score) return reading;
        return { ...human, label: 'impersonates' };
      };
    }
  }
}

function impersonationOf({ identities, personas, weights }: ScoreOptions): Impersonation {
  return new Impersonation(identities ?? [], personas ?? [], shippedBounds.impersonation.floor, weights.message);
}

function lookalikeJudge({ identities, weights }: ScoreOptions): (domain: string) => Judgement {
  const lookalikes = new Lookalikes(identities ?? [], weights.background);
  return (domain) => {
    const like = lookalikes.domain(domain);
    const label = like && like.score >= shippedBounds.lookalike.floor ? 'lookalike' : 'genuine';
    if (!like) return { label, score: 0, matched: [], evidence: [] };
    const why = `${like.technique}: like ${like.brand}`;
    return {
      label,
      score: like.score,
      matched: [{ id: like.identity.id, score: like.score }],
      evidence: [{ field: 'output', start: 0, end: domain.length, why }],
    };
  };
}

function answer(id: string | number, judgement: Judgement): Scored {
  return {
    id,
    score: judgement.score,
    label: judgement.label,
    matched: judgement.matched,
    evidence: judgement.evidence.map(({ start, end, why }) => ({ start, end, why })),
  };
}

export interface RankClaim {
  readonly id: string;
  readonly claim: string;
  readonly title?: string;
}

/** The `k` claims nearest to each text. */
export async function* rank(
  claims: readonly RankClaim[],
  lines: Lines,
  k = 5,
): AsyncGenerator<{ id: string | number; ranked: { id: string; score: number }[] }> {
  const index = new ClaimIndex(
    claims.map(({ id, claim, title }) => ({ id, text: title ? `${claim} ${title}` : claim })),
  );
  for await (const line of parsed(lines, claimLine, '{id, text}')) {
    yield {
      id: line.id,
      ranked: index.rank(line.text, k).map((one) => ({ id: one.id, score: Math.round(one.score * 1e4) / 1e4 })),
    };
  }
}

/** Reads a claims FILE for `rank`; throws `BadLine`. */
export function parseClaims(text: string): RankClaim[] {
  const schema = z.looseObject({ id: idSchema, claim: z.string(), title: z.string().nullish() });
  return text.split('\n').flatMap((line, at) => {
    const one = parseLine(line, at + 1, schema, '{id, claim, title?}');
    return one ? [{ id: String(one.id), claim: one.claim, title: one.title ?? undefined }] : [];
  });
}

/** Reads all lines, then answers in the same order. */
export async function* cluster(
  lines: Lines,
  weights: Weights,
): AsyncGenerator<{ id: string | number; cluster: string }> {
  const ids: (string | number)[] = [];
  const texts: { id: string; vector: ReturnType<typeof vectorOf> }[] = [];
  for await (const line of parsed(lines, claimLine, '{id, text}')) {
    // Clusters are named by their smallest text, so places are written with as many digits each.
    texts.push({ id: String(ids.length).padStart(9, '0'), vector: vectorOf(folded(line.text), weights.background) });
    ids.push(line.id);
  }
  const clusters = clusterAll(texts);
  for (const [at, { id }] of texts.entries()) {
    const name = clusters.get(id) ?? id;
    yield { id: ids[at] ?? at, cluster: `c${Number(name)}` };
  }
}

export interface Explanation extends Judgement {
  readonly detector: OfflineDetector;
  readonly threshold: number;
  /** What moved the judgement beside its evidence. */
  readonly notes: readonly string[];
}

/** Every detector's judgement of one output, at the shipped floors, with what it looked at. */
export function explain(event: OutputEvent, options: ScoreOptions): Explanation[] {
  const { output, prompt, account } = event;
  const plain = folded(output);
  const { weights } = options;
  const out: Explanation[] = [];
  const add = (detector: OfflineDetector, judgement: Judgement, notes: readonly string[] = []) => {
    out.push({ ...judgement, detector, threshold: shippedBounds[detector].floor, notes });
  };
  const entries = options.watchlist ?? [];
  const claims = new Disinformation(entries, weights.background, shippedBounds.disinformation.floor);
  add('disinformation', claims.judge(output, plain, event.at), [`${entries.length} watchlist entries read`]);
  if (weights.compliance) {
    const judge = new Compliance(weights.compliance, shippedBounds.compliance.floor);
    const reading = judge.judge(prompt, output);
    add('compliance', reading, prompt === undefined ? ['no prompt: judged by the output alone'] : []);
  }
  const impersonation = impersonationOf(options);
  const reading = impersonation.judge(output, plain, { account: account.id, verifiedAs: account.verifiedAs });
  add('impersonation', reading, [
    ...reading.lifted.map((id) => `speaks as ${id}, which this account may`),
    ...(reading.disclosed ? ['disclosed as play: level low, for review'] : []),
    ...Object.entries(reading.intent ?? {}).flatMap(([name, value]) => (value > 0 ? [`${name} ${value}`] : [])),
  ]);
  const human = impersonation.saysHuman(prompt, output);
  if (human.label !== 'none') add('impersonation', human);
  const lookalikes = new Lookalikes(options.identities ?? [], weights.background);
  const found = lookalikes.inText(output);
  const best = found[0];
  add('lookalike', {
    label: best && best.score >= shippedBounds.lookalike.floor ? 'lookalike' : 'genuine',
    score: best?.score ?? 0,
    matched: found.map((like) => ({ id: like.identity.id, score: like.score })),
    evidence: found.map(({ place, technique, brand }) => ({
      field: 'output',
      start: place.start,
      end: place.end,
      why: `${technique}: like ${brand}`,
    })),
  });
  return out;
}

async function* parsed<Schema extends z.ZodType>(
  lines: Lines,
  schema: Schema,
  wanted: string,
): AsyncGenerator<z.output<Schema>> {
  let number = 0;
  for await (const line of lines) {
    const value = parseLine(line, ++number, schema, wanted);
    if (value !== undefined) yield value;
  }
}

function parseLine<Schema extends z.ZodType>(
  line: string,
  number: number,
  schema: Schema,
  wanted: string,
): z.output<Schema> | undefined {
  if (line.trim() === '') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new BadLine(number, `not valid JSON, wanted ${wanted} on one line`);
  }
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new BadLine(
    number,
    `${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'not understood'}, wanted ${wanted}`,
  );
}
