/**
 * One guard for the whole API: a bearer token (the admin's, or an API key), or the console's session cookie. A change
 * made by cookie must come from our own pages, judged by Origin, so another site cannot post with it.
 */
import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Access, type Caller, sameSecret } from '../../libs/access/index.js';
import type { Config } from '../config.js';
import { Problem } from './problem.filter.js';

export const configToken = Symbol('config');
const openToAll = 'open to all';

/** Marks a handler that checks its caller by itself, or has nothing to guard. */
export const Open = () => SetMetadata(openToAll, true);

/** The caller, as timelines name them. */
export const Who = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { caller } = context.switchToHttp().getRequest<GuardedRequest>();
  return caller?.who ?? 'unknown';
});

type GuardedRequest = FastifyRequest & { caller?: Caller };

export const sessionCookie = (config: Config) =>
  config.publicUrl.startsWith('https:') ? '__Host-tocsin_session' : 'tocsin_session';

@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: Access,
    @Inject(configToken) private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(openToAll, targets)) return true;
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const caller = await this.callerOf(request);
    if (!caller) {
      throw new Problem(
        401,
        'unauthorized',
        'Wanted `Authorization: Bearer TOKEN` with the admin token or an API key.',
      );
    }
    request.caller = caller;
    return true;
  }

  private async callerOf(request: FastifyRequest): Promise<Caller | undefined> {
    const [, bearer] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (bearer !== undefined) {
      if (sameSecret(bearer, this.config.adminToken)) return { who: 'admin' };
      return this.access.callerOf(bearer, 'api');
    }
    const session = request.cookies[sessionCookie(this.config)];
    if (session === undefined) return undefined;
    if (!['GET', 'HEAD'].includes(request.method) && !fromOurPages(request)) {
      throw new Problem(
        403,
        'foreign-origin',
        'A change made by a signed-in browser must come from the console itself.',
      );
    }
    return this.access.callerOfSession(session);
  }
}

/** Browsers set both headers and pages cannot: same-origin requests alone pass. */
export function fromOurPages(request: FastifyRequest): boolean {
  if (request.headers['sec-fetch-site'] === 'same-origin') return true;
  const { origin, host } = request.headers;
  return origin !== undefined && host !== undefined && URL.parse(origin)?.host === host;
}
