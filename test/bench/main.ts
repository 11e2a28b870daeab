/**
 * `npm run bench`: speed as ratios, both sides in one run, because machines are noisy. Prints medians of interleaved
 * rounds, compares CPU ratios with the kept baseline, and with `--keep` keeps this run's instead. Parts can be named:
 * `npm run bench -- throughput rules latency restart pages`; `--rounds 3`, `--events 200000`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../harness/tocsin.js';
import { benchRules, rulesAlonePolicy } from './bench-rules.js';
import { everything } from './everything.js';
import { pageLatency, restart } from './latency.js';
import { measureRules } from './measure-rules.js';
import { burst, steady, type PageSample } from './pages.js';
import { floor, monitor, type Sample } from './throughput.js';
import { benchEvent, seeded } from './traffic.js';

const baselineFile = join(projectRoot(), 'test/bench/baseline.json');
/** A ratio this much over the kept one fails the bench. */
const tolerated = 1.3;
const allParts = ['throughput', 'rules', 'latency', 'restart', 'pages'] as const;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    events: { type: 'string', default: '200000' },
    backlog: { type: 'string', default: '1000000' },
    keep: { type: 'boolean', default: false },
  },
});
const parts = new Set<string>(positionals.length > 0 ? positionals : allParts);
const rounds = Number(options.rounds);
const events = Number(options.events);
const brokers = process.env['TOCSIN_TEST_KAFKA'] ?? '';
const ratios: Record<string, number> = {};
let topRate = 0;

if (parts.has('throughput')) await throughput();
if (parts.has('rules')) rulesOnly();
if (parts.has('latency')) await latency();
if (parts.has('restart')) await catchUp();
if (parts.has('pages')) await pages();
compareWithBaseline();

async function throughput(): Promise<void> {
  const random = seeded(7);
  const traffic = Array.from({ length: events }, (_, n) => benchEvent(random, n, new Date().toISOString()));
  const values = traffic.map(({ value }) => value);
  const hits = traffic.filter(({ hit }) => hit !== -1).length;
  console.log(
    `${events} events of ${Math.round(Buffer.byteLength(values.join('')) / events)} bytes, ${hits} of them hits`,
  );
  const [floors, rules, all]: [Sample[], Sample[], Sample[]] = [[], [], []];
  for (let round = 1; round <= rounds; round++) {
    floors.push(await floor(brokers, values));
    rules.push(await monitor({ config: { 'policy.yml': rulesAlonePolicy, ...benchRules() } }, values, keptAll(hits)));
    all.push(await monitor({ config: everything() }, values, keptAll(hits)));
    console.log(
      `round ${round} of ${rounds}: floor ${line(floors.at(-1))}; rules ${line(rules.at(-1))}; all ${line(all.at(-1))}`,
    );
  }
  const base = median(floors.map(({ cpu }) => cpu));
  ratios['rules'] = round2(median(rules.map(({ cpu }) => cpu)) / base);
  ratios['everything'] = round2(median(all.map(({ cpu }) => cpu)) / base);
  topRate = median(rules.map(({ eventsPerSecond }) => eventsPerSecond));
  console.log(`(a) floor: ${summary(floors)}`);
  console.log(`(b) rules alone: ${summary(rules)}; CPU ${ratios['rules']} times the floor (goal 2.5)`);
  console.log(`(c) everything: ${summary(all)}; CPU ${ratios['everything']} times the floor (goal 12)`);
}

/** Speed counts for nothing where a finding is missing. */
function keptAll(hits: number) {
  return async ({
    db,
  }: {
    readonly db: { readonly database: { query<Row>(sql: string): Promise<Row[]> } };
  }): Promise<void> => {
    const [row] = await db.database.query<{ findings: number }>(
      `select count(*)::int8 as findings from tocsin.finding where detector = 'rules'`,
    );
    if (row?.findings !== hits) throw new Error(`the monitor kept ${row?.findings} findings of ${hits} hits`);
  };
}

function rulesOnly(): void {
  const { operatorTextsPerSecond, systemEventsPerSecond, loadSeconds, automaton } = measureRules();
  console.log(`20 operator rules: ${Math.round(operatorTextsPerSecond)} texts/s (goal 400,000)`);
  console.log(`3,000 operating-system rules: ${Math.round(systemEventsPerSecond)} events/s (goal 50,000)`);
  console.log(
    `loading them: ${loadSeconds.toFixed(2)} s (goal 3), ${automaton.states} states, ${Math.round(automaton.bytes / 1_048_576)} MB`,
  );
}

async function latency(): Promise<void> {
  const idle = await pageLatency(0, 20);
  console.log(
    `page latency alone: p50 ${idle.p50.toFixed(0)} ms, p99 ${idle.p99.toFixed(0)} ms of ${idle.pages} (goal 100 and 500)`,
  );
  const half = Math.round((topRate || 50_000) / 2);
  const loaded = await pageLatency(half, 30);
  console.log(
    `among ${half} events/s: p50 ${loaded.p50.toFixed(0)} ms, p99 ${loaded.p99.toFixed(0)} ms of ${loaded.pages} (goal 100 and 500)`,
  );
}

async function catchUp(): Promise<void> {
  const sample = await restart(Number(options.backlog));
  console.log(
    `restart with a backlog of ${sample.events}: caught up after ${sample.seconds.toFixed(1)} s, ${Math.round(sample.eventsPerSecond)} events/s, ${Math.round(sample.memory)} MB (goal 350)`,
  );
}

async function pages(): Promise<void> {
  for (const channel of ['webhook', 'smtp'] as const) {
    console.log(`${channel}, 50 incidents/s: ${pageLine(await steady(channel))} (goal p50 10, p99 30)`);
    console.log(
      `${channel}, burst of 1,000: ${pageLine(await burst(channel))} (goal ${channel === 'webhook' ? '1,500' : '800'} pages/s)`,
    );
  }
}

function pageLine({ pagesPerSecond, p50, p99, lost, doubled }: PageSample): string {
  return `${Math.round(pagesPerSecond)} pages/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, lost ${lost}, doubled ${doubled}`;
}

function compareWithBaseline(): void {
  if (Object.keys(ratios).length === 0) return;
  if (options.keep) {
    writeFileSync(baselineFile, `${JSON.stringify(ratios, null, 2)}\n`);
    console.log('kept as the baseline');
    return;
  }
  if (!existsSync(baselineFile)) return;
  const kept = JSON.parse(readFileSync(baselineFile, 'utf8')) as Record<string, number>;
  for (const [name, value] of Object.entries(ratios)) {
    const before = kept[name];
    if (before === undefined || value <= before * tolerated) continue;
    console.log(`${name}: CPU ratio ${value} is more than 30 % over the kept ${before}`);
    process.exitCode = 1;
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function round2(number: number): number {
  return Number(number.toFixed(2));
}

function line(sample: Sample | undefined): string {
  return sample ? `${Math.round(sample.eventsPerSecond)} events/s, ${sample.cpu.toFixed(3)} CPU s per 100,000` : '';
}

function summary(samples: readonly Sample[]): string {
  const of = (pick: (sample: Sample) => number) => median(samples.map(pick));
  return (
    `${Math.round(of(({ eventsPerSecond }) => eventsPerSecond))} events/s, ${of(({ cpu }) => cpu).toFixed(3)} CPU s per 100,000, ` +
    `PostgreSQL ${of(({ databaseCpu }) => databaseCpu).toFixed(3)}, ${Math.round(of(({ memory }) => memory))} MB`
  );
}
