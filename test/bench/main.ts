/**
 * `npm run bench`: speed as ratios, both sides in one run, because machines are noisy. Prints medians of interleaved
 * rounds, compares CPU ratios with the kept baseline, and with `--keep` keeps this run's instead.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchRules, rulesAlonePolicy } from './bench-rules.js';
import { floor, monitor, type Sample } from './throughput.js';
import { benchEvent, seeded } from './traffic.js';

const baselineFile = join(import.meta.dirname, '../../../test/bench/baseline.json');
/** A ratio this much over the kept one fails the bench. */
const tolerated = 1.3;

const args = process.argv.slice(2);
const rounds = Number(args[args.indexOf('--rounds') + 1] ?? 3) || 3;
const events = args.includes('--events') ? Number(args[args.indexOf('--events') + 1]) : 200_000;
const brokers = process.env['TOCSIN_TEST_KAFKA'] ?? '';

const random = seeded(7);
const traffic = Array.from({ length: events }, (_, n) => benchEvent(random, n, new Date().toISOString()));
const values = traffic.map(({ value }) => value);
const hits = traffic.filter(({ hit }) => hit !== -1).length;
console.log(
  `${events} events of ${Math.round(Buffer.byteLength(values.join('')) / events)} bytes, ${hits} of them hits`,
);

const floors: Sample[] = [];
const rules: Sample[] = [];
for (let round = 1; round <= rounds; round++) {
  floors.push(await floor(brokers, values));
  rules.push(
    await monitor({ config: { 'policy.yml': rulesAlonePolicy, ...benchRules() } }, values, async ({ db }) => {
      const [row] = await db.database.query<{ findings: number }>(
        `select count(*)::int8 as findings from tocsin.finding where detector = 'rules'`,
      );
      if (row?.findings !== hits)
        throw new Error(`the monitor kept ${row?.findings} findings of ${hits} hits: its speed counts for nothing`);
    }),
  );
  console.log(`round ${round} of ${rounds}: floor ${line(floors.at(-1))}; rules ${line(rules.at(-1))}`);
}
const floorCpu = median(floors.map(({ cpu }) => cpu));
const ratio = median(rules.map(({ cpu }) => cpu)) / floorCpu;
console.log(`(a) floor: ${summary(floors)}`);
console.log(`(b) rules alone: ${summary(rules)}; CPU ${ratio.toFixed(2)} times the floor (goal 2.5)`);

const result = { rules: Number(ratio.toFixed(2)) };
if (args.includes('--keep')) {
  writeFileSync(baselineFile, `${JSON.stringify(result, null, 2)}\n`);
  console.log('kept as the baseline');
} else if (existsSync(baselineFile)) {
  const kept = JSON.parse(readFileSync(baselineFile, 'utf8')) as Partial<typeof result>;
  for (const [name, value] of Object.entries(result)) {
    const before = kept[name as keyof typeof result];
    if (before !== undefined && value > before * tolerated) {
      console.log(`${name}: CPU ratio ${value} is more than 30 % over the kept ${before}`);
      process.exitCode = 1;
    }
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
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
