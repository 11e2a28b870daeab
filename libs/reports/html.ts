/**
 * The report as an HTML mail. Styles stand in each element, as mail readers drop others; it reads whole with images off,
 * and those who read in the dark get darker grounds where their reader honours it.
 */
import type { Page, Section } from './layout.js';
import type { Table } from './tables.js';

const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif";
const body = `margin:0;padding:16px 8px;background:#f4f5f7;color:#1d2433;${font};font-size:15px;line-height:1.5`;
const card = 'max-width:720px;margin:0 auto 12px;padding:20px 24px;background:#ffffff;border-radius:8px';
const cell = 'padding:4px 14px 4px 0;border-top:1px solid #e3e6ec;vertical-align:top;text-align:';
const head = 'padding:4px 14px 4px 0;color:#596275;font-weight:normal;vertical-align:bottom;text-align:';

const dark = `@media (prefers-color-scheme: dark) {
  .ground { background: #14171f !important; color: #e6e9f0 !important }
  .card { background: #1e232e !important }
  .soft { color: #a7b0c2 !important }
  td { border-color: #343b4a !important }
}
@media (max-width: 480px) { .card { padding: 16px 12px !important } }`;

/** Where the sentence of a late report goes. */
const lateMark = '<!-- late -->';

export function htmlWithLateness(html: string, sentence: string): string {
  return html.replace(lateMark, () => `<p style="margin:8px 0 0;font-weight:bold">${escape(sentence)}</p>`);
}

/** `image` is what the chart's address is: `cid:...` in a mail, `data:...` in a file; absent where there is no chart. */
export function htmlOf(page: Page, image?: string): string {
  const [first, second, ...rest] = page.sections;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${escape(page.subject)}</title><style>${dark}</style></head>`,
    `<body class="ground" style="${body}">`,
    `<div class="card" style="${card}"><h1 style="margin:0 0 4px;font-size:21px;line-height:1.3">${escape(page.subject)}</h1>`,
    `<p class="soft" style="margin:0;color:#596275">${escape(page.opening)}</p>${lateMark}</div>`,
    ...[first, second].map((section) => (section ? sectionOf(section) : '')),
    image === undefined ? '' : chartOf(image, page.chartText),
    ...rest.map(sectionOf),
    '</body></html>',
  ].join('\n');
}

/** The way from the mail to the console, at the page's end. */
export function htmlWithLink(html: string, url: string): string {
  const link = `<p class="soft" style="max-width:720px;margin:0 auto;padding:0 24px;color:#596275">In the console: <a href="${escape(url)}" style="color:inherit">${escape(url)}</a></p>`;
  return html.replace('</body>', () => `${link}</body>`);
}

function chartOf(image: string, alt: string): string {
  const picture = 'display:block;width:100%;max-width:720px;height:auto;border-radius:6px;background:#ffffff';
  return `<div class="card" style="${card}"><img src="${escape(image)}" width="720" alt="${escape(alt)}" style="${picture}"></div>`;
}

function sectionOf({ title, note, table, lines }: Section): string {
  return [
    `<div class="card" style="${card}"><h2 style="margin:0 0 6px;font-size:17px">${escape(title)}</h2>`,
    note === undefined ? '' : `<p class="soft" style="margin:0 0 6px;color:#596275;font-size:13px">${escape(note)}</p>`,
    table && table.rows.length > 0 ? tableOf(table) : '',
    lines && lines.length > 0
      ? `<ul style="margin:0;padding-left:20px">${lines.map((line) => `<li>${escape(line)}</li>`).join('')}</ul>`
      : '',
    '</div>',
  ].join('');
}

function tableOf({ columns, rows }: Table): string {
  // A figure is one word, whatever is in it.
  const align = (place: number) => (columns[place]?.right ? 'right;white-space:nowrap' : 'left');
  const header = columns.some(({ name }) => name !== '')
    ? `<thead><tr>${columns
        .map(
          ({ name }, place) =>
            `<th class="soft" scope="col" style="${head}${columns[place]?.right ? 'right' : 'left'}">${escape(name)}</th>`,
        )
        .join('')}</tr></thead>`
    : '';
  const lines = rows.map(
    (row) => `<tr>${row.map((text, place) => `<td style="${cell}${align(place)}">${escape(text)}</td>`).join('')}</tr>`,
  );
  // The table may be wider than a phone: it scrolls by itself and the page does not.
  return `<div style="overflow-x:auto"><table style="border-collapse:collapse;width:100%;font-size:14px">${header}<tbody>${lines.join('')}</tbody></table></div>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
