/** The acknowledge link: what its page may say before the click, and what the click does. A look changes nothing. */
import type { Database, Query } from '../database/index.js';
import type { Incident, Incidents } from '../incidents/index.js';
import { bundleMembers } from './bundle.repository.js';
import type { Responding } from './responding.repository.js';
import { verifyToken, type TokenClaims } from './token.js';

/** Numbers, times and names only: the page behind a link shows no content. */
export type LinkAnswer =
  | { readonly outcome: 'open'; readonly number?: number; readonly count: number }
  | {
      readonly outcome: 'acknowledged';
      readonly number?: number;
      readonly count: number;
      readonly by: string;
      readonly at: Date;
      readonly first: boolean;
    }
  | { readonly outcome: 'resolved'; readonly number?: number; readonly by?: string; readonly at?: Date }
  /** A later round has begun: its page has a link of its own. */
  | { readonly outcome: 'void' }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'forged' };

export class AcknowledgeLinks {
  constructor(
    private readonly database: Database,
    private readonly incidents: Incidents,
    private readonly responding: Responding,
    private readonly secretKeys: readonly string[],
  ) {}

  /** For GET, and for scanners that fetch every link: reads only. */
  async look(token: string): Promise<LinkAnswer> {
    return this.withClaims(token, async (claims) => {
      if (claims.incident === claims.notification) return this.lookAtBundle(claims);
      const incident = await this.incidents.get(this.database, claims.incident);
      if (!incident) return { outcome: 'forged' };
      return stateOf(incident, false);
    });
  }

  /** For POST: acknowledges in the name of whoever the page was sent to, or who pressed its button. */
  async use(token: string, presser?: string): Promise<LinkAnswer> {
    return this.withClaims(token, async (claims) => {
      const who = presser ?? (await this.responderOf(claims.notification));
      const actor = { who, why: presser === undefined ? 'by the link in the page' : 'by the button in the page' };
      if (claims.incident === claims.notification) {
        for (const member of await bundleMembers(this.database, claims.notification))
          await this.responding.acknowledge(member.incident, actor, member.round);
        return this.lookAtBundle(claims);
      }
      const acted = await this.responding.acknowledge(claims.incident, actor, claims.round);
      if (acted.outcome === 'refused' && acted.moved) return { outcome: 'void' };
      return acted.outcome === 'missing' ? { outcome: 'forged' } : stateOf(acted.incident, acted.outcome === 'done');
    });
  }

  private async withClaims(token: string, work: (claims: TokenClaims) => Promise<LinkAnswer>): Promise<LinkAnswer> {
    const verified = verifyToken(token, this.secretKeys, (await this.database.now()).getTime());
    if (verified.outcome !== 'valid') return { outcome: verified.outcome };
    const { claims } = verified;
    if (claims.purpose !== 'acknowledge') return { outcome: 'forged' };
    if (claims.incident !== claims.notification && (await roundOf(this.database, claims.incident)) !== claims.round)
      return { outcome: 'void' };
    return work(claims);
  }

  private async lookAtBundle(claims: TokenClaims): Promise<LinkAnswer> {
    const rows = await this.database.query<{
      state: string;
      acknowledged_by: string | null;
      acknowledged_at: Date | null;
      stale: boolean;
    }>(
      `select e.state, e.acknowledged_by, e.acknowledged_at, e.round <> n.round as stale
         from tocsin.notification n join tocsin.escalation e on e.incident = n.incident where n.bundle = $1`,
      [claims.notification],
    );
    const current = rows.filter(({ stale }) => !stale);
    if (current.length === 0) return { outcome: rows.length > 0 ? 'void' : 'forged' };
    const open = current.filter(({ state }) => !['acknowledged', 'resolved', 'merged', 'snoozed'].includes(state));
    if (open.length > 0) return { outcome: 'open', count: open.length };
    const last = current.toSorted((a, b) => Number(b.acknowledged_at) - Number(a.acknowledged_at))[0];
    if (!last?.acknowledged_by || !last.acknowledged_at) return { outcome: 'resolved' };
    return {
      outcome: 'acknowledged',
      count: current.length,
      by: last.acknowledged_by,
      at: last.acknowledged_at,
      first: false,
    };
  }

  /** The address or name that the page went to: the timeline says who acknowledged. */
  private async responderOf(notification: string): Promise<string> {
    const [row] = await this.database.query<{ responder: string; name: string | null; address: string | null }>(
      `select n.responder, p.plan -> 'responders' -> n.responder ->> 'name' as name,
              (select c ->> 'address' from jsonb_array_elements(p.plan -> 'responders' -> n.responder -> 'contacts') c
                where c ->> 'name' = n.contact) as address
         from tocsin.notification n left join tocsin.paging_plan p on p.hash = n.plan where n.id = $1`,
      [notification],
    );
    return row?.name ?? row?.address ?? row?.responder ?? 'whoever holds the link';
  }
}

async function roundOf(query: Query, incident: string): Promise<number | undefined> {
  const [row] = await query.query<{ round: number }>('select round from tocsin.escalation where incident = $1', [
    incident,
  ]);
  return row?.round;
}

function stateOf(incident: Incident, first: boolean): LinkAnswer {
  const { number, status } = incident;
  if (status === 'resolved') {
    return {
      outcome: 'resolved',
      number,
      ...(incident.resolvedBy !== undefined && { by: incident.resolvedBy }),
      ...(incident.resolvedAt !== undefined && { at: incident.resolvedAt }),
    };
  }
  if (status === 'acknowledged' && incident.acknowledgedBy !== undefined && incident.acknowledgedAt !== undefined) {
    return {
      outcome: 'acknowledged',
      number,
      count: 1,
      by: incident.acknowledgedBy,
      at: incident.acknowledgedAt,
      first,
    };
  }
  return { outcome: 'open', number, count: 1 };
}
