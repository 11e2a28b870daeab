/**
 * The pager watches itself: what is overdue, what was never sent, who could not be reached tonight. What it finds it
 * tells the fallback; the dead-man heartbeat goes out only while it finds nothing.
 */
import type { Database, Tx } from '../database/index.js';
import type { Incidents } from '../incidents/index.js';
import { counter, gauge, logger } from '../telemetry/index.js';
import { arrangementsAt, withOverrides } from './arrangements.repository.js';
import { isConfirmed, readConfirmed, sendContactChecks, type Confirmed } from './contact-checks.repository.js';
import { arrangeDuties, doDuty, type Duties } from './duties.repository.js';
import { tell } from './escalation.js';
import { watchHeartbeats } from './heartbeats.repository.js';
import type { Outbound } from './channels/outbound.client.js';
import type { Outbox } from './outbox.repository.js';
import type { NewNotification } from './notices.js';
import type { Pages } from './pages.repository.js';
import type { Plan, StampedPlan } from './plan.js';
import { scheduleIssues } from './schedule.js';
import { openSynthetic, syntheticProblems } from './synthetic.repository.js';

const log = logger('auditor');
const problemsNow = gauge('tocsin_audit_problems', 'What the last audit found, by kind.', ['kind']);
const heartbeats = counter('tocsin_dead_man_total', 'Dead-man heartbeats by outcome.', ['outcome']);

export const problemKinds = ['overdue', 'lease', 'unsent', 'unreached', 'gap', 'unverified', 'synthetic'] as const;
export type ProblemKind = (typeof problemKinds)[number];

export interface AuditProblem {
  readonly kind: ProblemKind;
  readonly what: string;
}

export interface AuditorOptions {
  readonly database: Database;
  readonly incidents: Incidents;
  readonly pages: Pages;
  readonly outbox: Outbox;
  readonly outbound: Outbound;
  /** The plan in force; undefined while there is none. */
  readonly plan: () => StampedPlan | undefined;
}

const auditEvery = 30_000;
/** The poll drives within a second or so: what is later than this has been passed over. */
const overdueAfter = '60 seconds';
const unsentAfter = '2 minutes';
const day = 86_400_000;

// Counted together, so that an audit is one round trip.
const findStalls = `
  select (select count(*) from tocsin.escalation where due_at < t.now - interval '${overdueAfter}') as overdue,
         (select count(*) from tocsin.notification where state = 'claimed' and lease_until < clock_timestamp() - interval '5 seconds') as leases,
         (select count(*) from tocsin.notification where state = 'waiting' and due_at < t.now - interval '${unsentAfter}') as unsent,
         (select count(*) from tocsin.notification where kind in ('fallback', 'alarm') and state in ('refused', 'failed')
             and created_at > t.now - interval '1 hour') as unreached
    from (select tocsin.now() as now) t`;

export class Auditor {
  private arranged = '';

  constructor(private readonly options: AuditorOptions) {}

  /** Does what is due now. Called by the pager's poll when a duty is, and safe to call at any time. */
  async run(): Promise<void> {
    const stamped = this.options.plan();
    if (!stamped) return;
    const duties = dutiesOf(stamped.plan);
    await this.arrange(duties);
    let clean = false;
    const done = new Set<string>();
    const work = async (tx: Tx, name: string, said: unknown): Promise<object | undefined> => {
      done.add(name);
      // What a duty tells names this plan, which no escalation may have stored yet.
      await this.options.pages.plans.remember(tx, stamped);
      if (name === 'audit') return { problems: await this.audit(tx, stamped) };
      if (name === 'dead_man') clean = await isClean(tx);
      if (name === 'heartbeats') await watchHeartbeats(tx, this.options.incidents, this.options.pages, stamped);
      if (name === 'contact_checks') await sendContactChecks(tx, this.options.pages, stamped);
      if (name === 'synthetic') return openSynthetic(tx, this.options.incidents, this.options.pages, stamped, said);
      return undefined;
    };
    // Each once at most: a duty done is not due again at once.
    for (let n = Object.keys(duties).length; n > 0 && (await doDuty(this.options.database, duties, work)); n--);
    if (done.has('dead_man')) await this.beat(stamped.plan, clean);
  }

  /** Makes sure that the duty rows are there: call it once at the start. */
  async arrange(duties?: Duties): Promise<void> {
    const stamped = this.options.plan();
    const wanted = duties ?? (stamped && dutiesOf(stamped.plan));
    if (!wanted || JSON.stringify(wanted) === this.arranged) return;
    await this.options.database.transaction((tx) => arrangeDuties(tx, wanted));
    this.arranged = JSON.stringify(wanted);
  }

  /** Looks at everything, re-drives what it can, tells the fallback of what is left. */
  private async audit(tx: Tx, stamped: StampedPlan): Promise<readonly AuditProblem[]> {
    const problems = await this.findProblems(tx, stamped.plan);
    for (const kind of problemKinds) problemsNow.set({ kind }, problems.filter((one) => one.kind === kind).length);
    if (problems.some(({ kind }) => kind === 'lease')) await this.options.outbox.freeOrphans(tx);
    if (problems.some(({ kind }) => kind === 'overdue')) await this.options.pages.driveDue(tx);
    if (problems.length > 0) {
      log.error({ problems: problems.map(({ what }) => what) }, 'the audit found something');
      await this.options.pages.notify(tx, alarm(problems, stamped, tx.now.getTime()));
    }
    return problems;
  }

  private async findProblems(tx: Tx, plan: Plan): Promise<AuditProblem[]> {
    const [stalls] = await tx.query<{ overdue: number; leases: number; unsent: number; unreached: number }>(findStalls);
    const now = tx.now.getTime();
    // Only what the plan makes a question is asked: an idle pager is to leave the database alone.
    const scheduled = Object.keys(plan.schedules).length > 0;
    const overrides = scheduled ? (await arrangementsAt(tx, tx.now, { to: new Date(now + day) })).overrides : [];
    const doubted =
      plan.contact_checks !== undefined ||
      Object.values(plan.responders).some(({ contacts }) => contacts.every(({ verified }) => !verified));
    const confirmed: Confirmed = doubted ? await readConfirmed(tx) : new Map();
    const problems: AuditProblem[] = [];
    const counted = (kind: ProblemKind, count: number, what: string) => {
      if (count > 0) problems.push({ kind, what: `${count} ${what}` });
    };
    counted('overdue', stalls?.overdue ?? 0, 'escalations are overdue by more than a minute');
    counted('lease', stalls?.leases ?? 0, 'claimed pages have run out of their lease');
    counted('unsent', stalls?.unsent ?? 0, 'notifications wait unsent for more than two minutes');
    counted('unreached', stalls?.unreached ?? 0, 'messages to the fallback got through by no method in the last hour');
    for (const { schedule, from, to } of scheduleIssues(withOverrides(plan, overrides), now, day).filter(
      (one) => one.kind === 'gap',
    )) {
      problems.push({ kind: 'gap', what: `nobody is on call in ${schedule} from ${iso(from)} to ${iso(to)}` });
    }
    for (const [name, { contacts }] of Object.entries(plan.responders)) {
      if (contacts.some((contact) => isConfirmed(name, contact, plan, confirmed, now))) continue;
      problems.push({ kind: 'unverified', what: `${name} has no verified contact method` });
    }
    for (const what of plan.synthetic ? await syntheticProblems(tx) : []) problems.push({ kind: 'synthetic', what });
    return problems;
  }

  private async beat(plan: Plan, clean: boolean): Promise<void> {
    if (!plan.dead_man) return;
    if (!clean) {
      heartbeats.inc({ outcome: 'withheld' });
      return;
    }
    const request = {
      method: 'POST',
      url: plan.dead_man.url,
      headers: { 'content-type': 'application/json' },
      body: '{"source":"tocsin"}',
    };
    const sent = await this.options.outbound.send(request, AbortSignal.timeout(10_000));
    heartbeats.inc({ outcome: sent.outcome });
    if (sent.outcome !== 'sent') log.warn({ reason: sent.reason }, 'the dead-man heartbeat did not get through');
  }
}

function dutiesOf(plan: Plan): Duties {
  return {
    audit: auditEvery,
    ...(plan.dead_man && { dead_man: plan.dead_man.every }),
    ...(Object.keys(plan.heartbeats).length > 0 && { heartbeats: 15_000 }),
    ...(plan.contact_checks && { contact_checks: Math.min(plan.contact_checks.every, day) }),
    ...(plan.synthetic && { synthetic: plan.synthetic.every }),
  };
}

/** Clean is what the last audit found nothing in, if it is not itself overdue. */
async function isClean(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ clean: boolean }>(
    `select said -> 'problems' = '[]'::jsonb and due_at > $1::timestamptz - interval '1 minute' as clean
       from tocsin.paging_due where name = 'audit'`,
    [tx.now],
  );
  return row?.clean === true;
}

/** The fallback hears of it once an hour at most: the hour stands in for a step in the id. */
function alarm(problems: readonly AuditProblem[], { plan, hash }: StampedPlan, now: number): NewNotification[] {
  if (plan.fallback === undefined) return [];
  const text = `The pager's own audit found: ${problems
    .map(({ what }) => what)
    .slice(0, 20)
    .join('; ')}.`;
  return tell([{ responder: plan.fallback }], plan, 'SEV2', now).notices.map(({ responder, contact, channel }) => ({
    kind: 'alarm',
    round: 1,
    step: Math.floor(now / 3_600_000),
    responder,
    contact,
    channel,
    plan: hash,
    severity: 2,
    dueAt: now,
    said: { text },
  }));
}

const iso = (at: number): string => new Date(at).toISOString();
