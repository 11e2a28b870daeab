/**
 * How the compliance model is learned: which rows teach which head, and how much each source counts. Pure and seeded.
 * Ordinary language comes from several places, because a model that has seen one kind of ordinary answer takes every
 * other kind for harm (measured: recall at 1 % fell from .98 to .02).
 */
import { families, jointFeatures, outputFeatures, promptFeatures } from './compliance.js';
import { FeatureBuffer } from './features.js';
import { fit, keep, usualFit, type Example } from './fit.js';
import type { LinearModel } from './model.js';
import { spokenAnswer } from './refusal.js';
import type { Row } from './rows.js';

const options = { ...usualFit, epochs: 6, rate: 0.15, decay: 0.1 };
/** How much more a rare kind may count than an average one. */
const most = 20;

/** A request alone: harmful (1) or ordinary (0). */
export interface RequestSeed {
  readonly id: string;
  readonly prompt: string;
  readonly label: 0 | 1;
}

export function trainCompliance(rows: readonly Row[], requests: readonly RequestSeed[], version: string): LinearModel {
  const judged = rows
    .filter((row) => row.label !== null && row.text !== '')
    .map((row) => ({ ...row, text: spokenAnswer(row.text) }));
  const buffer = new FeatureBuffer();
  const joint: Example[] = [];
  const output: Example[] = [];
  const prompt: Example[] = [];
  for (const row of judged) {
    joint.push(keep(jointFeatures(buffer, row.prompt, row.text)));
    output.push(keep(outputFeatures(buffer, row.text)));
    prompt.push(keep(promptFeatures(buffer, row.prompt)));
  }
  const harmful = judged.map((row) => row.label ?? 0);
  const ordinary = judged.map(isOrdinary);
  // An ordinary answer complies too: what it lacks is the harmful request.
  const complied = judged.map((_, at) => (ordinary[at] ? 1 : (harmful[at] ?? 0)));
  const byBoth = balance(
    judged.map((row) => `${row.source} ${row.label}`),
    most,
  );
  const bySource = balance(
    judged.map((row, at) => `${ordinary[at] ? 'ordinary' : 'harm'} ${row.source}`),
    most,
  );
  const sum = bySource.reduce((total, weight) => total + weight, 0);
  const kinds = new Set(judged.map((row, at) => `${ordinary[at]} ${row.source}`)).size;
  // Seeds count as two sources: they were written to be told apart.
  const seedWeight = (2 * sum) / kinds / Math.max(1, requests.length);
  const asked = [...prompt, ...requests.map((seed) => keep(promptFeatures(buffer, seed.prompt)))];
  const askedTargets = [...ordinary.map((is) => (is ? 0 : 1)), ...requests.map(({ label }) => label)];
  const askedWeights = [...bySource, ...requests.map(() => seedWeight)];
  const told = judged.flatMap((_, at) => (ordinary[at] ? [] : [at]));
  const familyWeights = balance(
    told.map((at) => judged[at]?.family ?? ''),
    most,
  );
  const familyExamples = told.map((at) => joint[at]!);
  return {
    name: 'compliance',
    version,
    heads: [
      fit('joint', joint, harmful, byBoth, options),
      fit('complied', output, complied, byBoth, options),
      fit('request', asked, askedTargets, askedWeights, options),
      ...families.map((family) =>
        fit(
          family,
          familyExamples,
          told.map((at) => (judged[at]?.family === family ? 1 : 0)),
          familyWeights,
          { ...options, epochs: 3 },
        ),
      ),
    ],
  };
}

/** Sources whose every request is an ordinary one. */
function isOrdinary(row: Row): boolean {
  return row.family === 'benign' || row.family === 'benign_email';
}

/** Mail and other harmless texts as ordinary requests: their first long line asks, the whole answers. */
export function asOrdinary(row: Pick<Row, 'id' | 'source' | 'text'>): Row {
  const line = row.text.split('\n').find((one) => one.length > 30) ?? row.text;
  return {
    id: row.id,
    source: row.source,
    prompt: line.slice(0, 200),
    text: row.text.slice(0, 2500),
    label: 0,
    family: 'benign',
    group: row.id,
  };
}

/** Every kind counts alike, within bounds: a source of 6,000 rows must not drown one of 500. */
export function balance(kinds: readonly string[], upTo = 6): Float64Array {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const each = kinds.length / counts.size;
  return Float64Array.from(kinds, (kind) => Math.min(upTo, Math.max(0.25, each / (counts.get(kind) ?? 1))));
}
