/**
 * Assurance and drift as findings about a stage: their subject is (stage, check, period), so that two reporters write one
 * (promise 5). They open incidents of their level's severity, which the plan pages or lists like any other.
 */
import { textArray, numberArray, type Tx } from '../database/index.js';
import { defaultOpening, findingId, Incidents, Recording, type Finding } from '../incidents/index.js';
import { Pages, planInForce, severityOf } from '../paging/index.js';
import type { Bundle } from '../policy/index.js';
import { assure, type ProtocolCounts, type StageTraffic } from './assurance.js';
import { driftOf, type RateWindows } from './drift.js';
import { lastEnded } from './period.js';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const version = '1';

// One pass over five weeks; spans are the day, the week and the four weeks before it.
const protocolSums = `
  select model, stage, measure, label,
         coalesce(sum(count) filter (where minute >= $2), 0)::bigint as day,
         coalesce(sum(count) filter (where minute >= $3), 0)::bigint as week,
         coalesce(sum(count) filter (where minute < $3), 0)::bigint as past
    from tocsin.tally
   where minute >= $4 and minute < $1 and measure in ('outputs', 'protocol', 'feedback')
     and purpose in ('', 'production') and stage <> ''
   group by model, stage, measure, label`;

const overRateLimit = `
  with counted as (
    select model, stage, account, count(*) as outputs
      from tocsin.output_index
     where day between $1::timestamptz::date - 1 and $2::timestamptz::date + 1 and at >= $1 and at < $2
     group by model, stage, account, date_trunc('minute', at)
  )
  select c.model, c.stage, count(distinct c.account) as accounts, max(c.outputs) as most
    from counted c
    join unnest($3::text[], $4::text[], $5::integer[]) as l (model, stage, allowed)
      on l.model = c.model and l.stage = c.stage and c.outputs > l.allowed
   group by c.model, c.stage`;

const rateSums = `
  select model, stage, measure, label,
         coalesce(sum(count) filter (where minute >= $2), 0)::bigint as hour,
         coalesce(sum(count) filter (where minute >= $3), 0)::bigint as "sixHours",
         coalesce(sum(count) filter (where minute >= $4), 0)::bigint as "threeDays",
         coalesce(sum(count) filter (where minute < $4), 0)::bigint as past
    from tocsin.tally
   where minute >= $5 and minute < $1 and measure in ('outputs', 'findings')
     and purpose in ('', 'production') and stage <> ''
   group by model, stage, measure, label`;

/** Verifies the protocols over the day that ended last. */
export async function checkAssurance(tx: Tx, bundle: Bundle, defaultResponder: string): Promise<void> {
  const day = lastEnded('daily', tx.now.getTime(), bundle.settings.timezone);
  const shortfalls = assure(bundle.policies, await readTraffic(tx, bundle, day.from, day.to));
  const findings = shortfalls.map(({ check, model, stage, title }) =>
    ownFinding('assurance', { check, model, stage, title, period: day.name, level: 'low' }, tx, bundle),
  );
  await record(tx, findings, bundle, defaultResponder);
}

/** Looks for drift over the hour that ended last; one finding a day of each kind. */
export async function checkDrift(tx: Tx, bundle: Bundle, defaultResponder: string): Promise<void> {
  const { to } = lastEnded('hourly', tx.now.getTime(), bundle.settings.timezone);
  const day = new Date(to - 1).toISOString().slice(0, 10);
  const findings = driftOf(await readRates(tx, to)).map(({ check, detector, model, stage, title }) =>
    ownFinding(
      'drift',
      { check: `${check} ${detector}`, model, stage, title, period: day, level: 'medium' },
      tx,
      bundle,
    ),
  );
  await record(tx, findings, bundle, defaultResponder);
}

interface Told {
  readonly check: string;
  readonly model: string;
  readonly stage: string;
  readonly title: string;
  readonly period: string;
  readonly level: 'low' | 'medium';
}

function ownFinding(detector: 'assurance' | 'drift', told: Told, { now }: Tx, { settings }: Bundle): Finding {
  const { check, model, stage, title, period, level } = told;
  return {
    id: findingId(`stage ${model}\u0001${stage}`, detector, `${check} ${period}`),
    detector,
    detectorVersion: version,
    title,
    label: check,
    score: 1,
    level,
    matched: `${check} ${period}`,
    spans: [],
    at: now.getTime(),
    subject: { model, stage },
    shadow: settings.shadow.has(detector),
    reviewOnly: false,
    task: true,
    group: { check, model, stage },
  };
}

async function record(tx: Tx, findings: readonly Finding[], bundle: Bundle, defaultResponder: string): Promise<void> {
  if (findings.length === 0) return;
  const stamped = planInForce(bundle, defaultResponder);
  const recording = new Recording();
  const news = await recording.append(tx, findings, bundle.hash);
  const { opened, reopened, raised } = await recording.settle(tx, {
    findings: news,
    policy: { ...defaultOpening, severityOf: ({ level }) => severityOf(level, stamped.plan) },
    bundle: bundle.hash,
  });
  await new Pages(new Incidents()).openEscalations(tx, [...opened, ...reopened, ...raised], stamped);
}

interface Sum {
  readonly model: string;
  readonly stage: string;
  readonly measure: string;
  readonly label: string;
}

async function readTraffic(tx: Tx, bundle: Bundle, from: number, to: number): Promise<StageTraffic[]> {
  const week = to - 7 * dayMs;
  const spans = [to, from, week, week - 28 * dayMs].map((at) => new Date(at));
  const rows = await tx.query<Sum & { day: number; week: number; past: number }>(protocolSums, spans);
  const over = await readOverRate(tx, bundle, from, to);
  const stages = Map.groupBy(rows, ({ model, stage }) => `${model}\u0000${stage}`);
  return [...stages.values()].map((own) => {
    const { model, stage } = own[0]!;
    const overRate = over?.find((one) => one.model === model && one.stage === stage);
    const counts = (span: 'day' | 'week' | 'past') => countsOf(own.map((row) => ({ ...row, count: row[span] })));
    return {
      model,
      stage,
      day: counts('day'),
      week: counts('week'),
      past: counts('past'),
      ...(overRate && { overRate }),
    };
  });
}

function countsOf(rows: readonly (Sum & { readonly count: number })[]): ProtocolCounts {
  const total = (measure: string) =>
    rows.filter((row) => row.measure === measure).reduce((sum, { count }) => sum + count, 0);
  const byProtocol = (word: 'ran' | 'flagged') =>
    Object.fromEntries(
      rows
        .filter(({ measure, label }) => measure === 'protocol' && label.endsWith(` ${word}`))
        .map(({ label, count }) => [label.slice(0, -word.length - 1), count]),
    );
  return {
    outputs: total('outputs'),
    feedback: total('feedback'),
    ran: byProtocol('ran'),
    flagged: byProtocol('flagged'),
  };
}

async function readOverRate(tx: Tx, { policies, settings }: Bundle, from: number, to: number) {
  const limited = policies.flatMap(({ model, stages }) =>
    stages
      .filter(({ protocols }) => protocols.includes('rate_limit'))
      .map(({ name, requestsPerMinute }) => ({ model, stage: name, requestsPerMinute })),
  );
  if (limited.length === 0 || settings.outputIndexMs === undefined) return undefined;
  return tx.query<{ model: string; stage: string; accounts: number; most: number }>(overRateLimit, [
    new Date(from),
    new Date(to),
    textArray(limited.map(({ model }) => model)),
    textArray(limited.map(({ stage }) => stage)),
    numberArray(limited.map(({ requestsPerMinute }) => requestsPerMinute)),
  ]);
}

/** Detectors that judge outputs; findings about stages have periods of their own and no rate. */
const withoutRate = new Set(['conformance', 'assurance', 'drift']);

async function readRates(tx: Tx, to: number): Promise<RateWindows[]> {
  type Row = Sum & { hour: number; sixHours: number; threeDays: number; past: number };
  const spans = [0, hourMs, 6 * hourMs, 3 * dayMs, 31 * dayMs].map((back) => new Date(to - back));
  const rows = await tx.query<Row>(rateSums, spans);
  return rows
    .filter(({ measure, label }) => measure === 'findings' && !withoutRate.has(label))
    .flatMap((row): RateWindows[] => {
      const outputs = rows.find(
        ({ measure, model, stage }) => measure === 'outputs' && model === row.model && stage === row.stage,
      );
      if (!outputs) return [];
      const rate = (span: 'hour' | 'sixHours' | 'threeDays' | 'past') => ({
        findings: row[span],
        outputs: outputs[span],
      });
      return [
        {
          model: row.model,
          stage: row.stage,
          detector: row.label,
          hour: rate('hour'),
          sixHours: rate('sixHours'),
          threeDays: rate('threeDays'),
          past: rate('past'),
        },
      ];
    });
}
