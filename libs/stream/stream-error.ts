/** What stops a stream for good: a code for docs/errors, and a sentence that says what to do. */

export type StreamErrorCode =
  | 'TOCSIN_KAFKA_UNREACHABLE'
  | 'TOCSIN_KAFKA_REFUSED'
  | 'TOCSIN_KAFKA_TOPICS'
  | 'TOCSIN_KAFKA_TIMEOUT'
  | 'TOCSIN_STREAM_HANDLER'
  | 'TOCSIN_STREAM_NOT_ADVANCED'
  | 'TOCSIN_STREAM_RACE'
  | 'TOCSIN_STREAM_CRASHED';

export class StreamError extends Error {
  override readonly name = 'StreamError';

  constructor(
    readonly code: StreamErrorCode,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}
