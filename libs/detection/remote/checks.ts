/**
 * Which outputs are put to an outside service, and how much of each may be shown to it? Pure, and quick to say "none":
 * the monitor asks it for every output, and without a service there is nothing to ask.
 */
import { hash } from 'node:crypto';
import type { OutputEvent } from '../../events/index.js';
import { findingId, outputSubject, type Finding } from '../../incidents/index.js';
import { sentences } from '../text/sentences.js';
import { checkKinds, type CheckKind, type DueCheck, type Egress, type RemotePolicy } from './check.js';

/** A search is for one sentence; longer ones are cut. */
const longestSentence = 500;
/** What a moderator reads of a text at most. */
const longestText = 32_000;

/**
 * The questions about one output. Whatever is not of production is not asked about: what comes back would be told apart
 * no longer.
 */
export function checksFor(event: OutputEvent, findings: readonly Finding[], policy: RemotePolicy): DueCheck[] {
  if (event.purpose !== 'production') return [];
  const checks: DueCheck[] = [];
  const { services } = policy;
  if (services.fact_check) {
    const doubtful = findings.find(isDoubtfulClaim);
    if (doubtful) checks.push(question('fact_check', event, policy, doubtful));
  }
  if (services.identity) {
    const claimed = new Set<string>();
    for (const finding of findings) {
      if (!isClaimedIdentity(finding) || claimed.has(finding.matched)) continue;
      claimed.add(finding.matched);
      checks.push(question('identity', event, policy, finding, finding.matched));
    }
  }
  if (services.moderation && wantsModeration(event, policy, services.moderation.sample ?? 0))
    checks.push(question('moderation', event, policy, findings[0]));
  return checks;
}

/** A watchlist match that the detector did not settle: told, but with doubt, or for a person to read. */
function isDoubtfulClaim({ detector, level, label, reviewOnly, shadow }: Finding): boolean {
  return detector === 'disinformation' && !shadow && (level === 'low' || label === 'mixed' || reviewOnly);
}

/** Speaks as somebody the operator protects; disclosed play is not asked about. */
function isClaimedIdentity({ detector, label, matched, reviewOnly, shadow }: Finding): boolean {
  return detector === 'impersonation' && label === 'impersonates' && matched !== 'unnamed' && !reviewOnly && !shadow;
}

/**
 * Its stage says that it is moderated and it was not, it says itself that it was not, or it is of the sample. A stage that
 * is not known promises what any of them does.
 */
function wantsModeration(event: OutputEvent, { stages }: RemotePolicy, sample: number): boolean {
  const said = event.safety['moderation_api'];
  if (said && !said.ran) return true;
  if (!said) {
    const own = stages.filter(({ name }) => name === event.stage);
    if ((own.length > 0 ? own : stages).some(({ protocols }) => protocols.includes('moderation_api'))) return true;
  }
  return sample > 0 && shareOf(event) < sample;
}

/** A place between 0 and 1 that an output keeps, whoever judges it. */
function shareOf({ source, id }: OutputEvent): number {
  return Number.parseInt(hash('sha256', outputSubject(source, id)).slice(0, 8), 16) / 2 ** 32;
}

function question(
  kind: CheckKind,
  event: OutputEvent,
  policy: RemotePolicy,
  finding: Finding | undefined,
  subject?: string,
): DueCheck {
  const { source, id, account, model, stage, ephemeral } = event;
  const form = formOf(kind, policy.egress[kind]);
  const content = ephemeral || form === 'none' ? undefined : contentOf(event, form, finding);
  return {
    id: findingId(outputSubject(source, id), kind, subject ?? ''),
    kind,
    event: { source, id },
    account: account.id,
    ...(account.organization !== undefined && { organization: account.organization }),
    ...(model !== undefined && { model }),
    ...(stage !== undefined && { stage }),
    ...(subject !== undefined && { subject }),
    ...(content !== undefined && { content }),
    form,
    ephemeral,
  };
}

/** A search is given the one sentence at most. */
export function formOf(kind: CheckKind, egress: Egress): Egress {
  return kind === 'fact_check' && egress === 'text' ? 'sentence' : egress;
}

/** The sentence that speaks for the finding, else the first one. */
function contentOf({ output }: OutputEvent, form: Egress, finding: Finding | undefined): string {
  if (form === 'text') return output.slice(0, longestText);
  const span = finding?.spans.find(({ field }) => field === 'output');
  const all = sentences(output);
  const chosen = (span && all.find(({ start, end }) => start <= span.start && span.start < end)) ?? all[0];
  return (chosen?.text ?? output).slice(0, longestSentence);
}

/** Ready to ask; `none` where no policy names a service, so that a batch pays nothing. */
export interface RemoteIndex {
  readonly none: boolean;
  of(model: string | undefined): RemotePolicy | undefined;
}

/**
 * An output of a model that no policy knows gets what all of them allow: a service that each of them names, and the
 * least of what may leave.
 */
export function remoteIndex(policies: readonly RemotePolicy[]): RemoteIndex {
  const known = new Map(policies.map((policy) => [policy.model, policy]));
  const stranger = strictest(policies);
  return {
    none: policies.every(({ services }) => checkKinds.every((kind) => services[kind] === undefined)),
    of: (model) => known.get(model ?? '') ?? stranger,
  };
}

const order: readonly Egress[] = ['none', 'sentence', 'text'];

function strictest(policies: readonly RemotePolicy[]): RemotePolicy | undefined {
  const [first] = policies;
  if (!first || policies.length === 1) return first;
  const shared = checkKinds.filter((kind) => policies.every(({ services }) => services[kind]));
  const least = (kind: CheckKind) =>
    policies.reduce<Egress>(
      (lowest, { egress }) => (order.indexOf(egress[kind]) < order.indexOf(lowest) ? egress[kind] : lowest),
      'text',
    );
  return {
    model: '',
    services: Object.fromEntries(shared.map((kind) => [kind, first.services[kind]])),
    egress: { fact_check: least('fact_check'), moderation: least('moderation'), identity: least('identity') },
    stages: policies.flatMap(({ stages }) => stages),
  };
}
