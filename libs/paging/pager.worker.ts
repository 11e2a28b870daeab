/**
 * The pager: drives what is due and sends what waits. It holds nothing that matters in memory: killed at any moment,
 * another copy goes on from the tables. NOTIFY wakes it; a poll each second beneath it is the truth.
 */
import { isConnectionLoss, isRetryable, listen, type Database, type Listener } from '../database/index.js';
import { counter, gauge, histogram, logger } from '../telemetry/index.js';
import { bundleMembers, bundlePages, overLimit } from './bundle.repository.js';
import type { Channel, Sent } from './channels/channel.js';
import { compose, contactOf, type Links } from './composer.js';
import type { Lane } from './notification.js';
import { isOver, Outbox, ownerLockClass, sendWithinMs, type Claimed, type Finished } from './outbox.repository.js';
import { pagerChannel, stepsDue, type Pages } from './pages.repository.js';
import type { Plan } from './plan.js';
import { render } from './render.js';

const log = logger('pager');
const outcomes = counter('tocsin_pages_total', 'Tries to deliver, by channel, outcome and reason.', [
  'channel',
  'outcome',
  'reason',
]);
const sendSeconds = histogram(
  'tocsin_page_send_seconds',
  'Time of one try to deliver.',
  [0.005, 0.02, 0.1, 0.5, 2, 10],
  ['channel'],
);
const pageSeconds = histogram(
  'tocsin_page_seconds',
  'From writing a notification to its delivery; only where domain time is real.',
  [0.01, 0.03, 0.1, 0.5, 1, 5, 30, 300],
  ['channel'],
);
const inFlight = gauge('tocsin_pages_in_flight', 'Sends under way.', ['lane']);

export interface PagerOptions {
  readonly database: Database;
  /** For LISTEN and the owner's lock; a direct connection, no pooler between. */
  readonly databaseUrl: string;
  readonly pages: Pages;
  readonly channels: { readonly mail: Channel; readonly http: Channel };
  readonly links: Links;
  /** Work by the clock: the auditor's duties. Called when one is due, in no transaction. */
  readonly duties?: () => Promise<void>;
  readonly pollMs?: number;
}

/** Sends under way at most: each is a possible duplicate of a crash, and must be over well before its lease is. */
const laneSize: Readonly<Record<Lane, number>> = { mail: 96, http: 96 };
const leastRoom = 32;
const lanes: readonly Lane[] = ['mail', 'http'];
const dutiesAtLeastEvery = 30_000;
const recordAtMost = 256;
/** Half a second apart, within the lease; at the end fewer, for a supervisor waits. */
const recordTries = 40;
const recordTriesAtEnd = 4;
/** A host that timed out so often in a row gets two sends at a time until one comes through. */
const timeoutsBeforeCare = 3;

export class Pager {
  private readonly outbox: Outbox;
  private readonly lanes: Readonly<Record<Lane, LaneState>> = {
    mail: { flying: 0, wake: true, running: undefined },
    http: { flying: 0, wake: true, running: undefined },
  };
  private readonly finished: Finished[] = [];
  private readonly hosts = new Map<string, { timeouts: number; flying: number }>();
  private recording: Promise<void> | undefined;
  private driving: Promise<void> | undefined;
  private driveAgain = false;
  private listener: Listener | undefined;
  private owner: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> | undefined;
  private closed = false;
  private dutiesAt = -Infinity;

  constructor(private readonly options: PagerOptions) {
    this.outbox = new Outbox(options.pages);
  }

  async start(): Promise<void> {
    this.listener = await listen(this.options.databaseUrl, [pagerChannel], (_, payload) => this.hear(payload), {
      applicationName: 'tocsin pager',
      onConnect: async (listener) => {
        // A new connection is a new owner: what the last one had claimed is no longer vouched for.
        const [row] = await listener.query<{ owner: number }>(`select nextval('tocsin.pager_owner')::integer as owner`);
        if (!row) return;
        await listener.query('select pg_advisory_lock($1, $2)', [ownerLockClass, row.owner]);
        this.owner = row.owner;
        log.info({ owner: row.owner }, 'the pager listens');
      },
      onLost: (error) => {
        this.owner = undefined;
        if (!this.closed)
          log.warn({ err: error }, 'the listening connection is lost; nothing is claimed until it is back');
      },
    });
    this.schedulePoll(0);
  }

  /** Undefined when well. */
  health(): string | undefined {
    return this.owner === undefined
      ? 'the pager has no listening connection to the database; it reconnects by itself'
      : undefined;
  }

  /** Looks at everything that may wait, or at one lane of it. */
  wake(only?: Lane): void {
    for (const lane of lanes) {
      if (only !== undefined && only !== lane) continue;
      this.lanes[lane].wake = true;
      this.run(lane);
    }
  }

  private hear(payload: string): void {
    if (payload === stepsDue) this.drive();
    else this.wake(lanes.find((lane) => lane === payload));
  }

  /** Takes nothing new, waits for what is under way and records it. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.polling;
    await Promise.all([this.lanes.mail.running, this.lanes.http.running, this.driving]);
    while (this.lanes.mail.flying + this.lanes.http.flying > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    while (this.recording || this.finished.length > 0) await (this.recording ?? this.record());
    await this.listener?.close();
    await Promise.all([this.options.channels.mail.close(), this.options.channels.http.close()]);
  }

  private schedulePoll(afterMs: number): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.polling = this.poll().finally(() => this.schedulePoll(this.options.pollMs ?? 1_000));
    }, afterMs);
  }

  private async poll(): Promise<void> {
    if (this.owner === undefined) return;
    try {
      const work = await this.outbox.look(this.options.database, this.owner);
      if (work.claims && (await this.outbox.freeOrphans(this.options.database)) > 0) return this.wake();
      if (work.steps) this.drive();
      for (const lane of lanes) if (work[lane]) this.wake(lane);
      // Now and then also unasked: rows of duties are made when there is a plan, which may come after the start.
      if (work.duties || performance.now() - this.dutiesAt > dutiesAtLeastEvery) {
        this.dutiesAt = performance.now();
        await this.options.duties?.();
      }
    } catch (error) {
      complain(error, 'looking for work');
    }
  }

  /** Drives due escalations until none is left; what they tell is sent by the wake that follows. */
  private drive(): void {
    if (this.driving) {
      this.driveAgain = true;
      return;
    }
    this.driving = this.driveAll()
      .catch((error: unknown) => complain(error, 'driving escalations'))
      .finally(() => {
        this.driving = undefined;
        if (this.driveAgain && !this.closed) {
          this.driveAgain = false;
          this.drive();
        }
      });
  }

  private async driveAll(): Promise<void> {
    for (;;) {
      const { driven, told } = await this.options.database.transaction((tx) => this.options.pages.driveDue(tx));
      if (told > 0) this.wake();
      if (driven < 64 || this.closed) return;
    }
  }

  private run(lane: Lane): void {
    const state = this.lanes[lane];
    if (state.running || this.closed || laneSize[lane] - state.flying < leastRoom) return;
    state.running = this.claimAll(lane, state)
      .catch((error: unknown) => complain(error, 'claiming'))
      .finally(() => {
        state.running = undefined;
        if (state.wake) this.run(lane);
      });
  }

  private async claimAll(lane: Lane, state: LaneState): Promise<void> {
    while (!this.closed && this.owner !== undefined) {
      const room = laneSize[lane] - state.flying;
      // Woken again when enough sends have ended: small claims cost as much as large ones.
      if (room < leastRoom) {
        state.wake = true;
        return;
      }
      state.wake = false;
      const limit = Math.min(room, 64);
      const claimed = await this.outbox.claim(this.options.database, lane, limit, this.owner, true);
      if (claimed.length > 0) await this.sendAll(lane, state, claimed);
      if (claimed.length < limit && !state.wake) return;
    }
  }

  private async sendAll(lane: Lane, state: LaneState, claimed: readonly Claimed[]): Promise<void> {
    // From the claim on, not from the moment a connection is free: the lease counts from here.
    const signal = AbortSignal.timeout(sendWithinMs);
    const started = performance.now();
    let plans: ReadonlyMap<string, Plan>;
    try {
      plans = await this.options.pages.plans.byHash(
        this.options.database,
        claimed.map(({ plan }) => plan),
      );
    } catch (error) {
      complain(error, 'reading plans');
      return this.putBack(claimed);
    }
    const { send, bundle } = overLimit(claimed, ({ plan }) => {
      const bundling = plans.get(plan)?.bundling;
      return bundling?.on ? bundling.after : undefined;
    });
    for (const one of send) {
      state.flying++;
      void this.sendOne(lane, one, plans.get(one.plan), signal, started)
        .catch((error: unknown): Finished => {
          log.error({ err: error, notification: one.id }, 'a page could not be made or sent: a fault of Tocsin');
          return { claimed: one, result: { outcome: 'retry', reason: 'internal' }, ms: performance.now() - started };
        })
        .then((finished) => {
          state.flying--;
          inFlight.set({ lane }, state.flying);
          this.finished.push(finished);
          void this.record();
          if (state.wake) this.run(lane);
        });
    }
    inFlight.set({ lane }, state.flying);
    if (bundle.length === 0) return;
    try {
      await bundlePages(this.options.database, bundle);
      state.wake = true;
    } catch (error) {
      complain(error, 'bundling');
      this.putBack(bundle);
    }
  }

  /** Claimed and not tried: due again in a moment, which is sooner than when the lease runs out. */
  private putBack(claimed: readonly Claimed[]): void {
    this.finished.push(
      ...claimed.map((one) => ({ claimed: one, result: { outcome: 'deferred' as const, afterMs: 500 }, ms: 0 })),
    );
    void this.record();
  }

  private async sendOne(
    lane: Lane,
    claimed: Claimed,
    plan: Plan | undefined,
    signal: AbortSignal,
    started: number,
  ): Promise<Finished> {
    const ms = () => performance.now() - started;
    const { escalation_state: state, escalation_round: round } = claimed;
    if (state !== null && round !== null && isOver(claimed, { state, round }))
      return { claimed, result: { outcome: 'nothing' }, ms: ms() };
    const contact = plan && contactOf(claimed, plan);
    if (!plan || !contact) return { claimed, result: { outcome: 'refused', reason: 'no_such_contact' }, ms: ms() };
    const members = claimed.kind === 'bundle' ? await bundleMembers(this.options.database, claimed.id) : [];
    if (claimed.kind === 'bundle' && members.length === 0) return { claimed, result: { outcome: 'nothing' }, ms: ms() };
    const notice = compose(claimed, plan, this.options.links, members);
    const host = contact.channel === 'email' ? undefined : hostOf(contact.url);
    const gate = host === undefined ? undefined : this.hostGate(host);
    if (gate && gate.timeouts >= timeoutsBeforeCare && gate.flying >= 2) {
      return { claimed, result: { outcome: 'deferred', afterMs: 5_000 }, ms: ms() };
    }
    if (gate) gate.flying++;
    const began = performance.now();
    let sent: Sent;
    try {
      sent = await this.options.channels[lane].send(
        { notice, message: render(notice), contact, attempt: claimed.attempts },
        signal,
      );
    } finally {
      if (gate) gate.flying--;
    }
    if (gate) gate.timeouts = sent.outcome === 'retry' && sent.reason === 'timeout' ? gate.timeouts + 1 : 0;
    const took = performance.now() - began;
    outcomes.inc({ channel: claimed.channel, outcome: sent.outcome, reason: sent.reason ?? '' });
    sendSeconds.observe({ channel: claimed.channel }, took / 1_000);
    if (sent.outcome === 'sent') {
      const waited = (claimed.now.getTime() - claimed.created_at.getTime() + ms()) / 1_000;
      pageSeconds.observe({ channel: claimed.channel }, waited);
    }
    return { claimed, result: sent, ms: took, ...(sent.unknown !== undefined && { unknown: sent.unknown }) };
  }

  private hostGate(host: string): { timeouts: number; flying: number } {
    const known = this.hosts.get(host);
    if (known) return known;
    const fresh = { timeouts: 0, flying: 0 };
    this.hosts.set(host, fresh);
    return fresh;
  }

  /** One group at a time: while one is written, the next gathers. */
  private record(): Promise<void> {
    this.recording ??= this.recordAll().finally(() => {
      this.recording = undefined;
    });
    return this.recording;
  }

  private async recordAll(): Promise<void> {
    for (let failures = 0; this.finished.length > 0;) {
      const group = this.finished.splice(0, recordAtMost);
      try {
        await this.recordGroup(group);
        failures = 0;
      } catch (error) {
        complain(error, 'recording outcomes');
        // Tried again while the lease may last; after that another pager drives them again as possible duplicates.
        if (++failures > (this.closed ? recordTriesAtEnd : recordTries)) continue;
        this.finished.unshift(...group);
        await new Promise((resolve) => setTimeout(resolve, isRetryable(error) ? 10 : 500));
      }
    }
  }

  /** One outcome that the database refuses must not keep the others from being recorded: halves, down to that one. */
  private async recordGroup(group: readonly Finished[]): Promise<void> {
    try {
      await this.outbox.finish(this.options.database, group);
    } catch (error) {
      if (isConnectionLoss(error) || isRetryable(error)) throw error;
      complain(error, 'recording outcomes');
      if (group.length < 2) return;
      const middle = group.length >> 1;
      await this.recordGroup(group.slice(0, middle));
      await this.recordGroup(group.slice(middle));
      return;
    }
    if (group.some(({ result }) => result.outcome !== 'sent')) {
      this.wake();
      this.drive();
    }
  }
}

interface LaneState {
  flying: number;
  /** Something may have become due since the last claim. */
  wake: boolean;
  running: Promise<void> | undefined;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}

function complain(error: unknown, doing: string): void {
  if (isConnectionLoss(error))
    log.warn({ err: error }, `the database is away while ${doing}; the pager goes on when it is back`);
  else if (isRetryable(error)) log.info({ err: error }, `a lost race while ${doing}; done again at the next look`);
  else log.error({ err: error }, `an error while ${doing}`);
}
