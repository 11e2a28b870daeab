/** From a claimed row to what its message must say: links, runbook and contact, out of the row, its plan and the keys. */
import type { Claimed } from './outbox.repository.js';
import type { Contact, Plan } from './plan.js';
import { runbookOf, type MessageIncident, type Notice } from './render.js';
import { signToken, tokenLifetime } from './token.js';
import type { BundleMember } from './bundle.repository.js';

export interface Links {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly secretKeys: readonly string[];
}

/** Where an acknowledge link leads: a page that asks, whose form posts to the same address. */
export function acknowledgeUrl({ publicUrl }: Pick<Links, 'publicUrl'>, token: string): string {
  return `${publicUrl}/acknowledge/${token}`;
}

export function confirmContactUrl({ publicUrl }: Pick<Links, 'publicUrl'>, token: string): string {
  return `${publicUrl}/contacts/confirm/${token}`;
}

export function incidentUrl({ publicUrl }: Pick<Links, 'publicUrl'>, incident: string): string {
  return `${publicUrl}/incidents/${incident}`;
}

/** The contact that a notification goes to, as its plan has it. */
export function contactOf(claimed: Pick<Claimed, 'kind' | 'responder' | 'contact'>, plan: Plan): Contact | undefined {
  const of = claimed.kind === 'update' ? plan.stakeholders[claimed.responder] : plan.responders[claimed.responder];
  return of?.contacts.find(({ name }) => name === claimed.contact);
}

/** `members` are a bundle's; the other kinds speak of the row's own incident. */
export function compose(claimed: Claimed, plan: Plan, links: Links, members: readonly BundleMember[] = []): Notice {
  const now = claimed.now.getTime();
  const expires = now + tokenLifetime;
  const asks = claimed.kind === 'page' || claimed.kind === 'fallback';
  const link = (incident: string, round: number) =>
    acknowledgeUrl(
      links,
      signToken({ purpose: 'acknowledge', incident, round, notification: claimed.id, expires }, links.secretKeys),
    );
  const about = claimed.about ?? undefined;
  const incidents: MessageIncident[] =
    claimed.kind === 'bundle'
      ? members.map((member) => ({ about: member.about, incidentUrl: incidentUrl(links, member.incident) }))
      : about
        ? [{ about, incidentUrl: incidentUrl(links, about.id) }]
        : [];
  const acknowledge =
    claimed.kind === 'bundle' ? link(claimed.id, 1) : asks && about ? link(about.id, claimed.round) : undefined;
  const confirm =
    claimed.kind === 'check'
      ? confirmContactUrl(
          links,
          signToken(
            {
              purpose: 'contact',
              incident: 'none',
              round: 1,
              notification: claimed.id,
              expires: now + 7 * tokenLifetime,
            },
            links.secretKeys,
          ),
        )
      : undefined;
  const said = claimed.said?.['text'];
  const text = confirm ?? (typeof said === 'string' ? said : undefined);
  const runbook = about && runbookOf(about, plan);
  return {
    id: claimed.id,
    kind: claimed.kind,
    incidents,
    responder: plan.responders[claimed.responder]?.name ?? claimed.responder,
    round: claimed.round,
    step: claimed.step,
    followers: claimed.followers,
    possibleDuplicate: claimed.possible_duplicate,
    now,
    ...(acknowledge !== undefined && { acknowledgeUrl: acknowledge }),
    ...(runbook !== undefined && { runbook }),
    ...(text !== undefined && { text }),
  };
}
