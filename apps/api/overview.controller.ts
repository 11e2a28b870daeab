/** One screen for a responder who just woke up: is everything read, what was found, what is open, what cannot be seen. */
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import { severities, Tallies } from '../../libs/incidents/index.js';
import { Bundles } from '../../libs/policy/index.js';
import { showPositions } from '../../libs/stream/index.js';
import type { Config } from '../config.js';
import { streamOptions } from '../stream-options.js';
import * as answers from './answers.js';
import { configToken } from './auth.guard.js';

const overview = z
  .object({
    at: z.iso.datetime(),
    throughput: z
      .array(z.object({ at: z.iso.datetime(), outputs: z.number().int(), findings: z.number().int() }))
      .describe('counts per minute of the last hour, of the minutes that have any'),
    lag: z
      .array(
        z.object({ topic: z.string(), partitions: z.number().int(), records: z.number().int(), state: z.string() }),
      )
      .optional()
      .describe('records still to be read; absent where this process knows no Kafka or it cannot be reached'),
    findings: z.array(z.object({ detector: z.string(), count: z.number().int() })).describe('of the last hour'),
    open: z.array(z.object({ severity: answers.severity, open: z.number().int(), acknowledged: z.number().int() })),
    dead_letters: z.number().int().describe('of the last 24 hours'),
    unmatched_feedback: z.number().int().describe('reports and verdicts whose output has not come'),
    disagreeing_copies: z.number().int().describe('processes that do not hold the active bundle'),
    bundle: z.object({ hash: z.string(), applied_at: z.iso.datetime(), applied_by: z.string() }).optional(),
  })
  .meta({ id: 'Overview' });
type Overview = z.infer<typeof overview>;

const counts = `
select (select count(*)::int from tocsin.dead_letter where appended_at > tocsin.now() - interval '24 hours') as letters,
       (select count(*)::int from tocsin.waiting_reference where due_at is not null) as waiting`;

const openBySeverity = `
select severity, count(*) filter (where status = 'open')::int as open,
       count(*) filter (where status = 'acknowledged')::int as acknowledged
  from tocsin.incident
 where status <> 'resolved' and kind <> 'synthetic'
 group by severity`;

/** Asking Kafka takes connections; several viewers share an answer. */
const lagFreshMs = 5_000;

@ApiTags('overview')
@Controller('api/v1/overview')
export class OverviewController {
  private lag: { readonly at: number; readonly answer: Promise<Overview['lag']> } | undefined;

  constructor(
    private readonly database: Database,
    private readonly tallies: Tallies,
    private readonly bundles: Bundles,
    @Inject(configToken) private readonly config: Config,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'overview', summary: 'Throughput, lag, findings and open incidents' })
  @ApiResponse({ status: 200, standardSchema: overview })
  async overview(): Promise<Overview> {
    const now = await this.database.now();
    const hourAgo = new Date(now.getTime() - 3_600_000);
    const soon = new Date(now.getTime() + 300_000);
    const [outputs, findings, open, [count], copies, newest, lag] = await Promise.all([
      this.tallies.series(this.database, hourAgo, soon, 'outputs', 60),
      this.tallies.series(this.database, hourAgo, soon, 'findings', 60),
      this.database.query<Overview['open'][number]>(openBySeverity),
      this.database.query<{ letters: number; waiting: number }>(counts),
      this.bundles.copies(this.database),
      this.bundles.newest(this.database),
      this.currentLag(),
    ]);
    return {
      at: now.toISOString(),
      throughput: perMinute(outputs, findings),
      ...(lag && { lag }),
      findings: perLabel(findings),
      open: severities.map(
        (severity) => open.find((row) => row.severity === severity) ?? { severity, open: 0, acknowledged: 0 },
      ),
      dead_letters: count?.letters ?? 0,
      unmatched_feedback: count?.waiting ?? 0,
      disagreeing_copies: copies.filter(({ disagrees }) => disagrees).length,
      ...(newest && {
        bundle: { hash: newest.hash, applied_at: newest.appliedAt.toISOString(), applied_by: newest.appliedBy },
      }),
    };
  }

  private currentLag(): Promise<Overview['lag']> {
    if (this.config.kafka.brokers.length === 0) return Promise.resolve(undefined);
    if (!this.lag || performance.now() - this.lag.at > lagFreshMs) {
      this.lag = { at: performance.now(), answer: this.readLag().catch(() => undefined) };
    }
    return this.lag.answer;
  }

  private async readLag(): Promise<Overview['lag']> {
    const rows = await showPositions(this.database, {
      ...streamOptions(this.config, 'tocsin api'),
      startTimeoutMs: 2_000,
    });
    const topics = Map.groupBy(
      rows.filter(({ group }) => group === this.config.kafka.group),
      ({ topic }) => topic,
    );
    return [...topics].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.length,
      records: partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
      state: partitions.find(({ state }) => state !== 'ok')?.state ?? 'ok',
    }));
  }
}

interface Count {
  readonly at: Date;
  readonly label: string;
  readonly count: number;
}

function perMinute(outputs: readonly Count[], findings: readonly Count[]): Overview['throughput'] {
  const minutes = new Map<number, { outputs: number; findings: number }>();
  const add = (rows: readonly Count[], what: 'outputs' | 'findings') => {
    for (const { at, count } of rows) {
      const minute = minutes.get(at.getTime()) ?? { outputs: 0, findings: 0 };
      minute[what] += count;
      minutes.set(at.getTime(), minute);
    }
  };
  add(outputs, 'outputs');
  add(findings, 'findings');
  return [...minutes]
    .toSorted(([a], [b]) => a - b)
    .map(([at, minute]) => ({ at: new Date(at).toISOString(), ...minute }));
}

function perLabel(findings: readonly Count[]): Overview['findings'] {
  const detectors = Map.groupBy(findings, ({ label }) => label);
  return [...detectors]
    .map(([detector, rows]) => ({ detector, count: rows.reduce((sum, { count }) => sum + count, 0) }))
    .toSorted((a, b) => b.count - a.count);
}
