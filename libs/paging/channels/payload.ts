/** The bodies that other systems get. Fields and links of the incident, never what a model said. */
import { shownKey, type Message, type MessageIncident, type Notice } from '../render.js';

/** The signed webhook's body: a type, a time and data, as Standard Webhooks asks. */
export function bodyOf(notice: Notice, message: Message): object {
  return {
    type: `tocsin.${notice.kind}`,
    timestamp: new Date(notice.now).toISOString(),
    data: {
      id: notice.id,
      responder: notice.responder,
      round: notice.round,
      step: notice.step,
      summary: message.summary,
      possible_duplicate: notice.possibleDuplicate,
      ...(notice.acknowledgeUrl !== undefined && { acknowledge_url: notice.acknowledgeUrl }),
      ...(notice.runbook !== undefined && { runbook: notice.runbook }),
      ...(notice.text !== undefined && { text: notice.text }),
      ...(notice.followers > 0 && { grouped: notice.followers }),
      incidents: notice.incidents.map(incidentOf),
    },
  };
}

function incidentOf({ about, incidentUrl }: MessageIncident): object {
  const { openedAt, eventAt, key: _, round: __, ...rest } = about;
  return {
    ...rest,
    key: shownKey(about),
    url: incidentUrl,
    opened_at: new Date(openedAt).toISOString(),
    ...(eventAt !== undefined && { event_at: new Date(eventAt).toISOString(), late: true }),
  };
}

/** Slack Block Kit: the link works in any workspace, the button where the signed inlet is set up. */
export function slackOf(notice: Notice, message: Message): object {
  const first = notice.incidents[0];
  const buttons = [
    ...(notice.acknowledgeUrl === undefined
      ? []
      : [
          {
            type: 'button',
            style: 'primary',
            text: { type: 'plain_text', text: 'Acknowledge' },
            action_id: 'tocsin_acknowledge',
            value: notice.acknowledgeUrl.slice(notice.acknowledgeUrl.lastIndexOf('/') + 1),
            url: notice.acknowledgeUrl,
          },
        ]),
    ...(first
      ? [
          {
            type: 'button',
            text: { type: 'plain_text', text: 'Open' },
            action_id: 'tocsin_open',
            url: first.incidentUrl,
          },
        ]
      : []),
  ];
  const fields = message.lines.filter(({ url }) => !url).slice(0, 10);
  return {
    text: message.summary,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(message.summary, 150) } },
      ...(fields.length > 0
        ? [
            {
              type: 'section',
              fields: fields.map(({ label, value }) => ({
                type: 'mrkdwn',
                text: `*${label}*\n${slackText(cut(value, 1_900))}`,
              })),
            },
          ]
        : []),
      ...(buttons.length > 0 ? [{ type: 'actions', elements: buttons }] : []),
    ],
  };
}

const pagerDutySeverity = { SEV1: 'critical', SEV2: 'error', SEV3: 'warning', SEV4: 'info' } as const;

/** PagerDuty Events v2: one alert an incident, resolved when the incident is. */
export function pagerDutyOf(notice: Notice, message: Message, routingKey: string): object {
  const first = notice.incidents[0];
  const about = first?.about;
  return {
    routing_key: routingKey,
    event_action: notice.kind === 'resolved' ? 'resolve' : 'trigger',
    dedup_key: notice.kind === 'bundle' || !about ? notice.id : about.id,
    client: 'Tocsin',
    ...(first && { client_url: first.incidentUrl }),
    payload: {
      summary: cut(message.summary, 1_024),
      severity: about ? pagerDutySeverity[about.severity] : 'error',
      source: about?.service ?? about?.model ?? 'tocsin',
      timestamp: new Date(notice.now).toISOString(),
      ...(about?.detector !== undefined && { component: about.detector }),
      ...(about?.rule !== undefined && { class: about.rule }),
      custom_details: Object.fromEntries(message.lines.map(({ label, value }) => [label, value])),
    },
    links: [
      ...(notice.acknowledgeUrl === undefined ? [] : [{ href: notice.acknowledgeUrl, text: 'Acknowledge in Tocsin' }]),
      ...(notice.runbook?.startsWith('http') ? [{ href: notice.runbook, text: 'Runbook' }] : []),
    ],
  };
}

/** A template with its `{{names}}` filled in, each value escaped as inside a JSON string. */
export function filled(template: string, notice: Notice, message: Message): string {
  const about = notice.incidents[0]?.about;
  const values: Readonly<Record<string, string | undefined>> = {
    id: notice.id,
    kind: notice.kind,
    responder: notice.responder,
    summary: message.summary,
    text: message.text,
    title: about?.title ?? message.subject,
    severity: about?.severity,
    number: about && String(about.number),
    url: notice.incidents[0]?.incidentUrl,
    acknowledge_url: notice.acknowledgeUrl,
    runbook: notice.runbook,
  };
  return template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => JSON.stringify(values[name] ?? '').slice(1, -1));
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** Slack's three control characters; a title cannot make a link or ping a channel. */
const slackText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
