/**
 * One outside service, asked with care: a cache, a daily budget, so many calls at a time, a deadline for each, a retry
 * with jitter, a breaker. Budget, breaker and cache are this process's own: two verifiers spend two budgets.
 */
import { hash } from 'node:crypto';
import {
  bulkhead,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhenResult,
  isBrokenCircuitError,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
  type IRetryBackoffContext,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { counter, gauge, histogram, logger } from '../../telemetry/index.js';
import type { Answer, CheckKind, DueCheck, RemoteService, Spoken, UncheckedReason } from './check.js';
import { readKey, type HttpAnswer, type RemoteHttp } from './http.client.js';
import type { Protocol } from './protocol.js';

const log = logger('verifier');
const calls = counter('tocsin_check_calls_total', 'Requests to outside services, by check and how they ended.', [
  'check',
  'outcome',
]);
const cacheHits = counter('tocsin_check_cache_hits_total', 'Answers that were known already.', ['check']);
const seconds = histogram(
  'tocsin_check_call_seconds',
  'Time of one request to an outside service.',
  [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
  ['check'],
);
const open = gauge('tocsin_check_breaker_open', 'Whether the service is left alone after failures in a row (1).', [
  'check',
]);
const budgetLeft = gauge('tocsin_check_budget_left', 'Calls left today, of this process.', ['check']);

export interface RemoteLimits {
  /** Of one request. */
  readonly callMs: number;
  /** Of a question with its queueing and retries. */
  readonly deadlineMs: number;
  /** Requests a question at most. */
  readonly attempts: number;
  readonly concurrency: number;
  /** Failures in a row after which the service is left alone. */
  readonly breakAfter: number;
  readonly breakMs: number;
  readonly firstDelayMs: number;
  /** A longer Retry-After is left to a later round. */
  readonly longestDelayMs: number;
  readonly cacheMs: Readonly<Record<CheckKind, number>>;
}

export const shippedLimits: RemoteLimits = {
  callMs: 5_000,
  deadlineMs: 15_000,
  attempts: 3,
  concurrency: 8,
  breakAfter: 5,
  breakMs: 15_000,
  firstDelayMs: 200,
  longestDelayMs: 2_000,
  // Ratings change by the day, who may speak for whom by the minute.
  cacheMs: { fact_check: 6 * 3_600_000, moderation: 3_600_000, identity: 300_000 },
};

const callsADay = 10_000;
const answersKept = 5_000;

type Judged =
  { readonly outcome: 'spoken'; readonly spoken: readonly Spoken[] } | Extract<HttpAnswer, { outcome: 'failed' }>;

export class RemoteDetector {
  private readonly cache: LRUCache<string, readonly Spoken[]>;
  private readonly guarded: (call: (signal: AbortSignal) => Promise<Judged>, within: AbortSignal) => Promise<Judged>;
  private readonly breaker;
  private readonly deadlineMs: number;
  private day = '';
  private spent = 0;

  constructor(
    private readonly protocol: Protocol,
    private readonly service: RemoteService,
    private readonly http: RemoteHttp,
    limits: RemoteLimits,
  ) {
    const { kind } = protocol;
    this.cache = new LRUCache({ max: answersKept, ttl: limits.cacheMs[kind] });
    this.breaker = circuitBreaker(handleWhenResult(isFailure), {
      breaker: new ConsecutiveBreaker(limits.breakAfter),
      halfOpenAfter: limits.breakMs,
    });
    this.breaker.onStateChange((state) => {
      open.set({ check: kind }, state === CircuitState.Open ? 1 : 0);
      if (state === CircuitState.Open)
        log.warn({ check: kind }, 'the service fails in a row and is left alone a while');
      if (state === CircuitState.Closed) log.info({ check: kind }, 'the service answers again');
    });
    const careful = wrap(
      bulkhead(limits.concurrency, Number.MAX_SAFE_INTEGER),
      retry(
        handleWhenResult((result) => isWorthRetry(result, limits.longestDelayMs)),
        { maxAttempts: limits.attempts - 1, backoff: jittered(limits) },
      ),
      this.breaker,
      timeout(limits.callMs, TimeoutStrategy.Cooperative),
    );
    this.guarded = (call, within) => careful.execute(({ signal }) => call(signal), within);
    this.deadlineMs = limits.deadlineMs;
  }

  /** Never rejects: what did not come is `unchecked`. */
  async ask(check: DueCheck): Promise<Answer> {
    const { kind } = this.protocol;
    const key = this.cacheKey(check);
    const known = this.cache.get(key);
    if (known) {
      cacheHits.inc({ check: kind });
      return { outcome: 'answered', spoken: known };
    }
    const within = AbortSignal.timeout(this.deadlineMs);
    let judged: Judged;
    try {
      judged = await this.guarded((signal) => this.call(check, signal), within);
    } catch (error) {
      if (isBrokenCircuitError(error)) return unchecked('breaker_open', true);
      if (within.aborted) return unchecked('busy', true);
      throw error;
    }
    if (judged.outcome === 'failed') return unchecked(judged.reason, judged.retry, judged.afterMs);
    this.cache.set(key, judged.spoken);
    return { outcome: 'answered', spoken: judged.spoken };
  }

  private async call(check: DueCheck, signal: AbortSignal): Promise<Judged> {
    const { kind } = this.protocol;
    const base = URL.parse(this.service.url);
    if (!base) return { outcome: 'failed', reason: 'bad_url', retry: false };
    const { keyFile, allowPrivate } = this.service;
    const key = keyFile === undefined ? undefined : await readKey(keyFile);
    if (keyFile !== undefined && key === undefined) return { outcome: 'failed', reason: 'key_unreadable', retry: true };
    if (!this.spend()) return { outcome: 'failed', reason: 'budget', retry: false };
    const took = seconds.startTimer({ check: kind });
    const answer = await this.http.ask(this.protocol.ask(check, base, key), allowPrivate, signal);
    took();
    const judged = this.judge(answer, check);
    calls.inc({ check: kind, outcome: judged.outcome === 'failed' ? judged.reason : 'answered' });
    return judged;
  }

  private judge(answer: HttpAnswer, check: DueCheck): Judged {
    if (answer.outcome === 'failed') return answer;
    const spoken = this.protocol.read(answer.value, check);
    return spoken ? { outcome: 'spoken', spoken } : { outcome: 'failed', reason: 'bad_answer', retry: false };
  }

  /** Counts one call of today's budget; false where it is used up. */
  private spend(): boolean {
    const { kind } = this.protocol;
    const today = new Date().toISOString().slice(0, 10);
    if (today !== this.day) [this.day, this.spent] = [today, 0];
    const budget = this.service.perDay ?? callsADay;
    if (this.spent >= budget) return false;
    this.spent++;
    budgetLeft.set({ check: kind }, budget - this.spent);
    if (this.spent === budget) log.warn({ check: kind, budget }, 'the daily budget is used up: answers are unchecked');
    return true;
  }

  /** Hashed: the cache outlives the hour that a text may be kept. */
  private cacheKey({ account, organization, subject, content }: DueCheck): string {
    const who = this.protocol.kind === 'identity' ? [account, organization, subject] : [];
    return hash('sha256', JSON.stringify([...who, content]));
  }
}

function unchecked(reason: UncheckedReason, again: boolean, afterMs?: number): Answer {
  return { outcome: 'unchecked', reason, again, ...(afterMs !== undefined && { afterMs }) };
}

function asJudged(result: unknown): Judged {
  return result as Judged;
}

/** Says that the service is unwell; a question that it refuses does not. */
function isFailure(result: unknown): boolean {
  const judged = asJudged(result);
  return judged.outcome === 'failed' && (judged.retry || judged.reason === 'bad_answer');
}

function isWorthRetry(result: unknown, longestMs: number): boolean {
  const judged = asJudged(result);
  return judged.outcome === 'failed' && judged.retry && (judged.afterMs ?? 0) <= longestMs;
}

/** Half to whole of a doubling delay, and never before the service allows. */
function jittered({ firstDelayMs, longestDelayMs }: RemoteLimits) {
  return new DelegateBackoff<IRetryBackoffContext<unknown>>(({ attempt, result }) => {
    const whole = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1));
    const judged = 'value' in result ? asJudged(result.value) : undefined;
    const allowed = judged?.outcome === 'failed' ? (judged.afterMs ?? 0) : 0;
    return Math.max(whole * (0.5 + Math.random() / 2), allowed);
  });
}
