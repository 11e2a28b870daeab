/** Heartbeats of others: a job that says "I ran". One that is missed for too long opens an incident; the next closes it. */
import type { Tx } from '../database/index.js';
import { tocsin, type Incidents } from '../incidents/index.js';
import type { Pages } from './pages.repository.js';
import type { StampedPlan } from './plan.js';
import type { Responding } from './responding.repository.js';

const named = (name: string) => ({ kind: 'operation' as const, dedupKey: `heartbeat ${name}` });

/** Notes a beat. False where the plan knows no such heartbeat. */
export async function beat(
  tx: Tx,
  name: string,
  { plan }: StampedPlan,
  incidents: Incidents,
  responding: Responding,
): Promise<boolean> {
  if (!(name in plan.heartbeats)) return false;
  const [before] = await tx.query<{ missing: boolean }>(
    'select missing from tocsin.heartbeat where name = $1 for update',
    [name],
  );
  await tx.query(
    `insert into tocsin.heartbeat (name, last_at, missing) values ($1, $2, false)
     on conflict (name) do update set last_at = excluded.last_at, missing = false`,
    [name, tx.now],
  );
  if (before?.missing) {
    const { incident } = await incidents.openOther(tx, {
      ...named(name),
      title: titleOf(name),
      severity: 'SEV4',
      actor: tocsin,
    });
    await responding.resolveIn(tx, incident.id, 'resolved', { who: 'tocsin', why: 'the heartbeat is back' });
  }
  return true;
}

/** Opens an incident for each heartbeat that is missing; one never heard of yet is given its time from now. */
export async function watchHeartbeats(tx: Tx, incidents: Incidents, pages: Pages, stamped: StampedPlan): Promise<void> {
  for (const [name, { within, severity, service }] of Object.entries(stamped.plan.heartbeats)) {
    await tx.query('insert into tocsin.heartbeat (name, last_at) values ($1, $2) on conflict do nothing', [
      name,
      tx.now,
    ]);
    const [late] = await tx.query<{ last_at: Date }>(
      `update tocsin.heartbeat set missing = true where name = $1 and not missing and last_at < $2 returning last_at`,
      [name, new Date(tx.now.getTime() - within)],
    );
    if (!late) continue;
    const { outcome, incident } = await incidents.openOther(tx, {
      ...named(name),
      title: titleOf(name),
      severity,
      key: { heartbeat: name },
      details: { ...(service !== undefined && { source: service }), last: late.last_at.toISOString() },
      actor: { who: 'tocsin', why: `last heard of at ${late.last_at.toISOString()}` },
    });
    if (outcome === 'opened') await pages.openEscalations(tx, [incident], stamped);
  }
}

const titleOf = (name: string): string => `Heartbeat "${name}" is missing`;
