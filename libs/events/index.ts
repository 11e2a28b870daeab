/**
 * Events: what Tocsin reads out of Kafka. Promises: decoding is total (any record gives events or rejections with a
 * reason of a fixed list, never an exception) and pure (the same record and `now` give the same answer); every event is
 * complete and well formed, so nothing behind it checks a field again; no detail of a rejection holds content.
 */
export type {
  Account,
  Event,
  FeedbackCategory,
  FeedbackEvent,
  Origin,
  OutputEvent,
  OutputReference,
  ProtocolResult,
  Purpose,
  Rejection,
  StreamRecord,
  ToolCall,
  VerdictEvent,
} from './event.js';
export { decode, decodeAll, recordLimit, type Decoded } from './decode.js';
export { eventTypes } from './envelope.js';
export { rejectionReasons, type RejectionReason } from './rejection.js';
export { dataSchemas, eventJsonSchemas } from './schema.js';
export { textLimit } from './text.js';
export { parseTime } from './time.js';
