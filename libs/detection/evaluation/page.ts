/** The evaluation as people read it: a line for the terminal, a table for docs/detectors.md. */
import { measuredElsewhere, type Measured } from './evaluate.js';

export function rowText({ what, on, result, goal }: Measured): string {
  return `${what} (${on}): ${resultText(result)}${goal ? `, goal ${goal}` : ''}`;
}

/** Only what was measured; what the detectors are stands above it and is written by hand. */
export function detectorsTable(rows: readonly Measured[]): string {
  const lines = rows.map(({ what, on, result, goal }) => `| ${what} | ${on} | ${resultText(result)} | ${goal ?? ''} |`);
  return [
    '| what | on | measured (95 % interval) | goal |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
    'Measured elsewhere, because no file of the training folder can show it:',
    '',
    ...measuredElsewhere.map((what) => `- ${what}`),
    '',
  ].join('\n');
}

export const tableStart = '<!-- measured: begin -->';
export const tableEnd = '<!-- measured: end -->';

/** Puts the table between its marks in the page, or at its end. */
export function withTable(page: string, table: string): string {
  const block = `${tableStart}\n\n${table}\n${tableEnd}`;
  const from = page.indexOf(tableStart);
  const to = page.indexOf(tableEnd);
  if (from < 0 || to < from) return `${page.trimEnd()}\n\n${block}\n`;
  return page.slice(0, from) + block + page.slice(to + tableEnd.length);
}

function resultText(result: Measured['result']): string {
  if (typeof result === 'number') return result.toFixed(3);
  const { value, low, high, count } = result;
  return `${percent(value)} (${percent(low)} to ${percent(high)} of ${count})`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(value < 0.02 ? 2 : 1)} %`;
}
