/**
 * What this process works by: the active bundle and the thresholds in force, adopted when a notification says so or a
 * poll sees it. A bundle that cannot be adopted changes nothing: the one in hand stays, and a gauge says so. Which one
 * is held is told to the others every 20 s.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { formatProblem } from '../config-file/index.js';
import { listen, type Database, type Listener } from '../database/index.js';
import { counter, gauge, logger } from '../telemetry/index.js';
import { bundleOf, type Bundle } from './bundle.js';
import { bundleChannel, Bundles } from './bundles.repository.js';
import type { StageStarts } from './conformance.js';
import { stageIndex, type StageIndex } from './stage.js';
import { readStarts } from './stage-starts.repository.js';
import type { PublishedThreshold } from './threshold.js';
import { Thresholds } from './thresholds.repository.js';

const log = logger('policy');
const bad = gauge(
  'tocsin_bundle_bad',
  'Whether the newest bundle could not be adopted here, so that an older one is in force (1)',
);
const sequenceHeld = gauge('tocsin_bundle_sequence', 'Sequence of the application that this process last looked at');
const disagreeing = gauge(
  'tocsin_bundle_disagreeing_copies',
  'Living copies that do not hold a bundle applied over 2 minutes ago',
);
const failedLooks = counter('tocsin_bundle_failed_looks_total', 'Looks for a newer bundle that failed, database away');

export interface BundleHolderOptions<Prepared = void> {
  readonly database: Database;
  /** For the listening connection; absent, polling alone. */
  readonly listenUrl?: string;
  /** Names the process to others: `monitor`, `pager`, several with a comma. */
  readonly app: string;
  /** Makes what depends on the bundle, such as compiled rules; a throw refuses the bundle. Both become current together. */
  readonly prepare?: (bundle: Bundle) => Prepared | Promise<Prepared>;
  /** Milliseconds between polls; default 5,000: a notification wakes, so a poll only finds what was missed. */
  readonly pollMs?: number;
}

const tellEveryMs = 20_000;

export class BundleHolder<Prepared = void> {
  private readonly bundles = new Bundles();
  private readonly thresholds = new Thresholds();
  private readonly copy = `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`;
  private readonly waiting: (() => void)[] = [];
  private bundle?: Bundle;
  private made?: { readonly prepared: Prepared };
  private index?: StageIndex;
  private published: readonly PublishedThreshold[] = [];
  private knownStarts: StageStarts = new Map();
  private seen?: number;
  private seenThresholds?: string;
  private refused: string | null = null;
  private toldAt = Number.NEGATIVE_INFINITY;
  private listener?: Listener;
  private timer?: NodeJS.Timeout;
  private looking?: Promise<void>;
  private again = false;
  private closed = false;
  private lookFailed = false;

  private constructor(private readonly options: BundleHolderOptions<Prepared>) {}

  /** Resolves after the first look; there may be no bundle yet (see `ready`). The database must be there. */
  static async open<Prepared = void>(options: BundleHolderOptions<Prepared>): Promise<BundleHolder<Prepared>> {
    const holder = new BundleHolder<Prepared>(options);
    if (options.listenUrl !== undefined) {
      const onNotify = () => void holder.look();
      holder.listener = await listen(options.listenUrl, [bundleChannel], onNotify, {
        applicationName: `tocsin ${options.app} bundle listener`,
        // What was told while the connection was away is seen by looking.
        onConnect: async () => onNotify(),
      });
    }
    await holder.look();
    holder.schedule();
    return holder;
  }

  /** The bundle to work by. Throws while none was ever applied: wait for `ready` before taking work. */
  current(): Bundle {
    if (!this.bundle) throw new Error('no bundle is in force yet: apply one with `tocsin apply`');
    return this.bundle;
  }

  /** What `prepare` made of the current bundle. */
  prepared(): Prepared {
    if (!this.made) throw new Error('no bundle is in force yet, or this holder prepares nothing');
    return this.made.prepared;
  }

  /** Stages with the thresholds in force. */
  stages(): StageIndex {
    return this.index ?? this.current().stages;
  }

  /** First events of stages, as of the last look. */
  starts(): StageStarts {
    return this.knownStarts;
  }

  /** Resolves once there is a bundle, or the holder is closed. */
  async ready(): Promise<void> {
    if (!this.bundle && !this.closed) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** For readiness: undefined when well. */
  reason(): string | undefined {
    return this.bundle ? undefined : 'no bundle is in force: apply one with `tocsin apply`';
  }

  /** Looks now, and once more where a notification came in between. Never rejects. */
  async look(): Promise<void> {
    if (this.looking) {
      this.again = true;
      return this.looking;
    }
    this.looking = (async () => {
      do {
        this.again = false;
        await this.lookOnce().then(
          () => (this.lookFailed = false),
          (error: unknown) => {
            failedLooks.inc();
            if (!this.lookFailed) log.warn({ err: error }, 'cannot look for a newer bundle; the one in hand stays');
            this.lookFailed = true;
          },
        );
      } while (this.again && !this.closed);
    })().finally(() => (this.looking = undefined));
    return this.looking;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    await this.listener?.close();
    await this.looking;
    await this.bundles.forget(this.options.database, this.copy).catch(() => undefined);
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private schedule(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.look().then(() => this.schedule()), this.options.pollMs ?? 5_000);
  }

  private async lookOnce(): Promise<void> {
    const { database } = this.options;
    const active = await this.bundles.whatIsActive(database);
    const changed = active.sequence !== null && active.sequence !== this.seen;
    if (active.thresholds !== this.seenThresholds) {
      this.published = await this.thresholds.inForce(database, await database.now());
      this.seenThresholds = active.thresholds;
      if (this.bundle) this.index = stageIndex(this.bundle.policies, this.published);
    }
    if (changed) await this.adopt();
    if (changed || performance.now() - this.toldAt >= tellEveryMs) {
      this.knownStarts = await readStarts(database);
      await this.bundles.tell(database, {
        copy: this.copy,
        app: this.options.app,
        hash: this.bundle?.hash ?? null,
        refusedHash: this.refused,
      });
      this.toldAt = performance.now();
      disagreeing.set((await this.bundles.copies(database)).filter((copy) => copy.disagrees).length);
    }
    if (this.bundle) for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async adopt(): Promise<void> {
    const newest = await this.bundles.newest(this.options.database);
    if (!newest) return;
    if (newest.hash !== this.bundle?.hash) {
      const failure = await this.tryAdopt(newest.hash, newest.files);
      this.refused = failure === undefined ? null : newest.hash;
      if (failure === undefined) log.info({ bundle: newest.hash, by: newest.appliedBy }, 'a bundle is in force');
      else
        log.warn(
          { bundle: newest.hash, held: this.bundle?.hash, why: failure },
          'a bundle was refused; nothing changes',
        );
    } else this.refused = null;
    bad.set(this.refused === null ? 0 : 1);
    this.seen = newest.sequence;
    sequenceHeld.set(newest.sequence);
  }

  /** Why not, or undefined when it is in force. */
  private async tryAdopt(hash: string, files: Bundle['files']): Promise<string | undefined> {
    try {
      const { bundle, problems } = bundleOf(files);
      if (!bundle) return formatProblem(problems.find(({ severity }) => severity === 'error') ?? problems[0]!);
      if (bundle.hash !== hash)
        return `its files make the hash ${bundle.hash}: it was kept by another version of Tocsin`;
      const made = this.options.prepare && { prepared: await this.options.prepare(bundle) };
      this.made = made;
      this.bundle = bundle;
      this.index = stageIndex(bundle.policies, this.published);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
