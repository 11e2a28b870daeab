/**
 * Reads a period's facts: a few statements over counts and narrow columns, none of which selects a text of a model.
 * What happened is taken from append-only rows wherever there are any, so a report printed again says the same.
 */
import { timestampArray, type Query } from '../database/index.js';
import { Findings, Tallies, type Severity } from '../incidents/index.js';
import { Thresholds } from '../policy/index.js';
import type {
  AnswerTime,
  ChannelDelivery,
  ClosedIncidents,
  Delays,
  Facts,
  NamedIncident,
  OpenedIncidents,
  PagesInQuarter,
  PeriodFacts,
  StageFacts,
  ThresholdFact,
  UndeliveredMessages,
  UnresolvedIncident,
  WatchlistHits,
} from './facts.js';
import { columnsOf, periodBefore, type Period } from './period.js';

const openedIncidents = `
  select kind, severity, detector, rule, model, stage, purpose,
         count(*) as count, count(*) filter (where late_ms > 0) as late
    from tocsin.incident
   where opened_at >= $1 and opened_at < $2 and kind <> 'synthetic'
   group by kind, severity, detector, rule, model, stage, purpose`;

const closedIncidents = `
  select i.detector, i.rule, coalesce(e.details->>'resolution', 'resolved') as resolution, count(*) as count
    from tocsin.incident_event e join tocsin.incident i on i.id = e.incident
   where e.at >= $1 and e.at < $2 and e.what = 'resolved' and i.kind <> 'synthetic'
   group by 1, 2, 3`;

// From the round's own beginning: an incident that opened again was not unanswered in between.
const answerTimes = `
  with answered as (
    select i.severity, case e.what when 'acknowledged' then 'acknowledge' else 'resolve' end as what,
           extract(epoch from e.at - (select max(o.at) from tocsin.incident_event o
                                       where o.incident = e.incident and o.sequence < e.sequence
                                         and o.what in ('opened', 'reopened')))::double precision as seconds
      from tocsin.incident_event e join tocsin.incident i on i.id = e.incident
     where e.at >= $1 and e.at < $2 and e.what in ('acknowledged', 'resolved') and i.kind <> 'synthetic'
  )
  select what, severity, count(*) as count,
         percentile_cont(0.5) within group (order by seconds) as median,
         percentile_cont(0.9) within group (order by seconds) as p90
    from answered
   where seconds is not null
   group by grouping sets ((what), (what, severity))
   order by what, severity nulls first`;

// The pager's own tries are not pages: synthetic ones and checks of contact methods are left out.
const channelDeliveries = `
  select n.channel, count(*) as attempts,
         count(*) filter (where a.outcome = 'sent') as sent,
         count(*) filter (where a.outcome = 'retry') as retried,
         count(*) filter (where a.outcome = 'refused') as refused,
         percentile_cont(0.5) within group (order by a.ms) filter (where a.outcome = 'sent') as "p50Ms",
         percentile_cont(0.99) within group (order by a.ms) filter (where a.outcome = 'sent') as "p99Ms"
    from tocsin.delivery_attempt a join tocsin.notification n on n.id = a.notification
   where a.at >= $1 and a.at < $2 and n.kind not in ('synthetic', 'check')
   group by n.channel
   order by n.channel`;

const undeliveredMessages = `
  select n.channel, l.reason, count(*) as count
    from tocsin.notification n
    left join lateral (select reason from tocsin.delivery_attempt a
                        where a.notification = n.id order by attempt desc limit 1) l on true
   where n.created_at >= $1 and n.created_at < $2 and n.state in ('refused', 'failed')
     and n.kind not in ('synthetic', 'check')
   group by 1, 2
   order by 3 desc, 1, 2`;

const possibleDuplicates = `
  select count(*) as count from tocsin.notification
   where created_at >= $1 and created_at < $2 and possible_duplicate`;

const pagesByQuarter = `
  select responder, date_bin('15 minutes', sent_at, '2000-01-01') as at, count(*) as count
    from tocsin.notification
   where sent_at >= $1 and sent_at < $2 and kind in ('page', 'fallback', 'bundle')
   group by 1, 2
   order by 1, 2`;

const exhaustedEscalations = `
  select i.number, i.title, i.severity, e.at
    from tocsin.incident_event e join tocsin.incident i on i.id = e.incident
   where e.at >= $1 and e.at < $2 and e.details->>'state' = 'exhausted' and i.kind <> 'synthetic'
   order by e.at`;

const deadLettersByReason = `
  select reason, count(*) as count from tocsin.dead_letter
   where appended_at >= $1 and appended_at < $2
   group by reason order by 2 desc, 1`;

// As they stood at the period's end, or now where that is still to come.
const unresolvedIncidents = `
  select i.number, i.title, i.severity, i.opened_at as at,
         case when i.acknowledged_at < $1 then i.acknowledged_at end as "acknowledgedAt",
         case when i.acknowledged_at < $1 then i.acknowledged_by end as "acknowledgedBy",
         (select max(e.at) from tocsin.incident_event e
           where e.incident = i.id and e.who <> 'tocsin' and e.at < $1) as "touchedAt",
         count(*) over () as total
    from tocsin.incident i
   where i.opened_at < $1 and (i.resolved_at is null or i.resolved_at >= $1) and i.kind <> 'synthetic'
     and coalesce(i.purpose, 'production') = 'production'
   order by i.severity, i.opened_at
   limit 500`;

const confirmedInShadow = `
  select count(distinct f.id) as count
    from tocsin.review r join tocsin.finding f on f.id = r.finding
   where r.at >= $1 and r.at < $2 and r.label = 'true' and f.shadow`;

const watchlistHits = `
  select matched as entry, count(*) as findings, count(distinct account) as accounts,
         count(distinct incident) as incidents, count(*) filter (where shadow) as shadow
    from tocsin.finding
   where recorded_at >= $1 and recorded_at < $2 and detector = 'disinformation'
   group by matched
   order by 2 desc, 1
   limit 500`;

const waitingReferences = `
  select kind, state, count(*) as count from tocsin.waiting_reference
   where arrived_at >= $1 and arrived_at < $2
   group by 1, 2 order by 1, 2`;

const readDelays = `
  select count(*) as findings,
         count(*) filter (where recorded_at - at > interval '5 minutes') as "overFiveMinutes",
         coalesce(extract(epoch from max(recorded_at - at)), 0)::double precision as "longestSeconds"
    from tocsin.finding
   where recorded_at >= $1 and recorded_at < $2 and event_id is not null`;

const longestSilence = `
  select extract(epoch from next - minute)::double precision as seconds, minute as "from"
    from (select minute, lead(minute) over (order by minute) as next
            from (select distinct minute from tocsin.tally
                   where measure = 'outputs' and minute >= $1 and minute < $2) m) g
   where next is not null
   order by 1 desc, 2
   limit 1`;

const floodsOf = `
  select subject, began_at as "beganAt", lifted_at as "liftedAt" from tocsin.flood
   where began_at < $2 and (lifted_at is null or lifted_at >= $1)
   order by began_at, subject`;

const stageFacts = `
  with outputs as (
    select model, stage, sum(count) as outputs from tocsin.tally
     where measure = 'outputs' and purpose in ('', 'production') and minute < $2 and stage <> ''
     group by 1, 2
  ), unresolved as (
    select model, stage, count(*) as open, count(*) filter (where severity in ('SEV1', 'SEV2')) as severe
      from tocsin.incident
     where kind = 'detection' and stage is not null and coalesce(purpose, 'production') = 'production'
       and opened_at < $2 and (resolved_at is null or resolved_at >= $2)
     group by 1, 2
  ), complaints as (
    select model, stage, jsonb_agg(jsonb_build_object('check', label, 'count', count) order by label) as complaints
      from (select model, stage, label, count(*) as count from tocsin.finding
             where recorded_at >= $1 and recorded_at < $2 and detector in ('conformance', 'assurance', 'drift')
               and stage is not null and not shadow
             group by 1, 2, 3) c
     group by 1, 2
  )
  select p.model, p.stage, s.first_event_at as "firstEventAt", coalesce(o.outputs, 0)::bigint as outputs,
         coalesce(u.open, 0) as open, coalesce(u.severe, 0) as "openSevere",
         coalesce(c.complaints, '[]') as complaints
    from (select model, stage from tocsin.stage_start union select model, stage from outputs) p
    left join tocsin.stage_start s using (model, stage)
    left join outputs o using (model, stage)
    left join unresolved u using (model, stage)
    left join complaints c using (model, stage)`;

const publishedThresholds = `
  select version, model, stage, detector, value, effective_from as at, published_by as by
    from tocsin.threshold
   where effective_from >= $1 and effective_from < $2
   order by effective_from, version`;

const appliedBundles = `
  select hash, applied_at as at, applied_by as by from tocsin.bundle_application
   where applied_at >= $1 and applied_at < $2
   order by sequence`;

const incidentSeries = `
  select width_bucket(opened_at, $3::timestamptz[]) - 1 as column, severity as what, count(*) as count
    from tocsin.incident
   where opened_at >= $1 and opened_at < $2 and kind <> 'synthetic'
   group by 1, 2
   order by 1, 2`;

const findingSeries = `
  select width_bucket(minute, $3::timestamptz[]) - 1 as column, 'findings' as what, sum(count)::bigint as count
    from tocsin.tally
   where minute >= $1 and minute < $2 and measure = 'findings'
   group by 1
   order by 1`;

/** What happened in `period` and the one before. `now` is domain time. */
export async function readFacts(query: Query, period: Period, now: Date, lag?: number): Promise<Facts> {
  const from = new Date(period.from);
  const to = new Date(period.to);
  const span = [from, to];
  const end = to < now ? to : now;
  const findings = new Findings();
  const rows = <Row>(sql: string, parameters: readonly unknown[] = span) => query.query<Row>(sql, parameters);
  const unresolved = await rows<UnresolvedIncident & { total: number }>(unresolvedIncidents, [end]);
  const [shadow] = await rows<{ count: number }>(confirmedInShadow);
  const [delays] = await rows<Delays>(readDelays);
  const [silence] = await rows<{ seconds: number; from: Date }>(longestSilence);
  const columns = [...span, timestampArray(columnsOf(period))];
  return {
    now,
    period: await readPeriod(query, period),
    before: await readPeriod(query, periodBefore(period)),
    unresolved,
    unresolvedCount: unresolved[0]?.total ?? 0,
    precision: await findings.precision(query, from, to),
    precisionOfRules: await findings.precision(query, from, to, true),
    confirmedInShadow: shadow?.count ?? 0,
    watchlist: await rows<WatchlistHits>(watchlistHits),
    references: await rows<Facts['references'][number]>(waitingReferences),
    delays: delays ?? { findings: 0, overFiveMinutes: 0, longestSeconds: 0 },
    ...(silence && { silence }),
    floods: await rows<Facts['floods'][number]>(floodsOf),
    stages: await rows<StageFacts>(stageFacts),
    proposals: (await new Thresholds().waiting(query)).map(({ proposedAt, proposedBy, ...row }) => ({
      ...placeOf(row),
      at: proposedAt,
      by: proposedBy,
    })),
    published: await rows<ThresholdFact>(publishedThresholds),
    bundles: await rows<Facts['bundles'][number]>(appliedBundles),
    series: [
      ...(await rows<{ column: number; what: Severity; count: number }>(incidentSeries, columns)),
      ...(await rows<{ column: number; what: 'findings'; count: number }>(findingSeries, columns)),
    ],
    ...(lag !== undefined && { lag }),
  };
}

async function readPeriod(query: Query, period: Period): Promise<PeriodFacts> {
  const from = new Date(period.from);
  const to = new Date(period.to);
  const rows = <Row>(sql: string) => query.query<Row>(sql, [from, to]);
  const [duplicates] = await rows<{ count: number }>(possibleDuplicates);
  return {
    tallies: await new Tallies().sum(query, from, to),
    opened: await rows<OpenedIncidents>(openedIncidents),
    closed: await rows<ClosedIncidents>(closedIncidents),
    answers: await rows<AnswerTime>(answerTimes),
    deliveries: await rows<ChannelDelivery>(channelDeliveries),
    undelivered: await rows<UndeliveredMessages>(undeliveredMessages),
    possibleDuplicates: duplicates?.count ?? 0,
    pages: await rows<PagesInQuarter>(pagesByQuarter),
    exhausted: await rows<NamedIncident>(exhaustedEscalations),
    deadLetters: await rows<PeriodFacts['deadLetters'][number]>(deadLettersByReason),
  };
}

function placeOf({ version, model, stage, detector, value }: Omit<ThresholdFact, 'at' | 'by'>) {
  return { version, model, stage, detector, value };
}
