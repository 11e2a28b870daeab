/** Small makers for the tests of remote detection: what is not said is ordinary. */
import type { DueCheck, RemotePolicy } from './check.js';

export function aPolicy(over: Partial<RemotePolicy> = {}): RemotePolicy {
  return {
    model: 'm',
    services: {},
    egress: { fact_check: 'sentence', moderation: 'text', identity: 'sentence' },
    stages: [],
    ...over,
  };
}

export function aCheck(over: Partial<DueCheck> = {}): DueCheck {
  return {
    id: 'c-1',
    kind: 'moderation',
    event: { source: 'chat', id: 'o-1' },
    account: 'acme',
    model: 'm',
    content: 'The bridge is closed on Monday.',
    form: 'text',
    ephemeral: false,
    ...over,
  };
}

/** A policy that asks one service at `url`, in a private network that it lists. */
export function asking(kind: DueCheck['kind'], url: string, over: Partial<RemotePolicy> = {}): RemotePolicy {
  return aPolicy({ services: { [kind]: { url, allowPrivate: true } }, ...over });
}
