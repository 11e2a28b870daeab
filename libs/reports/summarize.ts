/** What do the facts of a period amount to? Pure: the same facts, period and policy give the same report. */
import { severities, wilson, type TallySum } from '../incidents/index.js';
import { scheduleIssues, type Plan } from '../paging/index.js';
import type { Bundle } from '../policy/index.js';
import { added, compared, countOf, isProduction, labelsOf, named, sum } from './counts.js';
import type { Facts, PeriodFacts } from './facts.js';
import { firstPage } from './first-page.js';
import { pagesOf } from './pages.js';
import type { Period } from './period.js';
import type { AnswerTimes, Named, Noise, Report, Share, TopicHits } from './report.js';
import { stageClocks } from './stage-clock.js';

/** What of the configuration a report reads; `plan` with the overrides made since. */
export interface ReportPolicy extends Pick<Bundle, 'policies' | 'watchlist' | 'settings'> {
  readonly plan: Plan;
}

const loudest = 10;
const dayMs = 86_400_000;

export function summarize(facts: Facts, period: Period, policy: ReportPolicy): Report {
  const { period: now, before } = facts;
  const end = Math.min(period.to, facts.now.getTime());
  const { unacknowledged, forgotten } = waitingOf(facts, policy.plan, end);
  return {
    period,
    madeAt: facts.now.getTime(),
    soFar: facts.now.getTime() < period.to,
    firstPage: firstPage(facts, policy),
    outputs: compared(facts, (one) => countOf(one.tallies, 'outputs')),
    findings: compared(facts, (one) => countOf(one.tallies, 'findings')),
    incidents: compared(facts, (one) => sum(production(one))),
    nonProduction: compared(facts, (one) => sum(one.opened) - sum(production(one))),
    bySeverity: bySeverity(facts),
    byDetector: named(facts, (one) => production(one).map((row) => [row.detector ?? row.kind, row.count])),
    byStage: named(facts, (one) => production(one).map((row) => [stageName(row.model, row.stage), row.count])),
    answers: answersOf(now, before),
    loudestRules: named(facts, (one) => labelsOf(one.tallies, 'rule_hits')).slice(0, loudest),
    loudestDetectors: named(facts, (one) => labelsOf(one.tallies, 'findings')),
    noise: noiseOf(now),
    precision: facts.precision,
    precisionOfRules: facts.precisionOfRules.filter(({ rule }) => rule !== undefined),
    recall: sharesOf(now.tallies, 'control_found', 'control'),
    watchlist: topicsOf(facts, policy),
    deliveries: now.deliveries.map((row) => ({
      ...row,
      attemptsBefore: before.deliveries.find(({ channel }) => channel === row.channel)?.attempts ?? 0,
    })),
    undelivered: now.undelivered,
    possibleDuplicates: compared(facts, (one) => one.possibleDuplicates),
    pages: pagesOf(now.pages, before.pages, (responder) => policy.plan.responders[responder]?.zone ?? period.timezone),
    exhausted: now.exhausted,
    exhaustedBefore: before.exhausted.length,
    unacknowledged,
    forgotten,
    unresolved: facts.unresolvedCount,
    gaps: scheduleIssues(policy.plan, facts.now.getTime(), 90 * dayMs),
    deadLetters: named(facts, (one) => one.deadLetters.map(({ reason, count }) => [reason, count])),
    floods: facts.floods,
    conformance: named(facts, (one) => labelsOf(one.tallies, 'conformance')),
    proposals: facts.proposals,
    published: facts.published,
    stages: stageClocks(policy.policies, facts.stages, end),
    fairness: policy.policies.some(({ mitigation }) => mitigation.fairnessMetrics)
      ? sharesOf(now.tallies, 'group_found', 'group')
      : [],
    bundles: facts.bundles,
    series: facts.series,
  };
}

function production({ opened }: PeriodFacts): PeriodFacts['opened'] {
  return opened.filter(isProduction);
}

function bySeverity(facts: Facts): Named[] {
  const counts = (of: PeriodFacts, severity: string) => sum(production(of).filter((row) => row.severity === severity));
  return severities.map((name) => ({ name, now: counts(facts.period, name), before: counts(facts.before, name) }));
}

function stageName(model: string | null, stage: string | null): string {
  if (stage === null) return model === null ? 'no stage' : `${model}, no stage`;
  return model === null ? stage : `${model}, ${stage}`;
}

/** Of all together and of each severity that was answered in either period. */
function answersOf(now: PeriodFacts, before: PeriodFacts): AnswerTimes[] {
  return (['acknowledge', 'resolve'] as const).flatMap((what) =>
    [null, ...severities].flatMap((severity): AnswerTimes[] => {
      const find = (of: PeriodFacts) => of.answers.find((row) => row.what === what && row.severity === severity);
      const current = find(now);
      const earlier = find(before);
      if (!current && !earlier && severity !== null) return [];
      return [
        {
          what,
          ...(severity !== null && { severity }),
          count: current?.count ?? 0,
          ...(current && { median: current.median, p90: current.p90 }),
          ...(earlier && { medianBefore: earlier.median, p90Before: earlier.p90 }),
        },
      ];
    }),
  );
}

/** Which detectors and rules cry wolf: those with most incidents closed as false first. */
function noiseOf({ closed }: PeriodFacts): Noise[] {
  const groups = Map.groupBy(closed, ({ detector, rule }) => JSON.stringify([detector, rule]));
  return [...groups.values()]
    .map((rows): Noise => {
      const { detector, rule } = rows[0]!;
      const total = sum(rows);
      const asFalse = sum(rows.filter(({ resolution }) => resolution === 'false_positive'));
      return {
        detector: detector ?? 'other tools',
        ...(rule !== null && { rule }),
        closed: total,
        asFalse,
        interval: wilson(asFalse, total),
      };
    })
    .filter(({ asFalse }) => asFalse > 0)
    .toSorted((a, b) => b.asFalse - a.asFalse || a.closed - b.closed);
}

/** Hits among a total of the same label, whatever the purpose: controls are no production. */
function sharesOf(tallies: readonly TallySum[], hitMeasure: string, totalMeasure: string): Share[] {
  const count = (measure: string) =>
    added(tallies.filter((row) => row.measure === measure).map(({ label, count }) => [label, count] as const));
  const hits = count(hitMeasure);
  return [...count(totalMeasure)]
    .map(([name, total]) => {
      // A duplicate or a late join may count a hit whose total stands in the minute before the period.
      const found = Math.min(total, hits.get(name) ?? 0);
      return { name, hits: found, total, interval: wilson(found, total) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function topicsOf(facts: Facts, { watchlist }: ReportPolicy): TopicHits[] {
  const topics = Map.groupBy(
    facts.watchlist,
    ({ entry }) => watchlist.find(({ id }) => id === entry)?.narrative ?? 'no topic',
  );
  return [...topics]
    .map(([topic, entries]) => ({ topic, findings: entries.reduce((all, one) => all + one.findings, 0), entries }))
    .toSorted((a, b) => b.findings - a.findings);
}

/** Open and nobody has taken it; taken, and then nothing for longer than its severity allows (a day, unless the plan says). */
function waitingOf({ unresolved }: Facts, plan: Plan, end: number): Pick<Report, 'unacknowledged' | 'forgotten'> {
  return {
    unacknowledged: unresolved.filter(({ acknowledgedAt }) => acknowledgedAt === null),
    forgotten: unresolved.filter(({ acknowledgedAt, touchedAt, severity }) => {
      if (acknowledgedAt === null) return false;
      const last = Math.max(acknowledgedAt.getTime(), touchedAt?.getTime() ?? 0);
      // An update each few minutes is for the pager to demand; a report speaks of a day at least.
      return end - last >= Math.max(dayMs, plan.severities[severity]?.update_every ?? 0);
    }),
  };
}
