/** The local mailbox: mails in by SMTP, out by browser and by program, kept across starts. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { startMailbox } from '../../deploy/local/mailbox.mjs';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-mailbox-'));
let mailbox: Awaited<ReturnType<typeof startMailbox>>;
beforeAll(async () => {
  mailbox = await startMailbox({ folder });
  const transport = createTransport(mailbox.smtp);
  await transport.sendMail({
    from: 'tocsin@localhost',
    to: ['ann@team.example', 'ben@team.example'],
    subject: 'SEV1 #1: <script>alert(1)</script>',
    messageId: '<one@tocsin>',
    text: 'Acknowledge: http://127.0.0.1:1/acknowledge/token',
    html: '<p>Hello</p><script>alert(1)</script>',
  });
  transport.close();
});
afterAll(async () => {
  await mailbox.stop();
  rmSync(folder, { recursive: true });
});

test('a mail taken by SMTP is told at GET /api/messages', async () => {
  const { items } = (await (await fetch(`${mailbox.url}/api/messages`)).json()) as { items: unknown[] };
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    to: 'ann@team.example, ben@team.example',
    subject: 'SEV1 #1: <script>alert(1)</script>',
    message_id: '<one@tocsin>',
    text: expect.stringContaining('Acknowledge: http://127.0.0.1:1/acknowledge/token'),
    html: expect.stringContaining('<p>Hello</p>'),
    id: expect.any(String),
    received_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
});

test('the pages show what a mail says and run nothing of it', async () => {
  const list = await (await fetch(mailbox.url)).text();
  expect(list).toContain('SEV1 #1');
  expect(list).not.toContain('<script>');
  const path = /\/messages\/[\w-]+/.exec(list)?.[0] ?? '';
  const page = await (await fetch(mailbox.url + path)).text();
  expect(page).toContain('<a href="http://127.0.0.1:1/acknowledge/token"');
  expect(page).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"');
  const html = await fetch(`${mailbox.url}${path}/html`);
  expect(html.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('a browser led here under another name reads nothing', async () => {
  const asked = request(`${mailbox.url}/api/messages`, { headers: { host: 'mail.example' } }).end();
  const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(403);
});

test('mails are there again after a start', async () => {
  const again = await startMailbox({ folder });
  try {
    expect(again.messages.map(({ message_id }) => message_id)).toEqual(['<one@tocsin>']);
  } finally {
    await again.stop();
  }
});

test('a mail that a killed start left half written keeps no later start from coming up', async () => {
  writeFileSync(join(folder, '0-half.eml'), 'Subject: half');
  writeFileSync(join(folder, '0-half.json'), '{"id":"0-ha');
  const again = await startMailbox({ folder });
  await again.stop();
  expect(again.messages.map(({ message_id }) => message_id)).toEqual(['<one@tocsin>']);
});
