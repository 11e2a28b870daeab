/**
 * Windows in the database: groups locked in sorted order, then their signals added, and only then the windows read, so
 * that of two partitions that complete one threshold together the second sees what the first wrote (promise 6).
 */
import { jsonArray, textArray, timestampArray, type Tx } from '../database/index.js';
import { completeWindow, groupHash, type Completion, type Window } from './complete.js';
import type { Correlation, Signal } from './window.js';

const lockGroups = `
  insert into tocsin.window_group as g (correlation, group_hash, members, last_at, expires_at)
  select w.correlation, w.group_hash, w.members, w.last_at, w.expires_at
    from unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::timestamptz[])
         as w (correlation, group_hash, members, last_at, expires_at)
   order by w.correlation, w.group_hash
  on conflict (correlation, group_hash) do update
     set last_at = greatest(g.last_at, excluded.last_at), expires_at = greatest(g.expires_at, excluded.expires_at)`;

const insertSignals = `
  insert into tocsin.signal (correlation, group_hash, event, rule, at, value, finding, expires_at)
  select s.correlation, s.group_hash, s.event, s.rule, s.at, s.value, s.finding, s.expires_at
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::timestamptz[])
         as s (correlation, group_hash, event, rule, at, value, finding, expires_at)
   order by s.correlation, s.group_hash, s.event, s.rule
  on conflict do nothing
  returning correlation, group_hash, event, rule`;

/** Entries of one window that are looked at, the newest: used ones do not count, so only sums and ratios come near. */
const longestWindow = 10_000;

const readWindows = `
  select w.place::integer as place, s.rule, s.event, s.at, s.value, s.finding
    from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[])
         with ordinality as w (correlation, group_hash, since, until, place)
   cross join lateral (
           select rule, event, at, value, finding from tocsin.signal
            where correlation = w.correlation and group_hash = w.group_hash and not used
              and at between w.since and w.until
            order by at desc
            limit ${longestWindow}) as s
   order by w.place, s.at, s.event, s.rule`;

const useSignals = `
  update tocsin.signal s set used = true
    from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as u (correlation, group_hash, event, rule)
   where s.correlation = u.correlation and s.group_hash = u.group_hash and s.event = u.event and s.rule = u.rule`;

/** Adds signals and answers what they completed, whose entries are then used; its findings are the caller's to write. */
export async function addSignals(
  tx: Tx,
  signals: readonly Signal[],
  correlations: ReadonlyMap<string, Correlation>,
): Promise<Completion[]> {
  const groups = groupsOf(signals, correlations);
  if (groups.length === 0) return [];
  const keep = (at: number, { timespan }: Correlation) => Math.max(at, tx.now.getTime()) + timespan + 24 * 3_600_000;
  await tx.query(lockGroups, [
    textArray(groups.map(({ correlation }) => correlation.id)),
    textArray(groups.map(({ hash }) => hash)),
    jsonArray(groups.map(({ group }) => group)),
    timestampArray(groups.map(({ until }) => until)),
    timestampArray(groups.map(({ until, correlation }) => keep(until, correlation))),
  ]);
  const all = groups.flatMap((group) => group.signals.map((signal) => ({ group, signal })));
  const added = await tx.query<{ correlation: string; group_hash: string; event: string; rule: string }>(
    insertSignals,
    [
      textArray(all.map(({ group }) => group.correlation.id)),
      textArray(all.map(({ group }) => group.hash)),
      textArray(all.map(({ signal }) => signal.eventId)),
      textArray(all.map(({ signal }) => signal.rule)),
      timestampArray(all.map(({ signal }) => signal.at)),
      textArray(all.map(({ signal }) => signal.value)),
      textArray(all.map(({ signal }) => signal.finding)),
      timestampArray(all.map(({ signal, group }) => keep(signal.at, group.correlation))),
    ],
  );
  if (added.length === 0) return [];
  const isNew = new Set(
    added.map((row) => `${row.correlation}\u0000${row.group_hash}\u0000${row.event}\u0000${row.rule}`),
  );
  const windows = await readAll(tx, groups, (group, signal) =>
    isNew.has(`${group.correlation.id}\u0000${group.hash}\u0000${signal.eventId}\u0000${signal.rule}`),
  );
  const completions = windows.flatMap(completeWindow);
  if (completions.length === 0) return [];
  const used = completions.flatMap(({ window, used: entries }) => entries.map((entry) => ({ window, entry })));
  await tx.query(useSignals, [
    textArray(used.map(({ window }) => window.correlation.id)),
    textArray(used.map(({ window }) => window.groupHash)),
    textArray(used.map(({ entry }) => entry.eventId)),
    textArray(used.map(({ entry }) => entry.rule)),
  ]);
  return completions;
}

interface SignalGroup {
  readonly correlation: Correlation;
  readonly group: Readonly<Record<string, string>>;
  readonly hash: string;
  readonly signals: Signal[];
  since: number;
  until: number;
}

/** Red-team runs and controls have windows of their own. */
function groupsOf(signals: readonly Signal[], correlations: ReadonlyMap<string, Correlation>): SignalGroup[] {
  const groups = new Map<string, SignalGroup>();
  for (const signal of signals) {
    const correlation = correlations.get(signal.correlation);
    if (!correlation) continue;
    const { purpose } = signal.subject;
    const group = purpose === undefined || purpose === 'production' ? signal.group : { ...signal.group, purpose };
    const hash = groupHash(group);
    const key = `${correlation.id}\u0000${hash}`;
    const known = groups.get(key);
    if (known) {
      known.signals.push(signal);
      known.since = Math.min(known.since, signal.at);
      known.until = Math.max(known.until, signal.at);
    } else groups.set(key, { correlation, group, hash, signals: [signal], since: signal.at, until: signal.at });
  }
  return [...groups.values()];
}

async function readAll(
  tx: Tx,
  groups: readonly SignalGroup[],
  isNew: (group: SignalGroup, signal: Signal) => boolean,
): Promise<Window[]> {
  interface Row {
    readonly place: number;
    readonly rule: string;
    readonly event: string;
    readonly at: Date;
    readonly value: string | null;
    readonly finding: string | null;
  }
  const rows = await tx.query<Row>(readWindows, [
    textArray(groups.map(({ correlation }) => correlation.id)),
    textArray(groups.map(({ hash }) => hash)),
    timestampArray(groups.map(({ since, correlation }) => since - correlation.timespan)),
    timestampArray(groups.map(({ until, correlation }) => until + correlation.timespan)),
  ]);
  const entries = groups.map((): Window['entries'][number][] => []);
  for (const { place, rule, event, at, value, finding } of rows)
    entries[place - 1]!.push({
      rule,
      eventId: event,
      at: at.getTime(),
      ...(value === null ? {} : { value }),
      ...(finding === null ? {} : { finding }),
    });
  return groups.map((group, i) => ({
    correlation: group.correlation,
    group: group.group,
    groupHash: group.hash,
    entries: entries[i]!,
    fresh: group.signals.filter((signal) => isNew(group, signal)),
  }));
}
