/** How the compliance model is learned: which rows teach which head, and how much each source counts. Pure and seeded. */
import { families, jointFeatures, outputFeatures, promptFeatures } from './compliance.js';
import { FeatureBuffer } from './features.js';
import { fit, keep, usualFit, type Example } from './fit.js';
import type { LinearModel } from './model.js';
import type { Row } from './rows.js';

const options = { ...usualFit, epochs: 8 };
/** Sources whose every request is an ordinary one. */
const ordinaryFamilies = new Set(['benign', 'benign_email']);

export function trainCompliance(rows: readonly Row[], version: string): LinearModel {
  const judged = rows.filter((row) => row.label !== null && row.text !== '');
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
  const ordinary = judged.map((row) => ordinaryFamilies.has(row.family));
  // An ordinary answer complies too: what it lacks is the harmful request.
  const complied = judged.map((_, at) => (ordinary[at] ? 1 : (harmful[at] ?? 0)));
  const requested = ordinary.map((is) => (is ? 0 : 1));
  const byBoth = balance(judged.map((row) => `${row.source} ${row.label}`));
  const bySource = balance(judged.map((row) => (ordinaryFamilies.has(row.family) ? 'ordinary' : row.source)));
  const familyRows = judged.flatMap((_, at) => (ordinary[at] ? [] : [at]));
  const pick = <T>(values: readonly T[]): T[] => familyRows.map((at) => values[at]!);
  const familyWeights = balance(pick(judged).map((row) => row.family));
  return {
    name: 'compliance',
    version,
    heads: [
      fit('joint', joint, harmful, byBoth, options),
      fit('complied', output, complied, byBoth, options),
      fit('request', prompt, requested, bySource, options),
      ...families.map((family) =>
        fit(
          family,
          pick(joint),
          pick(judged).map((row) => (row.family === family ? 1 : 0)),
          familyWeights,
          {
            ...options,
            epochs: 4,
          },
        ),
      ),
    ],
  };
}

/** Every kind counts alike, within bounds: a source of 6,000 rows must not drown one of 500. */
export function balance(kinds: readonly string[], most = 6): Float64Array {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const each = kinds.length / counts.size;
  return Float64Array.from(kinds, (kind) => Math.min(most, Math.max(0.25, each / (counts.get(kind) ?? 1))));
}
