/**
 * How many events a second, and at what CPU, a consumer gets through. The events are written in one Kafka transaction
 * and become readable at once, so both sides start warm and joined, and CPU counts from the first batch on.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel, type Transaction } from 'kafkajs';
import { tocsin, type TocsinOptions } from '../harness/tocsin.js';
import { until } from '../harness/until.js';

export interface Sample {
  readonly eventsPerSecond: number;
  /** User and system seconds of the consuming process, per 100,000 events, from the first batch. */
  readonly cpu: number;
  /** The same of all PostgreSQL backends; 0 for the floor. */
  readonly databaseCpu: number;
  /** Highest resident memory of the process, MB. */
  readonly memory: number;
}

const partitions = 4;

/** Reads `values` with the floor. */
export async function floor(brokers: string, values: readonly string[]): Promise<Sample> {
  const topic = `floor-${randomBytes(5).toString('hex')}.outputs`;
  const kafka = new Kafka({ brokers: [brokers], clientId: 'bench', logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
    waitForLeaders: true,
  });
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=TimeoutNegativeWarning',
      join(import.meta.dirname, 'floor.js'),
      brokers,
      topic,
      topic,
      String(values.length),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await until('the floor to join', () => out.includes('joined'), { withinMs: 60_000 });
  const commit = await writeUnseen(kafka, topic, values);
  const pid = child.pid ?? -1;
  const cpuBefore = cpuSeconds(pid);
  const begun = performance.now();
  await commit();
  await until('the floor to read all', () => out.includes('done'), { withinMs: 120_000, everyMs: 2 });
  const seconds = (performance.now() - begun) / 1_000;
  const cpu = ((cpuSeconds(pid) - cpuBefore) / values.length) * 100_000;
  const memory = peakMemory(pid);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('close', resolve));
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  return { eventsPerSecond: values.length / seconds, cpu, databaseCpu: 0, memory };
}

/** Reads `values` with the monitor under a configuration. `finish` may look at what it left before all is taken down. */
export async function monitor(
  options: TocsinOptions,
  values: readonly string[],
  finish?: (running: Awaited<ReturnType<typeof tocsin>>) => Promise<void>,
): Promise<Sample> {
  const running = await tocsin({ ...options, partitions });
  try {
    const app = await running.start(['monitor']);
    const kafka = new Kafka({ brokers: [running.brokers], clientId: 'bench', logLevel: logLevel.NOTHING });
    const topic = running.topic('outputs');
    const commit = await writeUnseen(kafka, topic, values);
    const cpuBefore = cpuSeconds(app.pid);
    const databaseBefore = databaseCpu();
    const begun = performance.now();
    await commit();
    await until('the monitor to catch up', () => caughtUp(running, values.length), { withinMs: 300_000, everyMs: 10 });
    const seconds = (performance.now() - begun) / 1_000;
    const cpu = ((cpuSeconds(app.pid) - cpuBefore) / values.length) * 100_000;
    const database = ((databaseCpu() - databaseBefore) / values.length) * 100_000;
    const memory = peakMemory(app.pid);
    await finish?.(running);
    return { eventsPerSecond: values.length / seconds, cpu, databaseCpu: database, memory };
  } finally {
    await running.close();
  }
}

/** A transaction leaves its marker at the end of each partition, so the last record read stands one below the end. */
async function caughtUp(running: Awaited<ReturnType<typeof tocsin>>, events: number): Promise<boolean> {
  const [row] = await running.db.database.query<{ read: number }>(
    `select coalesce(sum(next_offset), 0) as read from tocsin.stream_position where topic like '%outputs'`,
  );
  return (row?.read ?? 0) >= events;
}

async function writeUnseen(kafka: Kafka, topic: string, values: readonly string[]): Promise<() => Promise<void>> {
  const producer = kafka.producer({
    transactionalId: `bench-${randomBytes(5).toString('hex')}`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const transaction: Transaction = await producer.transaction();
  for (let from = 0; from < values.length; from += 2_000) {
    await transaction.send({
      topic,
      messages: values.slice(from, from + 2_000).map((value, n) => ({ value, partition: (from + n) % partitions })),
    });
  }
  return async () => {
    await transaction.commit();
    void producer.disconnect();
  };
}

/** User and system time of a process, in seconds, from its stat file (100 ticks a second on Linux). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Highest resident memory of a process, MB. */
export function peakMemory(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}

/** All processes that descend from the one TOCSIN_TEST_DATABASE_PID names, ended ones included; 0 where unknown. */
function databaseCpu(): number {
  const pid = process.env['TOCSIN_TEST_DATABASE_PID'];
  return pid ? treeCpu(Number(pid)) : 0;
}

function treeCpu(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const own = (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / 100;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean);
    return children.reduce((sum, child) => sum + treeCpu(Number(child)), own);
  } catch {
    return 0; // it ended in between, and its time is in its parent's
  }
}
