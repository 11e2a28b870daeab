/** The report as plain text: what the verb prints and the mail's text part carries, its tables aligned by spaces. */
import type { Page } from './layout.js';
import type { Table } from './tables.js';

export function textOf({ subject, opening, sections }: Page): string {
  const parts = sections.map(({ title, note, table, lines }) =>
    [
      title.toUpperCase(),
      ...(note === undefined ? [] : [note]),
      ...(table && table.rows.length > 0 ? alignedRows(table) : []),
      ...(lines ?? []).map((line) => `- ${line}`),
    ].join('\n'),
  );
  return [`${subject}\n${opening}`, ...parts].join('\n\n') + '\n';
}

/** The sentence stands before all else. */
export function textWithLateness(text: string, sentence: string): string {
  return `${sentence}\n\n${text}`;
}

/** A column is as wide as its widest cell; the last one is not padded, so that a long one wraps by itself. */
function alignedRows({ columns, rows }: Table): string[] {
  const named = columns.some(({ name }) => name !== '');
  const all = [...(named ? [columns.map(({ name }) => name)] : []), ...rows];
  const widths = columns.map((_, place) => Math.max(...all.map((row) => (row[place] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, place) => {
        const width = widths[place] ?? 0;
        if (columns[place]?.right) return cell.padStart(width);
        return place === columns.length - 1 ? cell : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
