/** What comes back: answers to mails and buttons in chat. Each is checked, tied to the round it answers, and acted on once. */
import type { Database } from '../database/index.js';
import { counter, logger } from '../telemetry/index.js';
import { readReply, type InboundMail } from './reply.js';
import type { Acted, Responding } from './responding.repository.js';

const log = logger('inbound');
const replies = counter('tocsin_replies_total', 'Answers to mails by what came of them.', ['outcome']);

export interface InboundOptions {
  readonly database: Database;
  readonly responding: Responding;
  /** The mailbox's address, which the signed code is added to. */
  readonly address: string;
  readonly secretKeys: readonly string[];
}

export class Inbound {
  constructor(private readonly options: InboundOptions) {}

  /** Answers in a word what came of a mail: never throws for its content, so that a mailbox can go on to the next. */
  async mail(mail: InboundMail): Promise<'acknowledge' | 'resolve' | 'already' | 'void' | 'ignored'> {
    const { database, responding, address, secretKeys } = this.options;
    const reply = readReply(mail, address, secretKeys, (await database.now()).getTime());
    if (reply.outcome === 'ignored') {
      replies.inc({ outcome: reply.reason });
      return 'ignored';
    }
    const [page] = await database.query<{
      incident: string | null;
      round: number;
      bundle: boolean;
      current: boolean | null;
    }>(
      `select n.incident, n.round, n.kind = 'bundle' as bundle, e.round = n.round as current
         from tocsin.notification n left join tocsin.escalation e on e.incident = n.incident where n.id = $1`,
      [reply.notification],
    );
    if (!page?.incident || !page.current) {
      replies.inc({ outcome: 'void' });
      return 'void';
    }
    const actor = { who: reply.from, why: 'by a reply to the page' };
    const acted: Acted =
      reply.action === 'acknowledge'
        ? await responding.acknowledge(page.incident, actor, page.round)
        : await responding.resolve(page.incident, 'resolved', actor, page.round);
    if (acted.outcome === 'refused' && acted.moved) {
      replies.inc({ outcome: 'void' });
      return 'void';
    }
    replies.inc({ outcome: acted.outcome });
    log.info({ action: reply.action, outcome: acted.outcome }, 'a reply to a page was acted on');
    return acted.outcome === 'done' ? reply.action : 'already';
  }
}
