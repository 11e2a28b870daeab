/**
 * What the rest of Tocsin reads of a Kafka record: an output that a model gave, a report of a user, or a verdict
 * from outside. The decoder alone makes these, so nothing behind it checks a field again.
 */

/** Where an event stands in the log; `index` counts the events of one record, from 0 (an OTLP record holds many). */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly index: number;
}

/** What kafkajs delivered, with the codec's failure as a value: a record is never an exception. */
export interface StreamRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970 as the log has it; -1 where the producer gave none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  /** Set where the batch's compression could not be undone: the record is a marker for a dead letter. */
  readonly unreadable?: string;
}

export type Purpose = 'production' | 'red_team' | 'evaluation' | 'control';

export interface Account {
  readonly id: string;
  readonly organization?: string;
  readonly endUser?: string;
  readonly audience?: string;
  /** Milliseconds since 1970. */
  readonly createdAt?: number;
  readonly verifiedAs?: readonly string[];
}

export interface ToolCall {
  readonly name: string;
  /** Arguments as the model wrote them: JSON text where they were structured. */
  readonly arguments: string;
}

/** What one of the deployment's own protocols said of an output. */
export interface ProtocolResult {
  readonly ran: boolean;
  readonly flagged?: boolean;
  readonly score?: number;
}

interface EventBase {
  readonly source: string;
  readonly id: string;
  /** Event time in milliseconds since 1970, clamped as CONTRACTS says. */
  readonly at: number;
  /** The UTC day of the event's own `time` as written, `YYYY-MM-DD`; of `at` where it has none. */
  readonly day: string;
  readonly origin: Origin;
  /** True where the event asked that nothing of its content is kept. */
  readonly ephemeral: boolean;
  /** How many texts of the event had NUL or lone surrogates replaced by U+FFFD. */
  readonly mended: number;
}

export interface OutputEvent extends EventBase {
  readonly kind: 'output';
  /** Undefined where the record names none: judged at the strictest stage. */
  readonly model?: string;
  readonly version?: string;
  readonly stage?: string;
  readonly account: Account;
  readonly conversation?: string;
  readonly prompt?: string;
  /** The text to judge, at most 64 KiB of UTF-8. */
  readonly output: string;
  /** True where `output` was longer and is cut. */
  readonly cut: boolean;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason?: string;
  readonly safety: Readonly<Record<string, ProtocolResult>>;
  readonly language?: string;
  readonly group?: string;
  readonly purpose: Purpose;
  readonly expected?: { readonly detector: string; readonly label: string };
}

/** A reference to an output; without a source it may match several, and is then ambiguous. */
export interface OutputReference {
  readonly source?: string;
  readonly id: string;
}

export type FeedbackCategory = 'disinformation' | 'impersonation' | 'harmful' | 'appeal' | 'other';

export interface FeedbackEvent extends EventBase {
  readonly kind: 'feedback';
  readonly output: OutputReference;
  readonly account: Account;
  readonly rating?: -1 | 0 | 1;
  readonly category?: FeedbackCategory;
  readonly comment?: string;
  readonly reported?: {
    readonly model?: string;
    readonly stage?: string;
    readonly account?: string;
    readonly text?: string;
  };
}

export interface VerdictEvent extends EventBase {
  readonly kind: 'verdict';
  readonly output: OutputReference;
  readonly detector: string;
  readonly label: string;
  /** 0 to 1; absent exactly where the label is `unchecked`. */
  readonly score?: number;
  readonly explanation?: string;
  readonly reviewer?: string;
}

export type Event = OutputEvent | FeedbackEvent | VerdictEvent;

/** Why a record, or one event of it, is a dead letter. */
export interface Rejection {
  readonly kind: 'rejection';
  /** A word of a fixed list, the label of its metric. */
  readonly reason: string;
  /** What was found and what was wanted; never content. */
  readonly detail: string;
  readonly origin: Origin;
  readonly ephemeral: boolean;
}
