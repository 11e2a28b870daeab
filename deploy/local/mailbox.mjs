/**
 * The local mailbox: a real SMTP server that delivers nowhere. What it takes is kept on disk, can be read in a browser,
 * and by programs at `GET /api/messages`.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { listPage, messagePage } from './mailbox-pages.mjs';

const largest = 25 * 1024 * 1024;

/**
 * @typedef {object} Message
 * @property {string} id
 * @property {string} to addresses of the envelope, comma-separated
 * @property {string} from
 * @property {string} subject
 * @property {string} message_id
 * @property {string} received_at
 * @property {string} text
 * @property {string} html
 */

/**
 * Starts it on free ports; mails of earlier runs in `folder` are there again.
 * @param {{ folder: string }} options
 */
export async function startMailbox({ folder }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const messages = await load(folder);
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: largest,
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anyone' }),
    onData: (stream, session, done) => void take(stream, session, folder, messages).then(() => done(), done),
  });
  smtp.on('error', () => undefined); // a client that hung up
  const http = createServer((request, response) => answer(request, response, messages));
  await Promise.all([
    new Promise((resolve, reject) => smtp.listen(0, '127.0.0.1', resolve).once('error', reject)),
    new Promise((resolve, reject) => http.listen(0, '127.0.0.1', resolve).once('error', reject)),
  ]);
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    smtp: `smtp://127.0.0.1:${smtp.server.address().port}`,
    messages,
    async stop() {
      http.closeAllConnections();
      await Promise.all([new Promise((resolve) => smtp.close(resolve)), new Promise((resolve) => http.close(resolve))]);
    },
  };
}

/** On disk before it is taken: what was answered with 250 survives. */
async function take(stream, session, folder, messages) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  if (stream.sizeExceeded) throw Object.assign(new Error('The message is too large'), { responseCode: 552 });
  const envelope = {
    id: `${Date.now()}-${randomUUID().slice(0, 8)}`,
    from: session.envelope.mailFrom ? session.envelope.mailFrom.address : '',
    to: session.envelope.rcptTo.map(({ address }) => address).join(', '),
    received_at: new Date().toISOString(),
  };
  const raw = Buffer.concat(chunks);
  writeFileSync(join(folder, `${envelope.id}.eml`), raw, { mode: 0o600 });
  writeFileSync(join(folder, `${envelope.id}.json`), JSON.stringify(envelope), { mode: 0o600 });
  messages.push(await parse(envelope, raw));
}

async function load(folder) {
  const ids = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort();
  const mails = await Promise.all(
    ids.map(async (id) => {
      try {
        const envelope = JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8'));
        return [await parse(envelope, readFileSync(join(folder, `${id}.eml`)))];
      } catch {
        return []; // half written by a start that was killed: it was never answered with 250
      }
    }),
  );
  return mails.flat();
}

/** @returns {Promise<Message>} */
async function parse(envelope, raw) {
  const mail = await simpleParser(raw, { skipImageLinks: false, skipHtmlToText: true });
  return {
    ...envelope,
    subject: mail.subject ?? '',
    message_id: mail.messageId ?? '',
    text: mail.text ?? '',
    html: mail.html || '',
  };
}

function answer(request, response, messages) {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  // A name of someone else's that resolves to this machine must not read the mails through a browser.
  if (host !== '127.0.0.1' && host !== 'localhost') return reply(response, 403, 'text/plain', 'Not this host.\n');
  if (request.method !== 'GET') return reply(response, 405, 'text/plain', 'GET only.\n');
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/') return reply(response, 200, 'text/html', listPage(messages));
  if (pathname === '/api/messages') {
    const items = messages.toReversed();
    return reply(response, 200, 'application/json', JSON.stringify({ items }));
  }
  const [, id, part] = /^\/messages\/([\w-]+)(?:\/(html))?$/.exec(pathname) ?? [];
  const message = messages.find((one) => one.id === id);
  if (!message) return reply(response, 404, 'text/plain', 'There is no such mail.\n');
  if (!part) return reply(response, 200, 'text/html', messagePage(message));
  // The mail's own HTML: no script, no form, no address of its own.
  response.setHeader(
    'content-security-policy',
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: cid:; style-src 'unsafe-inline'",
  );
  return reply(response, 200, 'text/html', `<base target="_blank">${message.html}`);
}

function reply(response, status, type, body) {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
