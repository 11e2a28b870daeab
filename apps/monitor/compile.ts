/**
 * What a batch is judged by: the active bundle with its detectors compiled. Compiled before the bundle is in force, so
 * that one whose rules do not compile changes nothing and no batch waits for it.
 */
import { compileDetectors, shippedWeights, type DetectorName, type Detectors } from '../../libs/detection/index.js';
import type { Correlation } from '../../libs/incidents/index.js';
import type { Bundle } from '../../libs/policy/index.js';

export interface Compiled {
  readonly detectors: Detectors;
  /** Every correlation, in shadow where the policy says so. */
  readonly correlations: ReadonlyMap<string, Correlation>;
  /** Detectors and rules, by any of their names, whose findings page nobody. */
  readonly shadow: ReadonlySet<string>;
}

/** Throws where the detectors cannot be compiled: the bundle is then refused. */
export function compile({ rules, watchlist, identities, settings, sources }: Bundle): Compiled {
  const { off, personas, shadow } = settings;
  const detectors = compileDetectors({
    weights: shippedWeights(),
    rules: { ...rules, problems: [] },
    watchlist,
    identities,
    personas,
    off,
    shadow: [...shadow] as DetectorName[],
    trustsVerified: (source) => sources.of(source).verifiedAs,
  });
  // A rule may be named in `shadow` by its key, id, title or file; findings carry the key.
  const named = new Set(shadow);
  for (const { key, id, title, file } of [...rules.rules, ...rules.correlations])
    if ([id, title, file].some((name) => name !== undefined && shadow.has(name))) named.add(key);
  const correlations = new Map(
    [...detectors.correlations].map(([id, correlation]) => [id, named.has(id) ? inShadow(correlation) : correlation]),
  );
  return { detectors, correlations, shadow: named };
}

function inShadow(correlation: Correlation): Correlation {
  return {
    id: correlation.id,
    title: correlation.title,
    level: correlation.level,
    timespan: correlation.timespan,
    ...(correlation.detector === undefined ? {} : { detector: correlation.detector }),
    ...(correlation.label === undefined ? {} : { label: correlation.label }),
    ...(correlation.reviewOnly === undefined ? {} : { reviewOnly: correlation.reviewOnly }),
    shadow: true,
    complete: (entries) => correlation.complete(entries),
  };
}
