/**
 * A report in words and tables, in the order in which it is read: the first page says how far it can be trusted, then
 * what happened, what it cost people, and what waits for a decision. Text and HTML are both made of this.
 */
import { periodInWords, type PeriodKind } from './period.js';
import type { Compared, Named, Report } from './report.js';
import type { NamedIncident } from './facts.js';
import {
  answerTable,
  comparedTable,
  deliveryTable,
  hourTable,
  most,
  pageTable,
  precisionTable,
  shareTable,
  stageTable,
  thresholdTable,
  type Table,
} from './tables.js';
import { inWords, momentIn, number, seconds, share } from './words.js';

export interface Section {
  readonly title: string;
  /** One sentence above its table. */
  readonly note?: string;
  readonly table?: Table;
  readonly lines?: readonly string[];
}

export interface Page {
  readonly subject: string;
  readonly opening: string;
  readonly sections: readonly Section[];
  /** The chart in words, for those who do not see it. */
  readonly chartText: string;
}

const beforeWord: Readonly<Record<PeriodKind, string>> = {
  hourly: 'hour before',
  daily: 'day before',
  weekly: 'week before',
};

export function layOut(report: Report): Page {
  const { period } = report;
  const name = period.kind === 'weekly' ? 'Weekly' : period.kind === 'daily' ? 'Daily' : 'Hourly';
  const words = periodInWords(period);
  const severe = report.bySeverity.filter(({ name: severity }) => severity === 'SEV1' || severity === 'SEV2');
  const grave = severe.reduce((sum, { now }) => sum + now, 0);
  return {
    subject: `${name} monitoring report, ${period.name}: ${inWords(report.incidents.now, 'incident')}${grave > 0 ? `, ${number(grave)} of SEV1 or SEV2` : ''}`,
    opening: `${words}, ${period.timezone}.${report.soFar ? ' It is not over: the figures are of what there is so far.' : ''}`,
    sections: sectionsOf(report, beforeWord[period.kind]).filter(
      ({ table, lines }) => (table?.rows.length ?? 0) > 0 || (lines?.length ?? 0) > 0,
    ),
    chartText: chartText(report),
  };
}

function sectionsOf(report: Report, before: string): Section[] {
  return [
    wrongInBothDirections(report, before),
    { title: 'What could not be seen', lines: unseenLines(report) },
    { title: 'In short', table: comparedTable('', before, inShort(report)) },
    { title: 'Incidents by severity', table: comparedTable('severity', before, report.bySeverity) },
    { title: 'Incidents by detector', table: comparedTable('detector', before, report.byDetector) },
    { title: 'Incidents by stage', table: comparedTable('stage', before, report.byStage) },
    {
      title: 'Time to acknowledge and to resolve',
      note: 'From the opening, or the re-opening, of what was answered in the period.',
      table: answerTable(report.answers, before),
    },
    { title: 'Waiting for somebody', lines: waitingLines(report) },
    { title: 'Pages', note: 'Nights are from 22:00 to 07:00 where the person lives.', table: pageTable(report.pages) },
    {
      title: 'Pages by hour of the day',
      note: 'In the hours of each person’s own zone.',
      table: hourTable(report.pages),
    },
    { title: 'Escalations that nobody answered', lines: exhaustedLines(report) },
    { title: 'Delivery by channel', table: deliveryTable(report, before) },
    {
      title: 'Messages that reached nobody',
      table: {
        columns: [{ name: 'channel' }, { name: 'last reason' }, { name: 'messages', right: true }],
        rows: report.undelivered.map(({ channel, reason, count }) => [channel, reason ?? 'no try', number(count)]),
      },
    },
    { title: 'Schedule gaps ahead', lines: gapLines(report) },
    {
      title: 'Loudest rules',
      note: 'Every match, floods too.',
      table: comparedTable('rule', before, report.loudestRules),
    },
    { title: 'Findings by detector', table: comparedTable('detector', before, report.loudestDetectors) },
    {
      title: 'Noise',
      note: 'Incidents that people closed as false.',
      table: {
        columns: [
          { name: 'detector' },
          { name: 'rule' },
          { name: 'closed', right: true },
          { name: 'false', right: true },
          { name: 'share, 95 % interval' },
        ],
        rows: report.noise
          .slice(0, most)
          .map(({ detector, rule, closed, asFalse, interval }) => [
            detector,
            rule ?? '',
            number(closed),
            number(asFalse),
            share(asFalse, closed, interval),
          ]),
      },
    },
    {
      title: 'Precision, from reviews',
      note: 'Confirmed among those that reviewers were sure of, with its 95 % interval.',
      table: precisionTable(report),
    },
    {
      title: 'Recall, from controls',
      note: 'Outputs sent to be found, that were.',
      table: shareTable('detector', 'found', report.recall),
    },
    {
      title: 'Watchlist entries that fired',
      table: {
        columns: [
          { name: 'topic' },
          { name: 'entry' },
          { name: 'findings', right: true },
          { name: 'accounts', right: true },
          { name: 'incidents', right: true },
          { name: 'in shadow', right: true },
        ],
        rows: report.watchlist
          .flatMap(({ topic, entries }) =>
            entries.map((one) => [
              topic,
              one.entry,
              number(one.findings),
              number(one.accounts),
              number(one.incidents),
              number(one.shadow),
            ]),
          )
          .slice(0, 3 * most),
      },
    },
    {
      title: 'Findings by group',
      note: 'Share of outputs with a finding, by the deployment’s own groups.',
      table: shareTable('group', 'with a finding', report.fairness),
    },
    { title: 'Stages: promote or hold', table: stageTable(report) },
    { title: 'Stage conformance', table: comparedTable('check', before, report.conformance) },
    { title: 'Thresholds that wait for a decision', table: thresholdTable(report.proposals, 'proposed') },
    { title: 'Thresholds put in force', table: thresholdTable(report.published, 'in force') },
    { title: 'Dead letters by reason', table: comparedTable('reason', before, report.deadLetters) },
    {
      title: 'Floods',
      note: 'Rules that fired on over 5 % of outputs: one finding an account and hour was kept, all were counted.',
      table: {
        columns: [{ name: 'rule or detector' }, { name: 'began' }, { name: 'over' }],
        rows: report.floods.map(({ subject, beganAt, liftedAt }) => [
          subject,
          moment(beganAt, report),
          liftedAt ? moment(liftedAt, report) : 'goes on',
        ]),
      },
    },
    {
      title: 'Configuration changes',
      table: {
        columns: [{ name: 'bundle' }, { name: 'applied' }, { name: 'by' }],
        rows: report.bundles.slice(-most).map(({ hash, at, by }) => [hash.slice(0, 12), moment(at, report), by]),
      },
    },
  ];
}

function wrongInBothDirections({ firstPage: page, period }: Report, before: string): Section {
  const row = (what: string, { now, before: then }: Compared) => [what, number(now), number(then)];
  return {
    title: 'Wrong in both directions',
    note: `What people told Tocsin it got wrong in this ${period.kind === 'weekly' ? 'week' : period.kind === 'daily' ? 'day' : 'hour'}; what nobody told is in no figure.`,
    table: {
      columns: [{ name: '' }, { name: 'now', right: true }, { name: before, right: true }],
      rows: [
        row('False alarms: incidents closed as false', page.falseAlarms),
        ['False alarms: findings that reviewers refuted', number(page.refutedFindings), ''],
        row('Wrongful restrictions: appeals', page.appeals),
        row('Missed misuse: incidents that users reported first', page.reportedFirst),
        row('Missed misuse: controls that were not found', page.missedControls),
        ['Missed misuse: shadow findings that reviewers confirmed', number(page.confirmedInShadow), ''],
      ],
    },
  };
}

function unseenLines({ firstPage: { unseen } }: Report): string[] {
  return unseen.length > 0 ? unseen.map(({ text }) => text) : ['Nothing that Tocsin knows of.'];
}

function inShort(report: Report): Named[] {
  return [
    { name: 'outputs judged', ...report.outputs },
    { name: 'findings', ...report.findings },
    { name: 'incidents', ...report.incidents },
    ...(report.nonProduction.now + report.nonProduction.before > 0
      ? [{ name: 'incidents of red-team, evaluation and control traffic', ...report.nonProduction }]
      : []),
    ...(report.possibleDuplicates.now + report.possibleDuplicates.before > 0
      ? [{ name: 'messages sent again after an unknown outcome', ...report.possibleDuplicates }]
      : []),
  ];
}

function waitingLines(report: Report): string[] {
  const { unacknowledged, forgotten, unresolved } = report;
  const end = Math.min(report.period.to, report.madeAt);
  const age = (at: Date) => seconds((end - at.getTime()) / 1_000);
  const name = ({ severity, number: id, title }: NamedIncident) => `${severity} #${id} ${title}`;
  return [
    `${inWords(unresolved, 'incident')} not resolved, ${number(unacknowledged.length)} of them not acknowledged.`,
    ...unacknowledged.slice(0, most).map((one) => `Not acknowledged for ${age(one.at)}: ${name(one)}`),
    ...rest(unacknowledged.length),
    ...forgotten
      .slice(0, most)
      .map(
        (one) =>
          `Acknowledged by ${one.acknowledgedBy ?? 'somebody'}, and nothing since for ${age(one.touchedAt ?? one.at)}: ${name(one)}`,
      ),
    ...rest(forgotten.length),
  ];
}

function rest(count: number): string[] {
  return count > most ? [`and ${number(count - most)} more`] : [];
}

function exhaustedLines(report: Report): string[] {
  const { exhausted, exhaustedBefore } = report;
  if (exhausted.length === 0) return exhaustedBefore > 0 ? [`None; ${exhaustedBefore} in the period before.`] : [];
  return [
    `${inWords(exhausted.length, 'escalation')} reached the last step unanswered; ${exhaustedBefore} in the period before.`,
    ...exhausted
      .slice(0, most)
      .map(({ severity, number: id, title, at }) => `${moment(at, report)}: ${severity} #${id} ${title}`),
    ...rest(exhausted.length),
  ];
}

function gapLines(report: Report): string[] {
  return [
    ...report.gaps
      .slice(0, most)
      .map(
        ({ schedule, kind, from, to, why }) =>
          `${schedule}: ${kind} from ${moment(new Date(from), report)} to ${moment(new Date(to), report)} (${why})`,
      ),
    ...rest(report.gaps.length),
  ];
}

function moment(at: Date, { period: { timezone } }: Report): string {
  return momentIn(timezone, at);
}

function chartText({ bySeverity, findings }: Report): string {
  const parts = bySeverity.filter(({ now }) => now > 0).map(({ name, now }) => `${number(now)} of ${name}`);
  return `Incidents over the period: ${parts.length > 0 ? parts.join(', ') : 'none'}; ${inWords(findings.now, 'finding')}.`;
}
