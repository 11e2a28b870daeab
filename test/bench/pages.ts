/**
 * Pages a second, and the time from an incident's commit to the receiver's answer. The pager is a process of its own;
 * receivers and the opening of incidents stand here. Bundling is off: every incident is a page.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Incidents, incidentOf, type IncidentRow } from '../../libs/incidents/index.js';
import { Pages, planSchema, stampPlan, type StampedPlan } from '../../libs/paging/index.js';
import { testDatabase, type TestDatabase } from '../harness/database.js';
import { httpReceiver } from '../harness/http-receiver.js';
import { smtpSink } from './smtp-sink.js';
import { until } from '../harness/until.js';

export interface PageSample {
  readonly pagesPerSecond: number;
  /** Milliseconds from COMMIT to the receiver's 200 or 250. */
  readonly p50: number;
  readonly p99: number;
  readonly lost: number;
  readonly doubled: number;
  /** The pager's CPU milliseconds a page, warm-up included. */
  readonly cpuMs: number;
}

export type PageChannel = 'webhook' | 'smtp';

interface Receiver {
  readonly url: string;
  /** Notification id and when it was answered. */
  readonly arrived: readonly { id: string; at: number }[];
  close(): Promise<void>;
}

const responders = 50;

// Many at once, as the monitor opens them from a batch.
const openAtOnce = `
  insert into tocsin.incident (id, kind, title, status, severity, key, key_hash, opened_at, event_at)
  select md5('bench ' || n), 'operation', 'Bench ' || n, 'open', 'SEV1', jsonb_build_object('team', (n % $3)::text),
         md5('key ' || n), tocsin.now(), tocsin.now()
    from generate_series($1::integer + 1, $1::integer + $2::integer) n
  returning *`;

/** `count` incidents in transactions of 50, as fast as they commit. */
export async function burst(channel: PageChannel, count = 1_000): Promise<PageSample> {
  return measure(channel, async (open) => {
    for (let done = 0; done < count; done += 50) await open(Math.min(50, count - done));
  });
}

/** `perSecond` incidents a second for `seconds`, each a transaction of its own. */
export async function steady(channel: PageChannel, perSecond = 50, seconds = 10): Promise<PageSample> {
  return measure(channel, async (open) => {
    const began = performance.now();
    for (let n = 0; n < perSecond * seconds; n++) {
      const wait = began + (n * 1_000) / perSecond - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await open(1);
    }
  });
}

async function measure(
  channel: PageChannel,
  drive: (open: (count: number) => Promise<void>) => Promise<void>,
): Promise<PageSample> {
  const db = await testDatabase();
  const receiver = await receiverOf(channel);
  const pager = await startPager(db, receiver.url);
  try {
    const committed = new Map<string, number>();
    const open = opener(db, planOf(channel, receiver.url), committed);
    // The first pages warm code and connections up.
    await open(50);
    await until('the warm-up', () => receiver.arrived.length >= 50, { withinMs: 60_000 });
    const warm = receiver.arrived.length;
    committed.clear();
    const began = performance.now();
    await drive(open);
    await until('all pages', () => receiver.arrived.length - warm >= committed.size, {
      withinMs: 120_000,
      everyMs: 20,
    }).catch(() => undefined);
    const sample = sampleOf(receiver.arrived.slice(warm), committed, performance.timeOrigin + began);
    return { ...sample, cpuMs: ((await stopPager(pager)) * 1_000) / receiver.arrived.length };
  } finally {
    pager.kill('SIGKILL');
    await receiver.close();
    await db.drop();
  }
}

function sampleOf(
  arrived: Receiver['arrived'],
  committed: ReadonlyMap<string, number>,
  began: number,
): Omit<PageSample, 'cpuMs'> {
  const first = new Map<string, number>();
  for (const { id, at } of arrived) if (!first.has(id)) first.set(id, at);
  const waits = [...committed].flatMap(([id, at]) => {
    const got = first.get(id);
    return got === undefined ? [] : [Math.max(0, got - at)];
  });
  waits.sort((a, b) => a - b);
  const last = Math.max(...arrived.map(({ at }) => at));
  return {
    pagesPerSecond: (waits.length / (last - began)) * 1_000,
    p50: waits[Math.floor(waits.length / 2)] ?? Number.NaN,
    p99: waits[Math.floor(waits.length * 0.99)] ?? Number.NaN,
    lost: committed.size - waits.length,
    doubled: arrived.length - first.size,
  };
}

function opener(db: TestDatabase, plan: StampedPlan, committed: Map<string, number>): (count: number) => Promise<void> {
  const pages = new Pages(new Incidents());
  let opened = 0;
  return async (count) => {
    const ids = await db.database.transaction(async (tx) => {
      const rows = await tx.query<IncidentRow>(openAtOnce, [opened, count, responders]);
      opened += count;
      await pages.openEscalations(tx, rows.map(incidentOf), plan);
      const told = await tx.query<{ id: string }>('select id from tocsin.notification where incident = any($1)', [
        rows.map(({ id }) => id),
      ]);
      return told.map(({ id }) => id);
    });
    const at = performance.timeOrigin + performance.now();
    for (const id of ids) committed.set(id, at);
  };
}

function planOf(channel: PageChannel, url: string): StampedPlan {
  const names = Array.from({ length: responders }, (_, n) => `r${n}`);
  const contact = (name: string) =>
    channel === 'smtp'
      ? { name: 'mail', channel: 'email', address: `${name}@example.com` }
      : { name: 'hook', channel: 'webhook', url: `${url}/${name}`, secrets: ['a secret of the receiver'] };
  return stampPlan(
    planSchema.parse({
      bundling: { on: false },
      responders: Object.fromEntries(names.map((name) => [name, { contacts: [contact(name)] }])),
      escalation_policies: Object.fromEntries(
        names.map((name) => [name, { steps: [{ tell: [{ responder: name }], wait: '1h' }] }]),
      ),
      severities: { SEV1: { policy: 'r0' } },
      routes: names.map((name, n) => ({ match: { key: { team: String(n) } }, policy: name })),
    }),
  );
}

async function receiverOf(channel: PageChannel): Promise<Receiver> {
  if (channel === 'smtp') return smtpSink();
  const arrived: { id: string; at: number }[] = [];
  const server = await httpReceiver((request, response) => {
    response.end('{}');
    arrived.push({ id: String(request.headers['webhook-id']), at: performance.timeOrigin + performance.now() });
  });
  return { url: server.url, arrived, close: () => server.close() };
}

async function startPager(db: TestDatabase, url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'pages-pager.js'), db.url, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the bench's pager ended with code ${code}`)));
  });
  return child;
}

/** Its CPU seconds, said on the way out. */
async function stopPager(pager: ChildProcess): Promise<number> {
  const said = new Promise<number>((resolve) =>
    pager.stdout?.on('data', (line: Buffer) => resolve(Number(line.toString()))),
  );
  const gone = new Promise((resolve) => pager.once('exit', resolve));
  pager.kill('SIGTERM');
  await gone;
  return said;
}
