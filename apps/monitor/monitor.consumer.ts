/** The heart: one batch of one partition, judged outside the transaction and recorded inside it. */
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Database } from '../../libs/database/index.js';
import { decodeAll, type Event, type FeedbackEvent, type Rejection } from '../../libs/events/index.js';
import {
  Outputs,
  Reporters,
  ScoreSheet,
  Tallies,
  type Found,
  type KnownReporters,
  type Referring,
} from '../../libs/incidents/index.js';
import { BundleHolder, noteStarts, type Bundle } from '../../libs/policy/index.js';
import { DeadLetters, Positions, type Batch } from '../../libs/stream/index.js';
import { counter, histogram } from '../../libs/telemetry/index.js';
import { byHalves, type Refused } from './halves.js';
import { believe, judge, type Judged, type Judgement } from './judge.js';
import type { Compiled } from './compile.js';
import { Recorder } from './recorder.js';
import { tallyOf } from './tallied.js';

const eventsRead = counter('tocsin_events_total', 'Events decoded and believed, by kind.', ['kind']);
const unusual = counter('tocsin_events_unusual_total', 'Events that had to be put right, by what.', ['what']);
const batchSeconds = histogram(
  'tocsin_batch_seconds',
  'Time from a batch in hand to its commit.',
  [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15],
  ['topic'],
);

/** Names of a model, version and stage that fit one index row whatever their letters; longer ones are nobody's thresholds. */
const longestPlace = 600;

@Controller()
export class MonitorConsumer {
  private readonly scores = new ScoreSheet();
  /** By a batch's records, which are the same at each attempt. */
  private readonly scored = new WeakMap<Batch['records'], ReturnType<ScoreSheet['take']>>();

  constructor(
    private readonly bundles: BundleHolder<Compiled>,
    private readonly database: Database,
    private readonly positions: Positions,
    private readonly deadLetters: DeadLetters,
    private readonly outputs_: Outputs,
    private readonly reporters: Reporters,
    private readonly tallies: Tallies,
    private readonly recorder: Recorder,
  ) {}

  @EventPattern('tocsin.outputs') // the transport maps this to the configured prefix
  outputs(@Payload() batch: Batch): Promise<void> {
    return this.take(batch);
  }

  @EventPattern('tocsin.feedback')
  feedback(@Payload() batch: Batch): Promise<void> {
    return this.take(batch);
  }

  @EventPattern('tocsin.verdicts')
  verdicts(@Payload() batch: Batch): Promise<void> {
    return this.take(batch);
  }

  private async take(batch: Batch): Promise<void> {
    const took = batchSeconds.startTimer({ topic: batch.topic });
    const bundle = this.bundles.current();
    const compiled = this.bundles.prepared();
    const [stages, starts] = [this.bundles.stages(), this.bundles.starts()];

    const decoded = decodeAll(batch.records, Date.now());
    const believed = believe(decoded.events, bundle);
    const { found, reporters, reports } = await this.lookUp(believed.events, bundle);
    const judgement = judge(believed.events, { bundle, compiled, stages, starts }, found, reporters);
    const refused = [...decoded.rejections, ...believed.rejections, ...judgement.rejections];

    const committed = await this.database.transaction(async (tx) => {
      await this.positions.advance(tx, batch); // first: a zombie stops here
      await noteStarts(tx, judgement.conformance.firsts, starts);
      if (reporters) await this.reporters.note(tx, reports, reporters);
      const stray = await byHalves(tx, judgement.waiting, (some) => this.outputs_.wait(tx, some));
      const recorded = await this.recorder.record(tx, judgement.judged, bundle, compiled, batch.records);
      const { known, rejections, due } = recorded;
      const letters = [...refused, ...rejections, ...strays(stray.refused, rejections)];
      await this.deadLetters.append(tx, letters, batch.records);
      const sheet = tallyOf(judgement.judged, known, letters, judgement.conformance, tx.now.getTime());
      await this.tallies.add(tx, batch.topic, batch.partition, sheet);
      const scores = this.scoresOf(batch, judgement.judged, known);
      await this.tallies.addScores(tx, batch.topic, batch.partition, scores);
      await this.recorder.page(tx, due, bundle);
      return recorded.committed;
    });

    committed();
    count(decoded, believed.events);
    took();
  }

  /** What must be known before feedback and verdicts can be judged; nothing for a batch of outputs. */
  private async lookUp(
    events: readonly Event[],
    bundle: Bundle,
  ): Promise<{ found?: Found[]; reporters?: KnownReporters; reports: FeedbackEvent[] }> {
    const referring = events.filter((event): event is Referring => event.kind !== 'output');
    if (referring.length === 0) return { reports: [] };
    const reports = referring.filter((event) => event.kind === 'feedback');
    const reporters = reports.length > 0 ? await this.reporters.known(this.database, reports) : undefined;
    if (bundle.settings.outputIndexMs === undefined) return { ...(reporters && { reporters }), reports };
    const found = await this.outputs_.find(
      this.database,
      referring.map(({ output }) => output),
    );
    return { found, ...(reporters && { reporters }), reports };
  }

  /** Score rows of outputs that are no duplicates and come from production; a batch that runs again has the same. */
  private scoresOf({ records }: Batch, judged: readonly Judged[], known: ReadonlySet<Judged>) {
    const before = this.scored.get(records);
    if (before) return before;
    for (const one of judged) {
      const { event, scores } = one;
      if (event?.kind !== 'output' || event.purpose !== 'production' || known.has(one)) continue;
      const { day, model, version, stage, account } = event;
      if (model === undefined || version === undefined || stage === undefined) continue;
      if (model.length + version.length + stage.length > longestPlace) continue;
      this.scores.add({ day, model, version, stage, account: account.id, scores });
    }
    const rows = this.scores.take();
    this.scored.set(records, rows);
    return rows;
  }
}

/** What could not be kept waiting, save what is a dead letter already. */
function strays(refused: readonly Refused<Judgement['waiting'][number]>[], before: readonly Rejection[]): Rejection[] {
  const told = new Set(before.map(({ origin }) => origin));
  return refused.flatMap(({ item, state }): Rejection[] => {
    const { origin, ephemeral } = item.event;
    if (told.has(origin)) return [];
    const detail = `PostgreSQL refused to keep it waiting for its output (SQLSTATE ${state})`;
    return [{ kind: 'rejection', reason: 'refused_by_database', detail, origin, ephemeral }];
  });
}

function count(decoded: ReturnType<typeof decodeAll>, events: readonly Event[]): void {
  const kinds = { output: 0, feedback: 0, verdict: 0 };
  for (const { kind } of events) kinds[kind]++;
  for (const [kind, total] of Object.entries(kinds)) if (total > 0) eventsRead.inc({ kind }, total);
  const { mended, cut, untimed, clamped, ignored } = decoded;
  for (const [what, total] of Object.entries({ mended, cut, untimed, clamped, ignored }))
    if (total > 0) unusual.inc({ what }, total);
}
