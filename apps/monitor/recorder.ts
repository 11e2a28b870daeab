/**
 * Records what a batch holds, inside the caller's transaction and in the order that every writer keeps (promise 6).
 * The consumer and the chores both come through here, so a report joined an hour later opens what it would have opened.
 */
import type { Tx } from '../../libs/database/index.js';
import { noteChecks } from '../../libs/detection/index.js';
import type { OutputEvent, Rejection } from '../../libs/events/index.js';
import {
  defaultOpening,
  FloodMeter,
  Floods,
  Incidents,
  Outputs,
  outputHash,
  Recording,
  type Incident,
  type OpeningPolicy,
} from '../../libs/incidents/index.js';
import { Pages, planInForce, severityOf, type StampedPlan } from '../../libs/paging/index.js';
import type { Bundle } from '../../libs/policy/index.js';
import { counter } from '../../libs/telemetry/index.js';
import { askedOf } from './asked.js';
import { byHalves } from './halves.js';
import type { Judged } from './judge.js';
import type { Compiled } from './compile.js';

const findingsRecorded = counter('tocsin_findings_total', 'Findings that were news, by detector.', ['detector']);
const incidentsTold = counter('tocsin_incidents_total', 'Incidents opened, re-opened and raised.', ['change']);
const floodDropped = counter('tocsin_findings_flood_total', 'Findings of floods that are counted and not kept.');

/** Written with each flood at most this often: the row is one for all copies. */
const floodNotedEveryMs = 60_000;

export interface Recorded {
  /** Outputs that were in the index before: a producer's duplicates. */
  readonly known: ReadonlySet<Judged>;
  readonly rejections: readonly Rejection[];
  /** For `openEscalations`, which is the transaction's last statement. */
  readonly due: readonly Incident[];
  /** Counts it in metrics. Call it once the transaction has committed: one that runs again counts once. */
  committed(): void;
}

interface News {
  readonly due: readonly Incident[];
  readonly count: () => void;
}

export class Recorder {
  /** Floods as last read; the chores refresh it. */
  flooding: ReadonlySet<string> = new Set();
  private readonly meter = new FloodMeter();
  private readonly floodNoted = new Map<string, number>();
  /** By what was read: a batch that runs again has been counted before. */
  private readonly observed = new WeakMap<object, ReadonlySet<string>>();
  private readonly plans = new WeakMap<Bundle, OpeningPolicy>();

  constructor(
    private readonly recording: Recording,
    private readonly outputs: Outputs,
    private readonly floods: Floods,
    private readonly incidents: Incidents,
    private readonly pages: Pages,
    private readonly defaultResponder: string,
  ) {}

  /**
   * Index, findings, windows, incidents and timeline of these; what PostgreSQL refuses comes back as rejections. `read`
   * is the same at each attempt.
   */
  async record(
    tx: Tx,
    judged: readonly Judged[],
    bundle: Bundle,
    compiled: Compiled,
    read: object = judged,
  ): Promise<Recorded> {
    const over = this.observe(judged, read);
    const flooding = over.size === 0 ? this.flooding : new Set([...this.flooding, ...over]);
    const known = new Set<Judged>();
    const { results, refused } = await byHalves(tx, judged, (some) =>
      this.recordSome(tx, some, bundle, compiled, flooding, known),
    );
    const floods = await this.noteFloods(tx, over, bundle);
    return {
      known,
      due: [...results.flatMap(({ due }) => due), ...floods.due],
      rejections: refused.map(({ item, state }) => refusedBy(item, state)),
      committed: () => {
        for (const { count } of [...results, floods]) count();
      },
    };
  }

  /** Pages for what opened, opened again or turned worse. Call it last: it may NOTIFY. */
  async page(tx: Tx, due: readonly Incident[], bundle: Bundle): Promise<void> {
    if (due.length === 0) return;
    const newest = new Map(due.map((incident) => [incident.id, incident]));
    await this.pages.openEscalations(tx, [...newest.values()], this.planOf(bundle));
  }

  private async recordSome(
    tx: Tx,
    judged: readonly Judged[],
    bundle: Bundle,
    compiled: Compiled,
    flooding: ReadonlySet<string>,
    known: Set<Judged>,
  ): Promise<News> {
    if (bundle.settings.outputIndexMs !== undefined) {
      const indexed = judged.filter(({ event }) => event?.kind === 'output');
      const before = await this.outputs.index(
        tx,
        indexed.map(({ event }) => event as OutputEvent),
      );
      for (const place of before) known.add(indexed[place]!);
    }
    const asked = askedOf(judged, known, bundle);
    if (asked.length > 0) await noteChecks(tx, asked);
    const all = judged.flatMap(({ findings }) => findings);
    const signals = judged.flatMap((one) => one.signals);
    if (all.length === 0 && signals.length === 0) return { due: [], count: () => undefined };
    const kept = flooding.size === 0 ? all : await this.floods.contain(tx, all, flooding);
    const findings = await this.recording.append(tx, kept, bundle.hash);
    const completions = await this.recording.completeWindows(tx, signals, compiled.correlations, bundle.hash);
    const { opened, reopened, raised } = await this.recording.settle(tx, {
      findings,
      completions,
      policy: this.openingOf(bundle),
      bundle: bundle.hash,
      evidence: evidenceOf(judged),
    });
    const count = (): void => {
      if (kept.length < all.length) floodDropped.inc(all.length - kept.length);
      for (const { detector } of findings) findingsRecorded.inc({ detector });
      for (const [change, told] of Object.entries({ opened, reopened, raised }))
        if (told.length > 0) incidentsTold.inc({ change }, told.length);
    };
    return { due: [...opened, ...reopened, ...raised], count };
  }

  private observe(judged: readonly Judged[], read: object): ReadonlySet<string> {
    const before = this.observed.get(read);
    if (before) return before;
    const times: number[] = [];
    for (const { event } of judged) if (event?.kind === 'output') times.push(event.at);
    const over = this.meter.observe(
      times,
      judged.flatMap(({ findings }) => findings),
    );
    this.observed.set(read, over);
    return over;
  }

  /** One SEV3 incident says that a rule floods and is contained. */
  private async noteFloods(tx: Tx, over: ReadonlySet<string>, bundle: Bundle): Promise<News> {
    const now = tx.now.getTime();
    const subjects = [...over].filter((subject) => now - (this.floodNoted.get(subject) ?? 0) >= floodNotedEveryMs);
    if (subjects.length === 0) return { due: [], count: () => undefined };
    const begun = await this.floods.over(tx, subjects);
    const opened: Incident[] = [];
    for (const subject of begun.sort()) {
      const { outcome, incident } = await this.incidents.openOther(tx, {
        kind: 'operation',
        dedupKey: `flood ${subject}`,
        title: `"${subject}" floods: one finding an account and hour is kept, all are counted`,
        severity: 'SEV3',
        detector: 'flood',
        key: { flood: subject },
        bundle: bundle.hash,
        actor: { who: 'tocsin', why: 'it fired on over 5 % of at least 1,000 outputs in a minute' },
      });
      if (outcome === 'opened') opened.push(incident);
    }
    const count = (): void => {
      for (const subject of subjects) this.floodNoted.set(subject, now);
    };
    return { due: opened, count };
  }

  planOf(bundle: Bundle): StampedPlan {
    return planInForce(bundle, this.defaultResponder);
  }

  /** What may open an incident, and how severe it then is. */
  openingOf(bundle: Bundle): OpeningPolicy {
    const known = this.plans.get(bundle);
    if (known) return known;
    const { plan } = this.planOf(bundle);
    const made: OpeningPolicy = { ...defaultOpening, severityOf: ({ level }) => severityOf(level, plan) };
    this.plans.set(bundle, made);
    return made;
  }
}

/** Records of the batch by what they are called, made only where an incident opens. */
function evidenceOf(judged: readonly Judged[]) {
  let byHash: Map<string, OutputEvent> | undefined;
  return (source: string, id: string): OutputEvent | undefined => {
    byHash ??= new Map(
      judged.flatMap(({ event }) => (event?.kind === 'output' ? [[outputHash(event.source, event.id), event]] : [])),
    );
    return byHash.get(outputHash(source, id));
  };
}

function refusedBy({ origin, ephemeral }: Judged, state: string): Rejection {
  return {
    kind: 'rejection',
    reason: 'refused_by_database',
    detail: `PostgreSQL refused what was to be recorded of it (SQLSTATE ${state})`,
    origin,
    ephemeral,
  };
}
