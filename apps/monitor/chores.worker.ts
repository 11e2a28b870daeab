/**
 * What the monitor does beside its batches: joins feedback and verdicts to outputs that came later, reads the records
 * behind incidents from Kafka, lifts floods, and keeps the output index's days. Each chore waits in the database and
 * may be done by any copy; one that fails is tried again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../libs/database/index.js';
import { forgetChecks } from '../../libs/detection/index.js';
import { CampaignWorker, shippedWeights } from '../../libs/detection/index.js';
import { decodeAll, type Event, type OutputEvent } from '../../libs/events/index.js';
import {
  EvidenceStore,
  Floods,
  Incidents,
  keepUp,
  Outputs,
  Recording,
  Reporters,
  type DueEvidence,
  type Found,
  type KnownReporters,
  type Referring,
} from '../../libs/incidents/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { readRange, type StreamOptions } from '../../libs/stream/index.js';
import { counter, logger } from '../../libs/telemetry/index.js';
import { believe, judgeReferring, judgeUnjoined, type Grounds, type Judged } from './judge.js';
import type { Compiled } from './compile.js';
import { Recorder } from './recorder.js';

const log = logger('monitor');
const failed = counter('tocsin_chores_failed_total', 'Chores of the monitor that failed and are tried again.', [
  'chore',
]);
const unjoinable = counter('tocsin_joins_failed_total', 'Waiting events that a detector threw on: they are ended.');

const second = 1_000;
const hour = 3_600 * second;
const atATime = 100;
/** Reads that fail one after another: the broker is away, and what is left comes again by itself. */
const readsFailed = 3;
const closeWithin = 3 * second;
/** Kept for a while longer than the index itself, for a day's partition is dropped whole. */
const indexOff = 24 * hour;

export interface ChoresOptions {
  readonly database: Database;
  readonly stream: StreamOptions;
  readonly bundles: BundleHolder<Compiled>;
  readonly recorder: Recorder;
  readonly recording: Recording;
  readonly outputs: Outputs;
  readonly reporters: Reporters;
  readonly floods: Floods;
  readonly incidents: Incidents;
  readonly evidence: EvidenceStore;
}

export class Chores {
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private readonly campaigns: CampaignWorker;
  private closed = false;

  constructor(private readonly options: ChoresOptions) {
    const { database, bundles, recorder } = options;
    this.campaigns = new CampaignWorker(database, {
      background: shippedWeights().background,
      policy: () => recorder.openingOf(bundles.current()),
      bundle: () => bundles.current().hash,
      onOutcome: (tx, { opened, reopened, raised }) =>
        recorder.page(tx, [...opened, ...reopened, ...raised], bundles.current()),
    });
  }

  /** Does each once, then again and again in its own time. */
  start(): void {
    this.every(second, 'join', () => this.joinWaiting());
    this.every(second, 'evidence', () => this.readEvidence());
    this.every(5 * second, 'floods', () => this.tendFloods());
    this.every(5 * second, 'growth', () => this.noteGrowth());
    // Here too, for a fleet may name services and run no verifier.
    this.every(30 * second, 'checks', () => forgetChecks(this.options.database));
    this.every(5 * second, 'campaigns', () => this.placeSuspects());
    this.every(hour, 'upkeep', () => this.upkeep());
  }

  /** Waits for what is under way, save for a broker that does not answer: a chore left half done is taken up by another copy. */
  async close(): Promise<void> {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.race([Promise.all(this.running), sleep(closeWithin, undefined, { ref: false })]);
  }

  /** Feedback and verdicts whose output has come since; those that never find it are ended after the index's time. */
  async joinWaiting(): Promise<void> {
    const { database, outputs, bundles, recorder, reporters } = this.options;
    const bundle = bundles.current();
    const keep = bundle.settings.outputIndexMs ?? 0;
    const compiled = bundles.prepared();
    const grounds = { bundle, compiled, stages: bundles.stages(), starts: bundles.starts() };
    const recorded = await database.transaction(async (tx) => {
      const waiting = await outputs.takeWaiting(tx, atATime);
      if (waiting.length === 0) return undefined;
      const found = await outputs.find(
        tx,
        waiting.map(({ event }) => event.output),
      );
      const reports = waiting.flatMap(({ event }) => (event.kind === 'feedback' ? event : []));
      const known = await reporters.known(tx, reports);
      const judged: Judged[] = [];
      for (const [i, { event, arrivedAt }] of waiting.entries()) {
        const answer = found[i]!;
        if (answer.found === 'none' && tx.now.getTime() - arrivedAt.getTime() < keep) continue;
        const one = judgeEnded(event, answer, grounds, known);
        if (one !== 'failed' && one !== undefined) judged.push(one);
        if (answer.found === 'several') await outputs.endWaiting(tx, event, 'ambiguous', answer.matches);
        else if (answer.found === 'one' && one !== 'failed') await outputs.joined(tx, event);
        else await outputs.endWaiting(tx, event, 'unmatched');
      }
      const told = await recorder.record(tx, judged, bundle, compiled);
      await recorder.page(tx, told.due, bundle);
      return told;
    });
    recorded?.committed();
    const refused = recorded?.rejections.length ?? 0;
    if (refused > 0) log.warn({ rejections: refused }, 'joined events were refused and are left out');
  }

  /** Records behind incidents that were not in the batch that opened them. */
  async readEvidence(): Promise<void> {
    const { database, evidence } = this.options;
    const due = await database.transaction((tx) => evidence.take(tx, atATime));
    let inARow = 0;
    let failures = 0;
    let last: unknown;
    for (const one of due) {
      if (this.closed || inARow === readsFailed) break;
      try {
        await evidence.settle(database, one, await this.recordOf(one));
        inARow = 0;
      } catch (error) {
        inARow++;
        failures++;
        last = error;
      }
    }
    if (failures === 0) return;
    failed.inc({ chore: 'evidence' }, failures);
    log.warn({ err: last, failures }, 'records behind incidents could not be read and are tried again');
  }

  /** The output itself; where a verdict made the finding, the output that it speaks of. */
  private async recordOf({ source, id, ...place }: DueEvidence): Promise<OutputEvent | undefined> {
    const { database, outputs } = this.options;
    const isIt = (event: Event) => event.kind === 'output' && event.source === source && event.id === id;
    const events = await this.eventsAt(place);
    const own = events.find(isIt);
    if (own?.kind === 'output' || place.topic === 'tocsin.outputs') return own?.kind === 'output' ? own : undefined;
    const [found] = await outputs.find(database, [{ source, id }]);
    if (found?.found !== 'one') return undefined;
    const meant = (await this.eventsAt(found.output)).find(isIt);
    return meant?.kind === 'output' ? meant : undefined;
  }

  /** What one record says, believed as when it was judged: a source that keeps nothing keeps nothing here. */
  private async eventsAt({
    topic,
    partition,
    offset,
  }: Pick<DueEvidence, 'topic' | 'partition' | 'offset'>): Promise<Event[]> {
    const { stream, bundles } = this.options;
    const events: Event[] = [];
    for await (const records of readRange(stream, { topic, partition, from: offset, to: offset + 1 }))
      events.push(...believe(decodeAll(records, Date.now()).events, bundles.current()).events);
    return events;
  }

  async tendFloods(): Promise<void> {
    const { database, floods, incidents, recorder } = this.options;
    const lifted = await database.transaction(async (tx) => {
      const subjects = await floods.lift(tx);
      for (const subject of subjects)
        await incidents.actOnOther(
          tx,
          { kind: 'operation', dedupKey: `flood ${subject}` },
          { do: 'note' },
          { who: 'tocsin', why: 'ten quiet minutes: the flood is over, every finding is kept again' },
        );
      return subjects;
    });
    if (lifted.length > 0) log.info({ lifted }, 'floods are over');
    recorder.flooding = await floods.active(database);
  }

  async noteGrowth(): Promise<void> {
    const { database, recording } = this.options;
    await database.transaction((tx) => recording.noteGrowth(tx));
  }

  /** Suspect findings into clusters, by whichever copy holds the campaign lock. */
  async placeSuspects(): Promise<void> {
    let more = true;
    while (more && !this.closed) {
      const result = await this.campaigns.step();
      more = result.outcome === 'done' && result.more;
    }
  }

  async upkeep(): Promise<void> {
    const { database, bundles } = this.options;
    await keepUp(database, bundles.current().settings.outputIndexMs ?? indexOff);
  }

  private every(ms: number, chore: string, work: () => Promise<void>): void {
    const run = (): void => {
      if (this.closed) return;
      const round = work()
        .catch((error: unknown) => {
          failed.inc({ chore });
          log.warn({ err: error, chore }, 'a chore failed and is tried again');
        })
        .finally(() => {
          this.running.delete(round);
          if (this.closed) return;
          const timer = setTimeout(() => {
            this.timers.delete(timer);
            run();
          }, ms);
          this.timers.add(timer);
        });
      this.running.add(round);
    };
    run();
  }
}

/** One that a detector throws on must not hold up the others: its waiting ends. */
function judgeEnded(
  event: Referring,
  found: Found,
  grounds: Grounds,
  reporters: KnownReporters,
): Judged | 'failed' | undefined {
  try {
    if (found.found === 'one') return judgeReferring(event, grounds, found.output, reporters);
    return judgeUnjoined(event, found, grounds, reporters);
  } catch (error) {
    unjoinable.inc();
    // The error's kind, never its message: that may quote the text.
    log.warn(
      { kind: event.kind, error: error instanceof Error ? error.name : 'no error' },
      'a joined event is left out',
    );
    return 'failed';
  }
}
