/** The process's log: JSON lines on stderr, so that a verb's answer on stdout stays clean. */
import pino from 'pino';

export type Log = pino.Logger;

const secretFields = ['password', 'token', 'secret', 'authorization', 'cookie', 'url', 'connectionString'];

export const log: Log = pino(
  {
    level: process.env['TOCSIN_LOG_LEVEL'] ?? 'info',
    base: { pid: process.pid },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: [...secretFields, ...secretFields.map((field) => `*.${field}`)], censor: '[hidden]' },
    serializers: {
      // Message, code and stack; never an error's other properties: a driver hangs the row's content on `detail`.
      err: (error: Error & { code?: unknown }) => ({
        type: error.name,
        message: error.message,
        code: error.code,
        stack: error.stack,
      }),
    },
  },
  pino.destination({ dest: 2, sync: true }),
);

/** A log whose lines carry `part`: the lib or app that speaks. */
export function logger(part: string): Log {
  return log.child({ part });
}
