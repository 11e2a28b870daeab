/** Every error leaves as RFC 9457 problem details: what was found, what was wanted; never a stack, never SQL. */
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, HttpStatus } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { isConnectionLoss, sqlState } from '../../libs/database/index.js';
import { BadCursor } from '../../libs/incidents/index.js';
import { logger } from '../../libs/telemetry/index.js';

const log = logger('api');

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

/** An error meant for the caller. `code` is its name in docs/errors and the end of its `type`. */
export class Problem extends HttpException {
  constructor(
    status: number,
    readonly code: string,
    readonly detail: string,
  ) {
    super(detail, status);
  }
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    // A live stream that is already under way can carry no status: its connection ends, and the client comes back.
    if (reply.raw.headersSent) {
      reply.raw.end();
      return;
    }
    const problem = describe(error);
    if (problem.status === 503) void reply.header('retry-after', '5');
    void reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }
}

function describe(error: unknown): ProblemDetails {
  if (error instanceof Problem) return details(error.getStatus(), error.code, error.detail);
  if (error instanceof HttpException) return details(error.getStatus(), codeOf(error.getStatus()), wordsOf(error));
  if (error instanceof BadCursor) return details(400, 'bad-cursor', `${error.message}.`);
  if (isConnectionLoss(error)) {
    log.warn({ err: error }, 'a request met an unreachable database');
    return details(503, 'database-unreachable', 'The database cannot be reached; try again in a few seconds.');
  }
  // A NUL or half a character in a path, a query or a body: PostgreSQL takes neither.
  if (sqlState(error)?.startsWith('22'))
    return details(400, 'bad-request', 'Found a NUL or half a character, wanted plain Unicode text.');
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return details(status, codeOf(status), (error as Error).message);
  }
  log.error({ err: error }, 'a request failed');
  return details(500, 'internal', 'Something went wrong here; the log has the error.');
}

/** Nest hangs the message, or a list of them, on the response body. */
function wordsOf(error: HttpException): string {
  const body = error.getResponse();
  const message = typeof body === 'string' ? body : (body as { message?: unknown }).message;
  return Array.isArray(message) ? message.join('; ') : typeof message === 'string' ? message : error.message;
}

function details(status: number, code: string, detail: string): ProblemDetails {
  return { type: `urn:tocsin:error:${code}`, title: titleOf(status), status, detail };
}

const names: Readonly<Record<number, readonly [code: string, title: string]>> = {
  [HttpStatus.BAD_REQUEST]: ['bad-request', 'Bad request'],
  [HttpStatus.UNAUTHORIZED]: ['unauthorized', 'Sign-in needed'],
  [HttpStatus.FORBIDDEN]: ['forbidden', 'Not allowed'],
  [HttpStatus.NOT_FOUND]: ['not-found', 'Not found'],
  [HttpStatus.CONFLICT]: ['conflict', 'Conflict'],
  [HttpStatus.GONE]: ['gone', 'Gone'],
  [HttpStatus.PAYLOAD_TOO_LARGE]: ['too-large', 'Too large'],
  [HttpStatus.UNSUPPORTED_MEDIA_TYPE]: ['unsupported-media-type', 'Unsupported media type'],
  [HttpStatus.TOO_MANY_REQUESTS]: ['too-many-requests', 'Too many requests'],
  [HttpStatus.SERVICE_UNAVAILABLE]: ['unavailable', 'Unavailable'],
};

function codeOf(status: number): string {
  return names[status]?.[0] ?? (status < 500 ? 'bad-request' : 'internal');
}

function titleOf(status: number): string {
  return names[status]?.[1] ?? (status < 500 ? 'Bad request' : 'Internal error');
}
