/**
 * The words of remote detection: what is asked of whom, how much of a text may leave for it, and what comes back. An
 * answer that did not come is `unchecked` with a reason; it is never read as clean.
 */

export const checkKinds = ['fact_check', 'moderation', 'identity'] as const;
export type CheckKind = (typeof checkKinds)[number];

/** How much of a text may leave. */
export type Egress = 'none' | 'sentence' | 'text';

export interface RemoteService {
  readonly url: string;
  /** A file that holds its key; read when it is used, so that a new key needs no restart. */
  readonly keyFile?: string;
  readonly allowPrivate: boolean;
  /** Calls a UTC day and process, 10,000 where nothing is said; retries count. */
  readonly perDay?: number;
  /** The share of outputs that moderation is asked about whatever the deployment says of them; 0 where absent. */
  readonly sample?: number;
}

/** What of a policy says who is asked. */
export interface RemotePolicy {
  readonly model: string;
  readonly services: Readonly<Partial<Record<CheckKind, RemoteService>>>;
  readonly egress: Readonly<Record<CheckKind, Egress>>;
  readonly stages: readonly { readonly name: string; readonly protocols: readonly string[] }[];
}

/** One question about one output. */
export interface DueCheck {
  /** Of the check, the output and the subject: asked twice, it is one. */
  readonly id: string;
  readonly kind: CheckKind;
  readonly event: { readonly source: string; readonly id: string };
  readonly account: string;
  readonly organization?: string;
  readonly model?: string;
  readonly stage?: string;
  /** Whom the output speaks as; of identity checks alone. */
  readonly subject?: string;
  /** What may leave, already cut to it; absent where nothing may, or nothing may be kept. */
  readonly content?: string;
  readonly form: Egress;
  readonly ephemeral: boolean;
}

/** A judgement of an outside service. */
export interface Spoken {
  readonly label: string;
  /** 0 to 1. */
  readonly score: number;
  readonly explanation?: string;
}

/** Why an answer did not come. The label of a metric, so each is a word of this list. */
export type UncheckedReason =
  | 'no_service'
  | 'egress_none'
  | 'not_kept'
  | 'expired'
  | 'budget'
  | 'busy'
  | 'breaker_open'
  | 'timeout'
  | 'connection'
  | 'dns'
  | 'private_address'
  | 'bad_url'
  | 'key_unreadable'
  | 'bad_answer'
  | 'too_large'
  | 'refused'
  | 'rate_limited'
  | 'server_error'
  | 'given_up';

export type Answer =
  /** Never empty: a check that found nothing says so too. */
  | { readonly outcome: 'answered'; readonly spoken: readonly Spoken[] }
  | {
      readonly outcome: 'unchecked';
      readonly reason: UncheckedReason;
      /** Worth asking again later; `afterMs` is the earliest the service allows. */
      readonly again: boolean;
      readonly afterMs?: number;
    };

export const uncheckedLabel = 'unchecked';
