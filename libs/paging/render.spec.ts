import type { PagedIncident } from './match.js';
import { bodyOf, filled } from './channels/payload.js';
import { render, type Notice } from './render.js';

const openedAt = Date.parse('2026-03-02T08:00:00Z');
const about: PagedIncident = {
  id: 'f'.repeat(32),
  number: 12,
  title: 'Asks for bank details',
  severity: 'SEV1',
  detector: 'impersonation',
  model: 'm',
  key: { account: 'acct-1', 'output.folded': 'send me your card number' },
  openedAt,
};
const notice = (over: Partial<Notice> = {}): Notice => ({
  id: 'a'.repeat(32),
  kind: 'page',
  incidents: [{ about, incidentUrl: 'https://tocsin.example/incidents/f' }],
  acknowledgeUrl: 'https://tocsin.example/acknowledge/token',
  responder: 'Ann',
  round: 1,
  step: 2,
  followers: 0,
  possibleDuplicate: false,
  now: openedAt,
  ...over,
});

test('a page says what, how grave, since when and where to go, in text and HTML alike', () => {
  const { subject, text, html } = render(notice({ runbook: 'wiki/plan' }));
  expect(subject).toBe('SEV1 #12: Asks for bank details');
  expect(text.split('\n')).toEqual([
    'SEV1 incident 12 needs you.',
    '',
    'Acknowledge: https://tocsin.example/acknowledge/token',
    'Incident: https://tocsin.example/incidents/f',
    'Title: Asks for bank details',
    'Severity: SEV1',
    'Opened: 2026-03-02 08:00 UTC',
    'Detector: impersonation',
    'Model: m',
    'Account: acct-1',
    'Told as: round 1, step 2',
    'Runbook: wiki/plan',
    '',
  ]);
  for (const part of ['Asks for bank details', 'acct-1', 'https://tocsin.example/acknowledge/token', 'wiki/plan'])
    expect(html()).toContain(part);
});

test('no message carries a value that was grouped by a text of the event', () => {
  const { text, html } = render(notice());
  for (const out of [text, html()]) expect(out).not.toContain('card number');
});

test('old news says when it happened and how long ago', () => {
  const late = { ...about, eventAt: openedAt - 95 * 60_000 };
  const { text } = render(notice({ incidents: [{ about: late, incidentUrl: 'u' }] }));
  expect(text).toContain('Late: it happened 2026-03-02 06:25 UTC, 1h35m ago');
});

test('a possible duplicate and a group say so', () => {
  const { text } = render(notice({ possibleDuplicate: true, followers: 3 }));
  expect(text).toContain('Note: this may have reached you before');
  expect(text).toContain('With it: 3 more incidents of its group');
});

test('a bundle counts by severity and names each incident with its link', () => {
  const incidents = [1, 2, 3].map((number) => ({
    about: { ...about, number, severity: number === 3 ? ('SEV2' as const) : ('SEV1' as const) },
    incidentUrl: `https://tocsin.example/incidents/${number}`,
  }));
  const { subject, text } = render(notice({ kind: 'bundle', incidents }));
  expect(subject).toBe('3 incidents in one page (1 SEV2, 2 SEV1)');
  for (const { incidentUrl } of incidents) expect(text).toContain(incidentUrl);
});

test("what others get has the incident's fields, and a template cannot be broken out of", () => {
  const message = render(notice());
  expect(JSON.stringify(bodyOf(notice(), message))).not.toContain('card number');
  const hostile = notice({ incidents: [{ about: { ...about, title: '", "admin": true, "x": "' }, incidentUrl: 'u' }] });
  expect(JSON.parse(filled('{"t":"{{title}}","u":"{{ unknown }}"}', hostile, render(hostile)))).toEqual({
    t: '", "admin": true, "x": "',
    u: '',
  });
});
