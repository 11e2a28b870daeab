/**
 * What may this source say? Purpose and verified identity are honoured only where the policy allows the source to claim
 * them, a verdict only where it may speak for that detector; a source or topic that keeps nothing makes its events so.
 * Nothing is ever inferred from text.
 */
import type { Event, Purpose, Rejection } from '../events/index.js';
import type { SourceTrust } from './policy.js';

/** The verifier's own source: its verdicts are always allowed. */
export const verifierSource = 'tocsin/verifier';

/** The reason of a refused verdict's dead letter. */
export const verdictNotAllowed = 'verdict_not_allowed';

interface Trust {
  readonly verdicts: ReadonlySet<string>;
  readonly purposes: ReadonlySet<string>;
  readonly verifiedAs: boolean;
  readonly ephemeral: boolean;
}

/** Ready to ask; all policies' lists together, since a verdict names no model. */
export interface SourceIndex {
  of(source: string): Trust;
  keepsNothing(topic: string): boolean;
}

export function sourceIndex(sources: readonly SourceTrust[]): SourceIndex {
  const exact = new Map<string, SourceTrust[]>();
  const patterns: { readonly start: string; readonly trust: SourceTrust }[] = [];
  const quietTopics = new Set<string>();
  for (const trust of sources) {
    if (trust.topic !== undefined && trust.ephemeral) quietTopics.add(trust.topic);
    if (trust.source === undefined) continue;
    if (trust.source.endsWith('*')) patterns.push({ start: trust.source.slice(0, -1), trust });
    else exact.set(trust.source, [...(exact.get(trust.source) ?? []), trust]);
  }
  const known = new Map([...exact.keys()].map((source) => [source, joined(matching(source))]));
  function matching(source: string): SourceTrust[] {
    const open = patterns.filter(({ start }) => source.startsWith(start)).map(({ trust }) => trust);
    return [...(exact.get(source) ?? []), ...open];
  }
  return {
    of(source) {
      const trust = known.get(source);
      if (trust || patterns.length === 0) return trust ?? none;
      // Sources are the producers' to name: what is remembered of them is bounded.
      if (known.size >= exact.size + 1_000) for (const name of known.keys()) if (!exact.has(name)) known.delete(name);
      const found = joined(matching(source));
      known.set(source, found);
      return found;
    },
    keepsNothing: (topic) => quietTopics.has(topic),
  };
}

const none: Trust = { verdicts: new Set(), purposes: new Set(), verifiedAs: false, ephemeral: false };

function joined(entries: readonly SourceTrust[]): Trust {
  if (entries.length === 0) return none;
  return {
    verdicts: new Set(entries.flatMap(({ verdicts }) => verdicts)),
    purposes: new Set(entries.flatMap(({ purposes }) => purposes)),
    verifiedAs: entries.some(({ verifiedAs }) => verifiedAs),
    ephemeral: entries.some(({ ephemeral }) => ephemeral),
  };
}

/** The event as far as its source is believed; the same object where nothing changes. A refused verdict is a rejection. */
export function honour(event: Event, sources: SourceIndex): Event | Rejection {
  const trust = sources.of(event.source);
  const ephemeral = event.ephemeral || trust.ephemeral || sources.keepsNothing(event.origin.topic);
  if (event.kind === 'verdict') {
    const allowed = event.source === verifierSource || trust.verdicts.has(event.detector) || trust.verdicts.has('*');
    if (!allowed) {
      const detail = 'this source may not speak verdicts for this detector: add it under `sources` of the policy';
      return { kind: 'rejection', reason: verdictNotAllowed, detail, origin: event.origin, ephemeral };
    }
    return ephemeral === event.ephemeral ? event : { ...event, ephemeral };
  }
  const { verifiedAs, ...plain } = event.account;
  const account = verifiedAs === undefined || trust.verifiedAs ? event.account : plain;
  if (event.kind === 'feedback') {
    return account === event.account && ephemeral === event.ephemeral ? event : { ...event, account, ephemeral };
  }
  const purpose: Purpose = trust.purposes.has(event.purpose) ? event.purpose : 'production';
  const same = account === event.account && purpose === event.purpose && ephemeral === event.ephemeral;
  return same ? event : { ...event, account, purpose, ephemeral };
}
