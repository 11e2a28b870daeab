/**
 * The verifier: takes due questions, asks, publishes the verdict, and then marks the question done. At least once: a
 * crash in between publishes the verdict again under the same event id, and the finding's id makes it no news. It holds
 * nothing that matters in memory.
 */
import { isConnectionLoss, isRetryable, listen, type Database, type Listener } from '../../database/index.js';
import { counter, gauge, logger } from '../../telemetry/index.js';
import { uncheckedLabel, type Answer, type UncheckedReason } from './check.js';
import type { RemoteIndex } from './checks.js';
import {
  checksChannel,
  contentKeptMs,
  DueChecks,
  forgetChecks,
  type ClaimedCheck,
  type FinishedCheck,
} from './due-checks.repository.js';
import type { RemoteDetectors } from './remote-detectors.client.js';

const log = logger('verifier');
const verdicts = counter('tocsin_checks_total', 'Questions answered for good, by check and how.', ['check', 'outcome']);
const uncheckedTotal = counter('tocsin_checks_unchecked_total', 'Answers that did not come, by check and reason.', [
  'check',
  'reason',
]);
const postponed = counter('tocsin_checks_postponed_total', 'Questions put back for a later try.', ['check', 'reason']);
const waiting = gauge('tocsin_checks_waiting', 'Questions without a verdict.');

/** A judgement on its way to Kafka. */
export interface RemoteVerdict {
  /** Of the question and the label: published twice, it is one event. */
  readonly id: string;
  readonly output: { readonly source: string; readonly id: string };
  readonly account: string;
  readonly detector: string;
  readonly label: string;
  /** Absent exactly where the label is `unchecked`. */
  readonly score?: number;
  readonly explanation?: string;
  /** Its output asked that nothing is kept. */
  readonly ephemeral: boolean;
}

export interface VerifierOptions {
  readonly database: Database;
  /** For LISTEN; a direct connection, no pooler between. */
  readonly databaseUrl: string;
  /** Undefined while no bundle is in force: nothing is taken then. */
  readonly policies: () => RemoteIndex | undefined;
  readonly remote: RemoteDetectors;
  /** Resolves when they are stored; rejects where they may not be. */
  readonly publish: (verdicts: readonly RemoteVerdict[]) => Promise<void>;
  readonly pollMs?: number;
  /** When a question whose answer did not come is asked again, a delay a round; after the last it is unchecked. */
  readonly againAfterMs?: readonly number[];
}

interface Settled {
  readonly check: ClaimedCheck;
  readonly answer: Answer;
  /** Its verdict is stored; only the mark is missing. */
  published: boolean;
}

const atATime = 32;
const leastRoom = 8;
const groupAtMost = 200;
const tidyEveryMs = 30_000;
/** A question claimed so often and never answered takes its verifiers down with it, or outlives them. */
const claimsAtMost = 12;

export class Verifier {
  private readonly checks = new DueChecks();
  private readonly againAfterMs: readonly number[];
  private readonly settled: Settled[] = [];
  private listener: Listener | undefined;
  private timer: NodeJS.Timeout | undefined;
  private claiming: Promise<void> | undefined;
  private recording: Promise<void> | undefined;
  private claimAgain = false;
  /** Taken and not yet recorded. */
  private flying = 0;
  /** Why the last try to publish or record failed; nothing is taken meanwhile. */
  private stuck: string | undefined;
  private closed = false;
  private tidiedAt = -Infinity;

  constructor(private readonly options: VerifierOptions) {
    this.againAfterMs = options.againAfterMs ?? [30_000, 120_000, 600_000];
  }

  async start(): Promise<void> {
    this.listener = await listen(this.options.databaseUrl, [checksChannel], () => this.wake(), {
      applicationName: 'tocsin verifier listener',
    });
    this.poll();
  }

  /** Undefined when well. */
  health(): string | undefined {
    return this.stuck;
  }

  /** Looks for due questions now. */
  wake(): void {
    if (this.closed) return;
    if (this.claiming) {
      this.claimAgain = true;
      return;
    }
    this.claiming = this.claimAll()
      .catch((error: unknown) => complain(error, 'taking questions'))
      .finally(() => {
        this.claiming = undefined;
        if (!this.claimAgain) return;
        this.claimAgain = false;
        this.wake();
      });
  }

  /** Takes nothing new; what is asked is answered, published and recorded. What cannot be is free when its lease ends. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.claiming;
    while (this.flying > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await this.listener?.close();
    this.options.remote.close();
  }

  private poll(): void {
    this.wake();
    if (!this.closed) this.timer = setTimeout(() => this.poll(), this.options.pollMs ?? 1_000);
  }

  private async claimAll(): Promise<void> {
    const { database } = this.options;
    if (performance.now() - this.tidiedAt >= tidyEveryMs) {
      this.tidiedAt = performance.now();
      await forgetChecks(database);
      waiting.set(await this.checks.waiting(database));
    }
    while (!this.closed && this.stuck === undefined) {
      const room = atATime - this.flying;
      const policies = this.options.policies();
      // Woken again when enough of what is asked has ended.
      if (!policies || room < leastRoom) return;
      const claimed = await this.checks.claim(database, room);
      this.flying += claimed.length;
      for (const check of claimed) void this.settle(check, policies);
      if (claimed.length < room) return;
    }
  }

  private async settle(check: ClaimedCheck, policies: RemoteIndex): Promise<void> {
    let answer: Answer;
    try {
      answer =
        check.tries > claimsAtMost
          ? { outcome: 'unchecked', reason: 'given_up', again: false }
          : await this.options.remote.ask(check, policies.of(check.model));
    } catch (error) {
      log.error({ err: error, check: check.kind }, 'a question could not be asked: this is a fault of Tocsin');
      answer = { outcome: 'unchecked', reason: 'given_up', again: false };
    }
    this.settled.push({ check, answer, published: false });
    this.gather();
  }

  private gather(): void {
    this.recording ??= this.recordAll().finally(() => {
      this.recording = undefined;
      if (this.settled.length > 0) this.gather();
    });
  }

  /** One group at a time: while one is published, the next gathers. */
  private async recordAll(): Promise<void> {
    while (this.settled.length > 0) {
      const group = this.settled.splice(0, groupAtMost);
      try {
        await this.record(group);
        if (this.stuck !== undefined) log.info('verdicts go out again');
        this.stuck = undefined;
        this.flying -= group.length;
        this.wake();
      } catch (error) {
        // Expected where the broker or the database is away: said once, and readiness tells it from then on.
        if (this.stuck === undefined)
          log.warn({ err: error, verdicts: group.length }, 'verdicts cannot be published or recorded yet; tried again');
        this.stuck = 'verdicts cannot be published or recorded; they are tried again';
        if (this.closed) {
          this.flying -= group.length;
          continue;
        }
        this.settled.unshift(...group);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  private async record(group: readonly Settled[]): Promise<void> {
    const { database, publish } = this.options;
    const said: RemoteVerdict[] = [];
    const finished: FinishedCheck[] = [];
    const later: { id: string; reason: UncheckedReason; afterMs: number }[] = [];
    const kinds = new Map(group.map(({ check }) => [check.id, check.kind]));
    for (const { check, answer, published } of group) {
      const afterMs = this.laterBy(check, answer);
      if (answer.outcome === 'unchecked' && afterMs !== undefined) {
        later.push({ id: check.id, reason: answer.reason, afterMs });
        continue;
      }
      const of = verdictsOf(check, answer);
      if (!published) said.push(...of);
      const labels = of.map(({ label }) => label).join(' ');
      finished.push({ id: check.id, label: labels, ...(answer.outcome === 'unchecked' && { reason: answer.reason }) });
    }
    if (said.length > 0) await publish(said);
    for (const one of group) one.published = true;
    await this.checks.finish(database, finished);
    await this.checks.postpone(database, later);
    for (const { id, label, reason } of finished) {
      const check = kinds.get(id) ?? '';
      verdicts.inc({ check, outcome: label === uncheckedLabel ? uncheckedLabel : 'answered' });
      if (reason !== undefined) uncheckedTotal.inc({ check, reason });
    }
    for (const { id, reason } of later) postponed.inc({ check: kinds.get(id) ?? '', reason });
  }

  /** Until when it is put back; undefined where its verdict is due now, also when its text would not live so long. */
  private laterBy({ tries, ageMs }: ClaimedCheck, answer: Answer): number | undefined {
    if (answer.outcome === 'answered' || !answer.again) return undefined;
    const own = this.againAfterMs[tries - 1];
    if (own === undefined) return undefined;
    const afterMs = Math.max(own, answer.afterMs ?? 0);
    return ageMs + afterMs < contentKeptMs ? afterMs : undefined;
  }
}

/** One a label; `unchecked` where no answer came. */
function verdictsOf(check: ClaimedCheck, answer: Answer): RemoteVerdict[] {
  const { id, kind, event, account, ephemeral } = check;
  const common = { output: event, account, detector: kind, ephemeral };
  if (answer.outcome === 'unchecked')
    return [{ ...common, id: `${id}-${uncheckedLabel}`, label: uncheckedLabel, explanation: answer.reason }];
  return answer.spoken.map(({ label, score, explanation }) => ({
    ...common,
    id: `${id}-${label}`,
    label,
    score,
    ...(explanation !== undefined && { explanation }),
  }));
}

function complain(error: unknown, doing: string): void {
  if (isConnectionLoss(error) || isRetryable(error))
    log.warn({ err: error }, `a connection is away while ${doing}; the verifier goes on when it is back`);
  else log.error({ err: error }, `an error while ${doing}`);
}
