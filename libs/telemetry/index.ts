/**
 * Telemetry: what a responder at 3 a.m. reads. One JSON log line an event of note on stderr, never content and never a
 * secret; one Prometheus registry a process; liveness and readiness as named checks.
 */
export { log, logger, type Log } from './log.js';
export { counter, gauge, histogram, metricsText } from './metrics.js';
export { Health, type Readiness } from './health.js';
