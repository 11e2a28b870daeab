import fc from 'fast-check';
import { readReply, replyAddress, type InboundMail } from './reply.js';

const base = 'tocsin@example.com';
const keys = ['a'.repeat(40), 'b'.repeat(40)];
const id = '0123456789abcdef0123456789abcdef';
const now = Date.parse('2026-03-02T08:00:00Z');
const address = replyAddress(base, id, now + 60_000, keys);

const mail = (over: Partial<InboundMail> & { header?: [string, string] } = {}): InboundMail => {
  const { header, ...rest } = over;
  return {
    envelopeFrom: 'ann@example.com',
    to: [address],
    headers: new Map(header ? [header] : []),
    text: 'ack\n\n> SEV1 #1',
    ...rest,
  };
};
const read = (over: Parameters<typeof mail>[0] = {}, at = now) => readReply(mail(over), base, keys, at);

test('a reply whose first line is ack or resolve acts on the notification it answers', () => {
  expect(read()).toEqual({ outcome: 'act', action: 'acknowledge', notification: id, from: 'ann@example.com' });
  for (const text of ['ACK', 'Acknowledged.', '\r\n  ack  \r\nthanks'])
    expect(read({ text })).toMatchObject({ action: 'acknowledge' });
  for (const text of ['resolve', 'Resolved!']) expect(read({ text })).toMatchObject({ action: 'resolve' });
});

test('a reply address fits the 64 letters of a local part and survives a change of case', () => {
  expect(address.split('@')[0]?.length).toBeLessThanOrEqual(64);
  expect(read({ to: [address.toUpperCase()] })).toMatchObject({ outcome: 'act' });
});

test('any other first line does nothing, also where a later or quoted line has the word', () => {
  for (const text of ['', 'please ack', '> ack', 'On Monday Tocsin wrote:\nack', 'unresolved', 'acknowledge this?']) {
    expect(read({ text })).toEqual({ outcome: 'ignored', reason: 'no_command' });
  }
});

test('mail that a machine sent never acts', () => {
  for (const header of [
    ['auto-submitted', 'auto-replied'],
    ['auto-submitted', 'auto-generated'],
    ['precedence', 'bulk'],
    ['list-id', '<x.example.com>'],
    ['content-type', 'multipart/report; report-type=delivery-status'],
    ['x-autoreply', 'yes'],
  ] as [string, string][]) {
    expect(read({ header })).toEqual({ outcome: 'ignored', reason: 'automatic' });
  }
  expect(read({ header: ['auto-submitted', 'no'] })).toMatchObject({ outcome: 'act' });
  for (const envelopeFrom of ['', 'MAILER-DAEMON@example.com'])
    expect(read({ envelopeFrom })).toEqual({ outcome: 'ignored', reason: 'automatic' });
});

test('another address, a changed code, a foreign key and an expired code are refused', () => {
  expect(read({ to: [base] })).toEqual({ outcome: 'ignored', reason: 'not_ours' });
  const forged = replyAddress(base, id, now + 60_000, ['c'.repeat(40)]);
  expect(read({ to: [forged] })).toEqual({ outcome: 'ignored', reason: 'forged' });
  const changed = address.replace(/\+./, (found) => (found === '+0' ? '+1' : '+0'));
  expect(read({ to: [changed] })).toEqual({ outcome: 'ignored', reason: 'forged' });
  expect(read({}, now + 60_000)).toEqual({ outcome: 'ignored', reason: 'expired' });
});

test('a code signed with an older key is still good, and any id comes back as it was', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), (notification) => {
      const to = [replyAddress(base, notification, now + 60_000, [keys[1] ?? ''])];
      expect(read({ to })).toMatchObject({ outcome: 'act', notification });
    }),
  );
});

test('no mail makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (local, text, from) => {
      readReply(
        { envelopeFrom: from, to: [`tocsin+${local}@example.com`, local], headers: new Map(), text },
        base,
        keys,
        now,
      );
    }),
  );
});
