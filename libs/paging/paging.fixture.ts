/** A small world for tests: a database, a plan, incidents that open, and as many pagers as a test wants. */
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { Incidents, type Incident, type Severity } from '../incidents/index.js';
import { EmailChannel } from './channels/email.channel.js';
import { Outbound } from './channels/outbound.client.js';
import { HttpChannel } from './channels/webhook.channel.js';
import { AcknowledgeLinks } from './links.repository.js';
import { Outbox } from './outbox.repository.js';
import { Pager } from './pager.worker.js';
import { Pages } from './pages.repository.js';
import { planSchema, type StampedPlan } from './plan.js';
import { stampPlan } from './plan-in-force.js';
import { Responding } from './responding.repository.js';

export const keys = ['k'.repeat(40)];
export const links = { publicUrl: 'http://tocsin.test', secretKeys: keys };

export interface World {
  readonly db: TestDatabase;
  readonly incidents: Incidents;
  readonly pages: Pages;
  readonly outbox: Outbox;
  readonly responding: Responding;
  readonly acknowledge: AcknowledgeLinks;
  plan: StampedPlan;
  /** Opens an incident and its escalation in one transaction, as the monitor does. */
  open(options?: OpenOptions): Promise<Incident>;
  openMany(count: number, options?: OpenOptions): Promise<Incident[]>;
  pager(channels?: { smtp?: readonly string[]; pollMs?: number; duties?: () => Promise<void> }): Promise<Pager>;
  /** Drives what is due, as often as something is. */
  drive(): Promise<void>;
  states(incident?: string): Promise<NotificationRow[]>;
  timeline(incident: string): Promise<string[]>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly severity?: Severity;
  readonly title?: string;
  readonly key?: Readonly<Record<string, string>>;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface NotificationRow {
  readonly id: string;
  readonly kind: string;
  readonly responder: string;
  readonly contact: string;
  readonly round: number;
  readonly step: number;
  readonly state: string;
  readonly attempts: number;
  readonly possible_duplicate: boolean;
}

export function email(name: string): object {
  return { name: 'email', channel: 'email', address: `${name}@example.com` };
}

/** A plan of one policy `page` for SEV1 and SEV2; `over` replaces whole fields. */
export function planInput(over: object = {}): object {
  return {
    responders: { ann: { contacts: [email('ann')] }, ben: { contacts: [email('ben')] } },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }] }], repeat: 1 } },
    severities: { SEV1: { policy: 'page' }, SEV2: { policy: 'page' } },
    ...over,
  };
}

export const stampedOf = (over: object = {}): StampedPlan => stampPlan(planSchema.parse(planInput(over)));

// One database a test file, emptied for each world: making one costs more than most of these tests.
let shared: TestDatabase | undefined;

async function emptyDatabase(): Promise<TestDatabase> {
  if (!shared) {
    shared = await testDatabase({ poolSize: 12 });
    return shared;
  }
  const tables = await shared.database.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'tocsin' and tablename not in ('clock', 'migration')`,
  );
  await shared.database.transaction(async (tx) => {
    // The timeline's own trigger refuses this, rightly.
    await tx.query(`set local session_replication_role = 'replica'`);
    await tx.query(tables.map(({ name }) => `delete from tocsin.${name}`).join('; '));
  });
  await shared.database.query(`update tocsin.clock set frozen_at = null, offset_by = '0'`);
  return shared;
}

/** For afterAll. */
export async function endWorlds(): Promise<void> {
  await shared?.drop();
  shared = undefined;
}

export async function world(over: object = {}): Promise<World> {
  const db = await emptyDatabase();
  const incidents = new Incidents();
  const pages = new Pages(incidents);
  const pagers: Pager[] = [];
  let opened = 0;
  const responding = new Responding(db.database, incidents, pages, () => here.plan);
  const here: World = {
    db,
    incidents,
    pages,
    outbox: new Outbox(pages),
    responding,
    acknowledge: new AcknowledgeLinks(db.database, incidents, responding, keys),
    plan: stampedOf(over),
    open: async (options = {}) => {
      const [incident] = await here.openMany(1, options);
      if (!incident) throw new Error('nothing was opened');
      return incident;
    },
    openMany: (count, options = {}) =>
      db.database.transaction(async (tx) => {
        const found: Incident[] = [];
        for (let i = 0; i < count; i++) {
          const { incident } = await incidents.openOther(tx, {
            kind: 'operation',
            dedupKey: `test ${++opened}`,
            title: options.title ?? `Something is wrong ${opened}`,
            severity: options.severity ?? 'SEV1',
            actor: { who: 'test' },
            ...(options.key && { key: options.key }),
            ...(options.details && { details: options.details }),
          });
          found.push(incident);
        }
        await pages.openEscalations(tx, found, here.plan);
        return found;
      }),
    async pager({ smtp = [], pollMs = 100, duties } = {}) {
      const pager = new Pager({
        database: db.database,
        databaseUrl: db.url,
        pages: new Pages(incidents),
        channels: {
          mail: new EmailChannel({ servers: smtp, from: 'Tocsin <tocsin@example.com>' }),
          http: new HttpChannel(new Outbound(['127.0.0.1']), () => []),
        },
        links,
        pollMs,
        ...(duties && { duties }),
      });
      await pager.start();
      pagers.push(pager);
      return pager;
    },
    async drive() {
      while ((await db.database.transaction((tx) => pages.driveDue(tx))).driven > 0);
    },
    states: (incident) =>
      db.database.query<NotificationRow>(
        `select id, kind, responder, contact, round, step, state, attempts, possible_duplicate from tocsin.notification
          where $1::text is null or incident = $1 order by round, step, created_at, responder, contact`,
        [incident ?? null],
      ),
    async timeline(incident) {
      const { items } = await incidents.timeline(db.database, incident, { limit: 100 });
      return items.map(({ what, why }) => (why === undefined ? what : `${what} (${why})`));
    },
    async close() {
      for (const pager of pagers) await pager.close();
    },
  };
  return here;
}
