/** The HTML part of a page: readable on a phone with images off, as it has none; nothing is fetched from anywhere. */
import type { Line, Notice } from './render.js';

const body = 'margin:0;padding:16px;background:#f4f5f7;color:#1d2433;font:16px/1.5 system-ui,sans-serif';
const card = 'max-width:600px;margin:0 auto;padding:24px;background:#fff;border-radius:8px';
const button =
  'display:inline-block;padding:14px 28px;margin:8px 0 16px;border-radius:6px;background:#b42318;color:#fff;font-weight:bold;text-decoration:none';
const labelCell = 'padding:4px 12px 4px 0;color:#596275;vertical-align:top;white-space:nowrap';

export function htmlOf(subject: string, opening: string, lines: readonly Line[], notice: Notice): string {
  const main = lines.find(({ label, url }) => url && (label === 'Acknowledge' || label === 'Confirm'));
  const rows = lines
    .filter((line) => line !== main)
    .map(({ label, value, url }) => {
      const shown = url ? `<a href="${escapeHtml(value)}">${escapeHtml(value)}</a>` : escapeHtml(value);
      return `<tr><td style="${labelCell}">${escapeHtml(label)}</td><td style="padding:4px 0;word-break:break-word">${shown}</td></tr>`;
    });
  const list =
    notice.kind === 'bundle'
      ? `<ul>${notice.incidents
          .map(({ about, incidentUrl }) => {
            const name = escapeHtml(`${about.severity} #${about.number}: ${about.title}`);
            return `<li><a href="${escapeHtml(incidentUrl)}">${name}</a></li>`;
          })
          .join('')}</ul>`
      : '';
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>`,
    `<body style="${body}"><div style="${card}"><h1 style="margin:0 0 12px;font-size:20px">${escapeHtml(subject)}</h1>`,
    `<p>${escapeHtml(opening)}</p>`,
    main ? `<a href="${escapeHtml(main.value)}" style="${button}">${escapeHtml(main.label)}</a>` : '',
    list,
    rows.length > 0 ? `<table style="border-collapse:collapse">${rows.join('')}</table>` : '',
    '</div></body></html>',
  ].join('');
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
