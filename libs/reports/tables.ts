/** The report's tables: a row a name, figures to the right, the period before beside them. */
import type { ThresholdFact } from './facts.js';
import type { AnswerTimes, Named, PagesOf, Report, Share } from './report.js';
import { change, number, seconds, share } from './words.js';

export interface Table {
  readonly columns: readonly { readonly name: string; readonly right?: true }[];
  readonly rows: readonly (readonly string[])[];
}

/** Lines of a list, which says how many more there are; tables have as many or twice that, and the console the rest. */
export const most = 10;

export function comparedTable(what: string, before: string, rows: readonly Named[]): Table {
  return {
    columns: [
      { name: what },
      { name: 'now', right: true },
      { name: before, right: true },
      { name: 'change', right: true },
    ],
    rows: rows
      .slice(0, 2 * most)
      .map(({ name, now, before: then }) => [name, number(now), number(then), change(now, then)]),
  };
}

export function answerTable(answers: readonly AnswerTimes[], before: string): Table {
  const time = (value: number | undefined) => (value === undefined ? '-' : seconds(value));
  return {
    columns: [
      { name: '' },
      { name: 'count', right: true },
      { name: 'median', right: true },
      { name: '90th', right: true },
      { name: `median, ${before}`, right: true },
      { name: `90th, ${before}`, right: true },
    ],
    rows: answers.map(({ what, severity, count, median, p90, medianBefore, p90Before }) => [
      `${what}${severity === undefined ? ', all' : `, ${severity}`}`,
      number(count),
      time(median),
      time(p90),
      time(medianBefore),
      time(p90Before),
    ]),
  };
}

export function pageTable(pages: readonly PagesOf[]): Table {
  return {
    columns: [
      { name: 'who' },
      { name: 'pages', right: true },
      { name: 'before', right: true },
      { name: 'at night', right: true },
      { name: 'interruptions', right: true },
    ],
    rows: pages.map(({ responder, pages: { now, before }, night, interruptions }) => [
      responder,
      number(now),
      number(before),
      number(night),
      number(interruptions),
    ]),
  };
}

/** Six stretches of four hours: 24 columns fit on no phone. */
export function hourTable(pages: readonly PagesOf[]): Table {
  const starts = [0, 4, 8, 12, 16, 20];
  return {
    columns: [
      { name: 'who' },
      ...starts.map((from) => ({ name: `${twoDigits(from)}-${twoDigits(from + 4)}`, right: true as const })),
    ],
    rows: pages
      .filter(({ pages: { now } }) => now > 0)
      .map(({ responder, hours }) => [
        responder,
        ...starts.map((from) => number(hours.slice(from, from + 4).reduce((sum, count) => sum + count, 0))),
      ]),
  };
}

function twoDigits(hour: number): string {
  return String(hour).padStart(2, '0');
}

export function deliveryTable({ deliveries }: Report, before: string): Table {
  const ms = (value: number | null) => (value === null ? '-' : `${number(Math.round(value))} ms`);
  return {
    columns: [
      { name: 'channel' },
      { name: 'tries', right: true },
      { name: before, right: true },
      { name: 'sent', right: true },
      { name: 'retried', right: true },
      { name: 'refused', right: true },
      { name: 'p50', right: true },
      { name: 'p99', right: true },
    ],
    rows: deliveries.map((row) => [
      row.channel,
      number(row.attempts),
      number(row.attemptsBefore),
      number(row.sent),
      number(row.retried),
      number(row.refused),
      ms(row.p50Ms),
      ms(row.p99Ms),
    ]),
  };
}

export function precisionTable({ precision, precisionOfRules }: Report): Table {
  return {
    columns: [
      { name: 'detector or rule' },
      { name: 'reviewed', right: true },
      { name: 'confirmed', right: true },
      { name: 'refuted', right: true },
      { name: 'unsure', right: true },
      { name: 'precision, 95 % interval' },
      { name: 'two agreed', right: true },
    ],
    rows: [...precision, ...precisionOfRules.slice(0, most)].map((row) => [
      row.rule ?? row.detector,
      number(row.reviewed),
      number(row.confirmed),
      number(row.refuted),
      number(row.unsure),
      share(row.confirmed, row.confirmed + row.refuted, row.interval),
      row.shared === 0 ? '-' : `${row.agreed} of ${row.shared}`,
    ]),
  };
}

export function shareTable(what: string, hit: string, shares: readonly Share[]): Table {
  return {
    columns: [
      { name: what },
      { name: 'outputs', right: true },
      { name: hit, right: true },
      { name: 'share, 95 % interval' },
    ],
    rows: shares
      .slice(0, 2 * most)
      .map(({ name, hits, total, interval }) => [name, number(total), number(hits), share(hits, total, interval)]),
  };
}

export function stageTable({ stages }: Report): Table {
  return {
    columns: [{ name: 'stage' }, { name: 'state' }, { name: 'day', right: true }, { name: 'evidence' }],
    rows: stages.map(({ model, stage, state, day, days, reasons }) => [
      `${model}, ${stage}`,
      state.replace('_', ' '),
      day === undefined ? '-' : `${day} of ${days}`,
      reasons.join('; '),
    ]),
  };
}

export function thresholdTable(rows: readonly ThresholdFact[], what: string): Table {
  return {
    columns: [
      { name: 'version', right: true },
      { name: 'detector' },
      { name: 'stage' },
      { name: what, right: true },
      { name: 'by' },
    ],
    rows: rows
      .slice(0, 2 * most)
      .map(({ version, detector, model, stage, value, by }) => [
        String(version),
        detector,
        `${model}, ${stage}`,
        value.toFixed(3),
        by,
      ]),
  };
}
