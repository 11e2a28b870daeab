/** A page that tries the whole way on a schedule: an incident of its own kind, left out of lists and reports, and one notification. */
import type { Query, Tx } from '../database/index.js';
import { tocsin, type Incidents } from '../incidents/index.js';
import type { Pages } from './pages.repository.js';
import type { StampedPlan } from './plan.js';

/** How long a synthetic page may take before the auditor complains. */
const within = '2 minutes';

/** Ends the last one where it was sent, and sends the next. */
export async function openSynthetic(
  tx: Tx,
  incidents: Incidents,
  pages: Pages,
  { plan, hash }: StampedPlan,
  last: unknown,
): Promise<object | undefined> {
  const { synthetic } = plan;
  const responder = synthetic && plan.responders[synthetic.responder];
  const contact = responder?.contacts.find(
    ({ name }) => synthetic?.contact === undefined || name === synthetic.contact,
  );
  if (!synthetic || !contact) return undefined;
  const previous = (last as { incident?: string } | null)?.incident;
  if (previous !== undefined) await incidents.resolve(tx, previous, 'resolved', tocsin);
  const { incident } = await incidents.openOther(tx, {
    kind: 'synthetic',
    dedupKey: 'synthetic page',
    title: 'Synthetic page',
    severity: 'SEV4',
    actor: tocsin,
  });
  await pages.notify(tx, [
    {
      kind: 'synthetic',
      incident: incident.id,
      round: 1,
      step: 1,
      responder: synthetic.responder,
      contact: contact.name,
      channel: contact.channel,
      plan: hash,
      severity: 4,
      dueAt: tx.now.getTime(),
    },
  ]);
  return { incident: incident.id };
}

/** In words, where the last synthetic page did not arrive in time. */
export async function syntheticProblems(query: Query): Promise<string[]> {
  const rows = await query.query<{ state: string }>(
    `select state from tocsin.notification
      where kind = 'synthetic' and state <> 'sent' and incident = (select said ->> 'incident' from tocsin.paging_due where name = 'synthetic')
        and (state in ('refused', 'failed') or due_at < tocsin.now() - interval '${within}')`,
  );
  return rows.map(({ state }) => `the last synthetic page did not arrive (${state})`);
}
