/**
 * What becomes of new findings: which incidents open, grow, re-open or turn more severe. Pure: the caller has locked
 * the incidents it passes, and writes what this answers.
 *
 * - A finding of level high or critical, a task, and a completed correlation of any level open an incident of their key.
 * - A lower one joins the open incident of its key, or waits for a correlation. Review-only findings join and never
 *   open; shadow findings and those of other purposes do neither.
 * - Within the re-open time after a resolve the same incident opens again, in a new round. One that a person called a
 *   false positive takes further findings in silence, unless they would be more severe than it ever was.
 */
import type { Completion } from './complete.js';
import type { Finding } from './finding.js';
import {
  falsePositive,
  incidentId,
  isWorse,
  keyHash,
  keyOf,
  type CorrelationKey,
  type Incident,
  type OpeningPolicy,
  type Severity,
} from './incident.js';

/** Findings of one key, in the order of their event time. */
export interface KeyedFindings {
  readonly key: CorrelationKey;
  readonly keyHash: string;
  readonly findings: readonly Finding[];
  /** Ids of earlier findings that join with them. */
  readonly members: readonly string[];
  /** The one that may open, if any does. */
  readonly opener?: Finding;
  /** The worst of those that may open. */
  readonly severity?: Severity;
}

export type Change =
  | {
      readonly change: 'open';
      readonly keyed: KeyedFindings;
      readonly id: string;
      readonly severity: Severity;
      readonly lateMs: number;
    }
  | { readonly change: 'grow'; readonly keyed: KeyedFindings; readonly incident: Incident }
  | {
      readonly change: 'reopen';
      readonly keyed: KeyedFindings;
      readonly incident: Incident;
      readonly severity: Severity;
    }
  | {
      readonly change: 'raise';
      readonly keyed: KeyedFindings;
      readonly incident: Incident;
      readonly severity: Severity;
    };

/** `incidents` by key hash: the open one, else the one resolved within the re-open time, a merged one's target. */
export function correlate(
  keyed: readonly KeyedFindings[],
  incidents: ReadonlyMap<string, Incident>,
  policy: OpeningPolicy,
  now: Date,
): Change[] {
  const severities = new Map<string, Severity>();
  const opened = new Set<string>();
  return keyed.flatMap((one): Change[] => {
    const found = incidents.get(one.keyHash);
    // Two keys share an incident after a merge: the second must see what the first did to it.
    const incident = found && opened.has(found.id) ? { ...found, status: 'open' as const } : found;
    const change = changeFor(one, incident, policy, now, incident && severities.get(incident.id));
    if (change?.change === 'reopen') opened.add(change.incident.id);
    if (change?.change === 'reopen' || change?.change === 'raise') severities.set(change.incident.id, change.severity);
    return change ? [change] : [];
  });
}

function changeFor(
  keyed: KeyedFindings,
  incident: Incident | undefined,
  policy: OpeningPolicy,
  now: Date,
  raisedTo?: Severity,
): Change | undefined {
  const { opener, severity } = keyed;
  const current = incident && (raisedTo ?? incident.severity);
  const worse = current !== undefined && severity !== undefined && isWorse(severity, current);
  switch (incident ? phase(incident, policy, now) : 'none') {
    case 'none':
      return opener && severity
        ? {
            change: 'open',
            keyed,
            id: incidentId(keyed.keyHash, opener.id),
            severity,
            lateMs: lateness(opener.at, now),
          }
        : undefined;
    case 'open':
      return worse
        ? { change: 'raise', keyed, incident: incident!, severity }
        : { change: 'grow', keyed, incident: incident! };
    case 'false':
      return worse
        ? { change: 'reopen', keyed, incident: incident!, severity }
        : { change: 'grow', keyed, incident: incident! };
    case 'resolved':
      return opener && severity
        ? { change: 'reopen', keyed, incident: incident!, severity: worse ? severity : current! }
        : undefined;
  }
}

function phase(incident: Incident, policy: OpeningPolicy, now: Date): 'none' | 'open' | 'false' | 'resolved' {
  if (incident.status !== 'resolved') return 'open';
  if (now.getTime() - incident.resolvedAt!.getTime() > policy.reopenWithin) return 'none';
  return incident.resolution === falsePositive ? 'false' : 'resolved';
}

/** Opening, re-opening and severity need the row for update; growing takes it for share (promise 7). */
export function needsExclusive(change: Change): boolean {
  return change.change === 'reopen' || change.change === 'raise';
}

const lateAfter = 3_600_000;

/** Milliseconds between an event and now where that is over an hour, else 0. */
export function lateness(at: number, now: Date): number {
  const late = now.getTime() - at;
  return late > lateAfter ? late : 0;
}

/** Findings and completions by key, keys sorted; those that can neither open nor join are left out. */
export function byKey(
  findings: readonly Finding[],
  completions: readonly Completion[],
  policy: OpeningPolicy,
): KeyedFindings[] {
  const groups = new Map<string, { key: CorrelationKey; findings: Finding[]; members: string[] }>();
  const completed = new Set<string>();
  const add = (finding: Finding, members: readonly string[]) => {
    if (finding.shadow || !policy.purposes.includes(finding.subject.purpose ?? 'production')) return;
    const key = keyOf(finding);
    const hash = keyHash(key);
    const group = groups.get(hash) ?? { key, findings: [], members: [] };
    groups.set(hash, group);
    group.findings.push(finding);
    group.members.push(...members);
  };
  for (const finding of findings) add(finding, []);
  for (const { finding, members } of completions) {
    completed.add(finding.id);
    add(finding, members);
  }
  const opens = ({ id, level, reviewOnly, task }: Finding) =>
    !reviewOnly && (task || completed.has(id) || level === 'high' || level === 'critical');

  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([hash, group]): KeyedFindings => {
      const sorted = group.findings.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
      const openers = sorted.filter(opens);
      const [opener] = openers;
      const worst = openers.map((finding) => policy.severityOf(finding)).sort()[0];
      return {
        key: group.key,
        keyHash: hash,
        findings: sorted,
        members: [...new Set(group.members)],
        ...(opener && worst ? { opener, severity: worst } : {}),
      };
    });
}
