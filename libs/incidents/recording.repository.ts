/**
 * Writes what a batch found, in the order that every writer keeps (promise 6): findings, sorted by id; the rows of
 * (correlation, group), locked in sorted order, and only then their windows; incidents, locked in sorted order. Output
 * index rows come before, notifications after. A statement that has nothing to do is not sent.
 */
import { booleanArray, jsonArray, numberArray, textArray, timestampArray, type Tx } from '../database/index.js';
import type { Completion } from './complete.js';
import { byKey, correlate, needsExclusive, type Change } from './correlate.js';
import { noteEvidence, type EvidenceSource } from './evidence.repository.js';
import type { Finding } from './finding.js';
import { keyHash, keyOf, type Incident, type OpeningPolicy } from './incident.js';
import { incidentOf, type IncidentRow } from './incident-row.js';
import { storeIncidentState } from './incidents.repository.js';
import { reopened } from './lifecycle.js';
import { appendTimeline } from './timeline.repository.js';
import { tocsin, type NewTimelineEntry } from './timeline.js';
import type { Correlation, Signal } from './window.js';
import { addSignals } from './windows.repository.js';

/** What to tell people about; empty lists where nothing of note happened. */
export interface Outcome {
  readonly opened: readonly Incident[];
  readonly reopened: readonly Incident[];
  /** Open ones that a finding made more severe. */
  readonly raised: readonly Incident[];
  /** Ids of incidents that only gained findings. */
  readonly grown: readonly string[];
}

const nothing: Outcome = { opened: [], reopened: [], raised: [], grown: [] };

// A judgement under another version of the detector supersedes the row; the same one again changes nothing.
const insertFindings = `
  insert into tocsin.finding as kept
         (id, event_source, event_id, detector, detector_version, rule, title, label, score, level, matched, spans,
          excerpt, at, recorded_at, key_hash, account, organization, end_user, conversation, model, version, stage,
          purpose, shadow, review_only, threshold_version, topic, partition, record_offset, bundle)
  select f.id, f.event_source, f.event_id, f.detector, f.detector_version, f.rule, f.title, f.label, f.score, f.level,
         f.matched, f.spans, f.excerpt, f.at, $1, f.key_hash, f.account, f.organization, f.end_user, f.conversation,
         f.model, f.version, f.stage, f.purpose, f.shadow, f.review_only, f.threshold_version, f.topic, f.partition,
         f.record_offset, $2
    from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                $11::float8[], $12::text[], $13::text[], $14::jsonb[], $15::text[], $16::timestamptz[], $17::text[],
                $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[],
                $25::text[], $26::boolean[], $27::boolean[], $28::integer[], $29::text[], $30::integer[], $31::bigint[])
         as f (id, event_source, event_id, detector, detector_version, rule, title, label, score, level, matched, spans,
               excerpt, at, key_hash, account, organization, end_user, conversation, model, version, stage,
               purpose, shadow, review_only, threshold_version, topic, partition, record_offset)
   order by f.id
  on conflict (id) do update
     set detector_version = excluded.detector_version, title = excluded.title, label = excluded.label,
         score = excluded.score, level = excluded.level, spans = excluded.spans, excerpt = excluded.excerpt,
         shadow = excluded.shadow and kept.incident is null, review_only = excluded.review_only,
         threshold_version = excluded.threshold_version, recorded_at = excluded.recorded_at, bundle = excluded.bundle
   where kept.detector_version <> excluded.detector_version
  returning id, incident is null as news`;

// The open incident of each key, else the one resolved last; of a merged one, where it went, up to five merges on.
const peekIncidents = `
  with recursive found as (
    select distinct on (key_hash) key_hash as wanted, id, merged_into, 0 as hop
      from tocsin.incident
     where key_hash = any ($1::text[]) and (status <> 'resolved' or resolved_at >= $2)
     order by key_hash, (status <> 'resolved') desc, resolved_at desc, number desc
  ), followed as (
    select * from found
    union all
    select f.wanted, i.id, i.merged_into, f.hop + 1
      from followed f join tocsin.incident i on i.id = f.merged_into
     where f.hop < 5
  )
  select f.wanted, f.hop, i.*
    from followed f join tocsin.incident i on i.id = f.id
   where f.merged_into is null`;

const insertIncidents = `
  insert into tocsin.incident
         (id, kind, title, status, severity, detector, rule, key, key_hash, stage, model, purpose, opened_at, event_at,
          late_ms, bundle)
  select i.id, 'detection', i.title, 'open', i.severity, i.detector, i.rule, i.key, i.key_hash, i.stage, i.model,
         i.purpose, $1, i.event_at, i.late_ms, $2
    from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::text[],
                $11::text[], $12::text[], $13::timestamptz[], $14::bigint[])
         as i (id, title, severity, detector, rule, key, key_hash, stage, model, purpose, event_at, late_ms)
   order by i.key_hash
  on conflict do nothing
  returning *`;

// Sorted, because earlier findings of other transactions are among them.
const attachFindings = `
  with mine as (
    select f.id, a.incident
      from unnest($1::text[], $2::text[]) as a (id, incident)
      join tocsin.finding f on f.id = a.id
     where f.incident is null and not f.shadow
     order by f.id
       for update of f
  )
  update tocsin.finding f set incident = mine.incident from mine where f.id = mine.id`;

/** Sizes worth a note. */
const milestones = [10, 100, 1_000];
const lastMilestone = milestones.at(-1)!;

const countFindings = `
  select i.id,
         (select count(*) from (select 1 from tocsin.finding f where f.incident = i.id limit ${lastMilestone}) as bounded) as findings,
         array(select e.once from tocsin.incident_event e where e.incident = i.id and e.once is not null) as noted
    from unnest($1::text[]) as i (id)
   order by i.id`;

const recentlyGrown = `
  select distinct incident as id from tocsin.finding
   where recorded_at >= tocsin.now() - interval '2 minutes' and incident is not null
   order by incident`;

/** The incidents are not as they were seen a moment ago: look again. */
class Stale extends Error {}

/** 40001: the transport runs the batch again. */
class LostRace extends Error {
  readonly code = '40001';
}

export class Recording {
  /** Incidents that have their last note: not counted again. Bounded; forgetting one costs a count. */
  private readonly full = new Set<string>();

  /** Inserts findings; answers those that are news: not there before, or superseded and in no incident yet. */
  async append(tx: Tx, findings: readonly Finding[], bundle?: string): Promise<Finding[]> {
    const distinct = [...new Map(findings.map((finding) => [finding.id, finding])).values()];
    if (distinct.length === 0) return [];
    const rows = await tx.query<{ id: string; news: boolean }>(insertFindings, [
      tx.now,
      bundle ?? null,
      textArray(distinct.map(({ id }) => id)),
      textArray(distinct.map(({ event }) => event?.source)),
      textArray(distinct.map(({ event }) => event?.id)),
      textArray(distinct.map(({ detector }) => detector)),
      textArray(distinct.map(({ detectorVersion }) => detectorVersion)),
      textArray(distinct.map(({ rule }) => rule)),
      textArray(distinct.map(({ title }) => title)),
      textArray(distinct.map(({ label }) => label)),
      numberArray(distinct.map(({ score }) => score)),
      textArray(distinct.map(({ level }) => level)),
      textArray(distinct.map(({ matched }) => matched)),
      jsonArray(distinct.map(({ spans }) => spans)),
      textArray(distinct.map(({ excerpt }) => excerpt)),
      timestampArray(distinct.map(({ at }) => at)),
      textArray(distinct.map((finding) => keyHash(keyOf(finding)))),
      textArray(distinct.map(({ subject }) => subject.account)),
      textArray(distinct.map(({ subject }) => subject.organization)),
      textArray(distinct.map(({ subject }) => subject.endUser)),
      textArray(distinct.map(({ subject }) => subject.conversation)),
      textArray(distinct.map(({ subject }) => subject.model)),
      textArray(distinct.map(({ subject }) => subject.version)),
      textArray(distinct.map(({ subject }) => subject.stage)),
      textArray(distinct.map(({ subject }) => subject.purpose)),
      booleanArray(distinct.map(({ shadow }) => shadow)),
      booleanArray(distinct.map(({ reviewOnly }) => reviewOnly)),
      numberArray(distinct.map(({ thresholdVersion }) => thresholdVersion)),
      textArray(distinct.map(({ origin }) => origin?.topic)),
      numberArray(distinct.map(({ origin }) => origin?.partition)),
      numberArray(distinct.map(({ origin }) => origin?.offset)),
    ]);
    const news = new Set(rows.flatMap(({ id, news: isNews }) => (isNews ? id : [])));
    return distinct.filter(({ id }) => news.has(id));
  }

  /**
   * Locks the groups of these signals in sorted order, adds the signals, reads the windows and writes what they
   * completed. Signals of an unknown correlation are left out. A completion whose finding is no news is one too.
   */
  async completeWindows(
    tx: Tx,
    signals: readonly Signal[],
    correlations: ReadonlyMap<string, Correlation>,
    bundle?: string,
  ): Promise<Completion[]> {
    const completions = await addSignals(tx, signals, correlations);
    if (completions.length === 0) return [];
    const news = new Set(
      (
        await this.append(
          tx,
          completions.map(({ finding }) => finding),
          bundle,
        )
      ).map(({ id }) => id),
    );
    return completions.filter(({ finding }) => news.has(finding.id));
  }

  /** Opens, grows, re-opens and raises incidents, and says which people must hear of. */
  async settle(
    tx: Tx,
    input: {
      readonly findings: readonly Finding[];
      readonly completions?: readonly Completion[];
      readonly policy: OpeningPolicy;
      readonly bundle?: string | undefined;
      /** Texts of the batch in hand, for the evidence behind what opens. */
      readonly evidence?: EvidenceSource;
    },
  ): Promise<Outcome> {
    const keyed = byKey(input.findings, input.completions ?? [], input.policy);
    if (keyed.length === 0) return nothing;
    for (let attempt = 0; attempt < 8; attempt++) {
      try {
        // A savepoint, because locks taken in the wrong mode are given back by rolling back to it.
        return await tx.savepoint(() => this.settleOnce(tx, keyed, input));
      } catch (error) {
        if (!(error instanceof Stale)) throw error;
      }
    }
    throw new LostRace('incidents changed under this batch eight times in a row');
  }

  /**
   * Writes growth notes that batches side by side could not see: each saw its own findings alone. For a chore, every few
   * seconds; answers how many incidents it looked at.
   */
  async noteGrowth(tx: Tx): Promise<number> {
    const grownOnes = await tx.query<{ id: string }>(recentlyGrown);
    await appendTimeline(
      tx,
      await this.milestonesOf(
        tx,
        grownOnes.map(({ id }) => id),
      ),
    );
    return grownOnes.length;
  }

  private async settleOnce(
    tx: Tx,
    keyed: ReturnType<typeof byKey>,
    { policy, bundle, evidence }: Parameters<Recording['settle']>[1],
  ): Promise<Outcome> {
    const since = new Date(tx.now.getTime() - Math.min(policy.reopenWithin, 1e12));
    const peeked = await tx.query<IncidentRow & { wanted: string; hop: number }>(peekIncidents, [
      textArray(keyed.map((one) => one.keyHash)),
      since,
    ]);
    // A target of a merge that is resolved too is the end of that trail: its own key decides about it.
    const rows = peeked.filter(({ hop, status }) => hop === 0 || status !== 'resolved');
    const seen = new Map(rows.map((row) => [row.wanted, incidentOf(row)]));
    const first = correlate(keyed, seen, policy, tx.now);
    const changes = await this.lockFor(tx, keyed, seen, first, policy);
    return this.apply(tx, changes, bundle, evidence);
  }

  /** Locks what the changes touch and decides again on what is then read; Stale where that asks for stronger locks. */
  private async lockFor(
    tx: Tx,
    keyed: ReturnType<typeof byKey>,
    seen: ReadonlyMap<string, Incident>,
    planned: readonly Change[],
    policy: OpeningPolicy,
  ): Promise<Change[]> {
    const exclusive = new Map<string, boolean>();
    for (const change of planned) {
      if (change.change === 'open') continue;
      const { id } = change.incident;
      exclusive.set(id, (exclusive.get(id) ?? false) || needsExclusive(change));
    }
    if (exclusive.size === 0) return [...planned];
    const locked = new Map(
      (
        await tx.query<IncidentRow>('select * from tocsin.lock_incidents($1, $2)', [
          textArray([...exclusive.keys()]),
          booleanArray([...exclusive.values()]),
        ])
      ).map((row) => [row.id, incidentOf(row)]),
    );
    const current = new Map<string, Incident>();
    for (const [hash, { id }] of seen) {
      const now = locked.get(id);
      if (now?.mergedInto !== undefined) throw new Stale();
      if (now) current.set(hash, now);
    }
    const relevant = new Set(planned.map(({ keyed: one }) => one.keyHash));
    const changes = correlate(
      keyed.filter(({ keyHash: hash }) => relevant.has(hash)),
      current,
      policy,
      tx.now,
    );
    const tooWeak = (change: Change) =>
      change.change !== 'open' && needsExclusive(change) && exclusive.get(change.incident.id) !== true;
    if (changes.some(tooWeak)) throw new Stale();
    return changes;
  }

  private async apply(
    tx: Tx,
    changes: readonly Change[],
    bundle: string | undefined,
    evidence: EvidenceSource | undefined,
  ): Promise<Outcome> {
    if (changes.length === 0) return nothing;
    const opened = await openIncidents(tx, changes, bundle);
    const timeline: NewTimelineEntry[] = opened.map(({ incident, change }) => openedEntry(incident, change));
    const reopenedNow: Incident[] = [];
    const raised: Incident[] = [];
    for (const change of changes) {
      if (change.change !== 'reopen' && change.change !== 'raise') continue;
      const before = change.incident;
      const after = { ...(change.change === 'reopen' ? reopened(before) : renewed(before)), severity: change.severity };
      await storeIncidentState(tx, after);
      if (change.change === 'reopen') {
        reopenedNow.push(after);
        timeline.push({ incident: after.id, ...tocsin, what: 'reopened', why: reopenReason(before) });
      } else raised.push(after);
      if (after.severity !== before.severity)
        timeline.push({
          incident: after.id,
          ...tocsin,
          what: 'severity changed',
          why: `a finding of level ${change.keyed.findings.at(-1)!.level} joined`,
          details: { from: before.severity, to: after.severity },
        });
    }
    const idOf = (change: Change) => (change.change === 'open' ? change.id : change.incident.id);
    const joining = changes.flatMap((change) =>
      [...change.keyed.findings.map(({ id }) => id), ...change.keyed.members].map((id) => ({
        id,
        incident: idOf(change),
      })),
    );
    await tx.query(attachFindings, [
      textArray(joining.map(({ id }) => id)),
      textArray(joining.map(({ incident }) => incident)),
    ]);
    timeline.push(...(await this.milestonesOf(tx, [...new Set(changes.map(idOf))])));
    await appendTimeline(tx, timeline);
    const fresh = changes.filter(({ change }) => change === 'open' || change === 'reopen');
    await noteEvidence(
      tx,
      fresh.map((change) => ({ incident: idOf(change), ...change.keyed })),
      evidence,
    );
    return {
      opened: opened.map(({ incident }) => incident),
      reopened: reopenedNow,
      raised,
      grown: changes.flatMap((change) => (change.change === 'grow' ? change.incident.id : [])),
    };
  }

  private async milestonesOf(tx: Tx, incidents: readonly string[]): Promise<NewTimelineEntry[]> {
    const asked = incidents.filter((id) => !this.full.has(id));
    if (asked.length === 0) return [];
    const rows = await tx.query<{ id: string; findings: number; noted: string[] }>(countFindings, [textArray(asked)]);
    return rows.flatMap(({ id, findings, noted }) => {
      if (noted.includes(grown(lastMilestone))) this.remember(id);
      return milestones
        .filter((size) => findings >= size && !noted.includes(grown(size)))
        .map((size) => ({ incident: id, ...tocsin, what: 'grown', why: `${size} findings`, once: grown(size) }));
    });
  }

  private remember(id: string): void {
    if (this.full.size >= 10_000) this.full.clear();
    this.full.add(id);
  }
}

/** Unique in an incident's timeline, so that of two batches that reach the size one writes the note. */
function grown(size: number): string {
  return `grown ${size}`;
}

/** A worse finding pages an open incident anew; one that somebody works on stays theirs. */
function renewed(incident: Incident): Incident {
  return incident.status === 'open' ? { ...incident, round: incident.round + 1 } : incident;
}

async function openIncidents(tx: Tx, changes: readonly Change[], bundle: string | undefined) {
  const opening = changes.filter((change) => change.change === 'open');
  if (opening.length === 0) return [];
  const openers = opening.map(({ keyed }) => keyed.opener!);
  const rows = await tx.query<IncidentRow>(insertIncidents, [
    tx.now,
    bundle ?? null,
    textArray(opening.map(({ id }) => id)),
    textArray(openers.map(({ title }) => title)),
    textArray(opening.map(({ severity }) => severity)),
    textArray(openers.map(({ detector }) => detector)),
    textArray(openers.map(({ rule }) => rule)),
    jsonArray(opening.map(({ keyed }) => keyed.key.values)),
    textArray(opening.map(({ keyed }) => keyed.keyHash)),
    textArray(openers.map(({ subject }) => subject.stage)),
    textArray(openers.map(({ subject }) => subject.model)),
    textArray(openers.map(({ subject }) => subject.purpose)),
    timestampArray(openers.map(({ at }) => at)),
    numberArray(opening.map(({ lateMs }) => Math.round(lateMs))),
  ]);
  // Another copy opened one of these keys while this one waited for it: join that one instead.
  if (rows.length < opening.length) throw new Stale();
  const byId = new Map(rows.map((row) => [row.id, incidentOf(row)]));
  return opening.map((change) => ({ change, incident: byId.get(change.id)! }));
}

function openedEntry(incident: Incident, { keyed, lateMs }: Extract<Change, { change: 'open' }>): NewTimelineEntry {
  const { rule, detector } = keyed.opener!;
  const late = lateMs > 0 ? `, ${Math.round(lateMs / 60_000)} minutes after its event` : '';
  return {
    incident: incident.id,
    ...tocsin,
    what: 'opened',
    why: `${rule === undefined ? detector : `rule ${rule}`}${late}`,
    details: { finding: keyed.opener!.id, severity: incident.severity },
  };
}

function reopenReason({ resolution, resolvedBy }: Incident): string {
  return `new findings after it was resolved as ${resolution} by ${resolvedBy}`;
}
