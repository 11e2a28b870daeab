/** The mailbox's two pages: the list, and one mail with its HTML in a sandbox and its text beside it. */

/** @param {import('./mailbox.mjs').Message[]} messages oldest first */
export function listPage(messages) {
  const rows = messages
    .toReversed()
    .map(
      ({ id, to, subject, received_at }) =>
        `<tr><td><a href="/messages/${id}">${escape(subject) || '(no subject)'}</a></td><td>${escape(to)}</td><td><time>${received_at}</time></td></tr>`,
    )
    .join('\n');
  const body =
    messages.length === 0
      ? '<p>No mail yet. This page looks again every 3 seconds.</p>'
      : `<table><thead><tr><th>Subject</th><th>To</th><th>Received</th></tr></thead><tbody>\n${rows}\n</tbody></table>`;
  return page(`Mailbox (${messages.length})`, `<h1>Mailbox</h1>${body}`, '<meta http-equiv="refresh" content="3">');
}

/** @param {import('./mailbox.mjs').Message} message */
export function messagePage({ id, to, from, subject, received_at, message_id, text, html }) {
  const facts = { From: from, To: to, Received: received_at, 'Message-ID': message_id };
  const list = Object.entries(facts)
    .map(([name, value]) => `<dt>${name}</dt><dd>${escape(value)}</dd>`)
    .join('');
  const shown = html
    ? `<h2>HTML</h2><iframe title="The mail's HTML part" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/messages/${id}/html"></iframe>`
    : '';
  return page(
    subject || '(no subject)',
    `<p><a href="/">All mails</a></p><h1>${escape(subject) || '(no subject)'}</h1><dl>${list}</dl>${shown}<h2>Text</h2><pre>${linked(text)}</pre>`,
  );
}

function page(title, body, head = '') {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>${head}<style>${style}</style></head>
<body><main>${body}</main></body></html>
`;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 1rem auto; padding: 0 1rem; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
iframe { width: 100%; height: 32rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); background: white; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
`;

function linked(text) {
  return escape(text).replace(
    /https?:\/\/[^\s<>"']+/g,
    (url) => `<a href="${url}" target="_blank" rel="noreferrer">${url}</a>`,
  );
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
