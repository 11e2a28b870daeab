/** Counts of rows, and the same of the period before beside them. */
import type { TallySum } from '../incidents/index.js';
import type { Facts, PeriodFacts } from './facts.js';
import type { Compared, Named } from './report.js';

export function compared({ period, before }: Facts, of: (facts: PeriodFacts) => number): Compared {
  return { now: of(period), before: of(before) };
}

/** Counts of a measure; of production alone unless it says otherwise. */
export function countOf(tallies: readonly TallySum[], measure: string, label?: string): number {
  return sum(
    tallies.filter(
      (row) => row.measure === measure && isProduction(row) && (label === undefined || row.label === label),
    ),
  );
}

export function isProduction({ purpose }: { readonly purpose: string | null }): boolean {
  return purpose === null || purpose === '' || purpose === 'production';
}

export function sum(rows: readonly { readonly count: number }[]): number {
  return rows.reduce((total, { count }) => total + count, 0);
}

export function labelsOf(tallies: readonly TallySum[], measure: string): [string, number][] {
  return tallies
    .filter((row) => row.measure === measure && isProduction(row))
    .map(({ label, count }) => [label, count]);
}

/** By name, what there is most of first; names of the period before alone stand with 0. */
export function named(facts: Facts, of: (facts: PeriodFacts) => readonly (readonly [string, number])[]): Named[] {
  const now = added(of(facts.period));
  const before = added(of(facts.before));
  return [...new Set([...now.keys(), ...before.keys()])]
    .map((name) => ({ name, now: now.get(name) ?? 0, before: before.get(name) ?? 0 }))
    .toSorted((a, b) => b.now - a.now || b.before - a.before || (a.name < b.name ? -1 : 1));
}

export function added(rows: readonly (readonly [string, number])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [name, count] of rows) counts.set(name, (counts.get(name) ?? 0) + count);
  return counts;
}
