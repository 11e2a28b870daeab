/**
 * What a notification says, in words and as fields. A page names the incident, why it came and where to go; it never
 * quotes what a model or a user said. A resolved notice is short and repeats nothing of the page.
 */
import { fieldOf, matches, type PagedIncident } from './match.js';
import type { NotificationKind } from './notification.js';
import type { Plan } from './plan.js';
import { formatDuration } from './time.js';
import { htmlOf } from './render-html.js';

/** One incident of a message, with the links that belong to it. */
export interface MessageIncident {
  readonly about: PagedIncident;
  readonly incidentUrl: string;
  readonly acknowledgeUrl?: string;
}

export interface Notice {
  readonly id: string;
  readonly kind: NotificationKind;
  /** Exactly one but for a bundle; none for checks and alarms. */
  readonly incidents: readonly MessageIncident[];
  /** Acknowledges all that the message names. */
  readonly acknowledgeUrl?: string;
  readonly responder: string;
  readonly round: number;
  readonly step: number;
  readonly followers: number;
  readonly runbook?: string;
  readonly possibleDuplicate: boolean;
  /** What was said to stakeholders, or what the pager found of itself; a check's confirm link. */
  readonly text?: string;
  readonly now: number;
}

export interface Message {
  readonly subject: string;
  readonly text: string;
  /** Made on demand: only mail needs it. */
  html(): string;
  /** One line, for chat and phones. */
  readonly summary: string;
  readonly lines: readonly Line[];
}

/** A labelled line of the message; a link where `url` says so. */
export interface Line {
  readonly label: string;
  readonly value: string;
  readonly url?: boolean;
}

export function render(notice: Notice): Message {
  const { subject, opening, lines } = parts(notice);
  const all = [...lines, ...footer(notice)];
  const list =
    notice.kind === 'bundle' ? notice.incidents.map((one) => `- ${heading(one.about)}\n  ${one.incidentUrl}`) : [];
  const text = [
    opening,
    '',
    ...(list.length > 0 ? [...list, ''] : []),
    ...all.map(({ label, value }) => `${label}: ${value}`),
    '',
  ].join('\n');
  return {
    subject,
    text,
    summary: subject,
    lines: all,
    html: () => htmlOf(subject, opening, all, notice),
  };
}

function parts(notice: Notice): { subject: string; opening: string; lines: Line[] } {
  const first = notice.incidents[0];
  const said = notice.text ?? '';
  switch (notice.kind) {
    case 'page':
    case 'fallback':
    case 'update':
    case 'resolved': {
      if (!first) return { subject: 'Tocsin', opening: said, lines: [] };
      return incidentParts(notice, first, said);
    }
    case 'bundle': {
      const counts = Object.entries(Object.groupBy(notice.incidents, ({ about }) => about.severity))
        .map(([severity, of]) => `${of?.length ?? 0} ${severity}`)
        .toSorted()
        .join(', ');
      return {
        subject: `${notice.incidents.length} incidents in one page (${counts})`,
        opening: `More than 20 pages in a minute: these ${notice.incidents.length} incidents come as one message. Each stays open until it is acknowledged.`,
        lines: acknowledgeLine(notice.acknowledgeUrl),
      };
    }
    case 'check':
      return {
        subject: 'Does this reach you? Confirm your contact method',
        opening: 'Tocsin pages you here when an incident opens. Open the link once to confirm that this reaches you.',
        lines: said === '' ? [] : [{ label: 'Confirm', value: said, url: true }],
      };
    case 'synthetic':
      return {
        subject: 'Test page: nothing to do',
        opening: 'The pager sends this on a schedule to try its own way from end to end.',
        lines: [],
      };
    case 'alarm':
      return { subject: 'The pager needs attention', opening: said, lines: [] };
  }
}

function incidentParts(
  notice: Notice,
  { about, incidentUrl }: MessageIncident,
  said: string,
): { subject: string; opening: string; lines: Line[] } {
  const link: Line = { label: 'Incident', value: incidentUrl, url: true };
  const name = `${about.severity} incident ${about.number}`;
  if (notice.kind === 'resolved') {
    return {
      subject: `Resolved: incident ${about.number}`,
      opening: `Incident ${about.number} is over: ${said || 'resolved'}. Nothing is left to do.`,
      lines: [link],
    };
  }
  if (notice.kind === 'update') {
    return { subject: `Update on ${name}: ${about.title}`, opening: said || `${name} is open.`, lines: [link] };
  }
  const repeated = notice.round > 1 ? ` (round ${notice.round})` : '';
  const opening =
    notice.kind === 'fallback'
      ? `Nobody acknowledged ${name}, and every step of its escalation is exhausted. You are the fallback.`
      : `${name} needs you${repeated}.`;
  return {
    subject: `${about.severity} #${about.number}: ${about.title}${notice.kind === 'fallback' ? ' (nobody answered)' : repeated}`,
    opening,
    lines: [
      ...acknowledgeLine(notice.acknowledgeUrl),
      link,
      { label: 'Title', value: about.title },
      { label: 'Severity', value: about.severity },
      { label: 'Opened', value: clock(about.openedAt) },
      ...late(about, notice.now),
      ...fields(about),
      ...(notice.followers > 0 ? [{ label: 'With it', value: `${notice.followers} more incidents of its group` }] : []),
      { label: 'Told as', value: `round ${notice.round}, step ${notice.step}` },
      ...(notice.runbook === undefined
        ? []
        : [{ label: 'Runbook', value: notice.runbook, url: /^https?:\/\//.test(notice.runbook) }]),
    ],
  };
}

function heading(about: PagedIncident): string {
  return `${about.severity} #${about.number}: ${about.title}`;
}

function acknowledgeLine(url: string | undefined): Line[] {
  return url === undefined ? [] : [{ label: 'Acknowledge', value: url, url: true }];
}

/** News that is over an hour old says so: when it happened, and how long after it this page comes. */
function late({ openedAt, eventAt }: PagedIncident, now: number): Line[] {
  if (eventAt === undefined || openedAt - eventAt <= 3_600_000) return [];
  return [
    {
      label: 'Late',
      value: `it happened ${clock(eventAt)}, ${formatDuration(Math.floor((now - eventAt) / 60_000) * 60_000)} ago`,
    },
  ];
}

function fields(about: PagedIncident): Line[] {
  const named = (['detector', 'rule', 'model', 'stage', 'service'] as const).flatMap((field) => {
    const value = fieldOf(about, field);
    return value === '' ? [] : [{ label: capital(field), value: short(value) }];
  });
  const key = Object.entries(shownKey(about)).map(([field, value]) => ({ label: capital(field), value: short(value) }));
  return [...named, ...key];
}

/** The incident's key without texts: a group-by over a text of the event could hold what a model said. */
export function shownKey({ key }: PagedIncident): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(key).filter(([field]) => !/output|prompt|comment|text|message/i.test(field)),
  );
}

function footer(notice: Notice): Line[] {
  return notice.possibleDuplicate
    ? [{ label: 'Note', value: 'this may have reached you before: the outcome of an earlier try is unknown' }]
    : [];
}

/** The runbook of an incident: the first of the plan's own that fits, else the plan's one. */
export function runbookOf(about: PagedIncident, plan: Plan): string | undefined {
  return plan.runbooks.find(({ match }) => matches(match, about))?.runbook ?? plan.runbook;
}

function clock(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const short = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
