/** Trades the token for a session of the console: HttpOnly and SameSite=Strict, so no token stands in a URL or a script. */
import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Throttle } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Access, sameSecret } from '../../libs/access/index.js';
import type { Config } from '../config.js';
import { configToken, fromOurPages, Open, sessionCookie, Who } from './auth.guard.js';
import { Problem } from './problem.filter.js';

const signIn = z
  .object({
    token: z.string().min(1).max(512),
    name: z.string().trim().min(1).max(80).optional().describe('how the timeline shall name this person'),
  })
  .meta({ id: 'SignIn' });
const session = z.object({ who: z.string() }).meta({ id: 'Session' });

@ApiTags('session')
@Controller('api/v1/session')
export class SessionController {
  constructor(
    private readonly access: Access,
    @Inject(configToken) private readonly config: Config,
  ) {}

  @Post()
  @Open()
  @HttpCode(200)
  @Throttle({ default: { limit: 10, ttl: 60_000 } })
  @ApiOperation({ operationId: 'signIn', summary: 'Sign in to the console with the admin token or an API key' })
  @ApiResponse({ status: 200, standardSchema: session })
  async open(
    @Body({ schema: signIn }) body: z.infer<typeof signIn>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!fromOurPages(request)) {
      throw new Problem(
        403,
        'foreign-origin',
        'Sign in from the console itself; other clients send the token as a bearer token.',
      );
    }
    const admin = sameSecret(body.token, this.config.adminToken);
    const caller = admin ? { who: 'admin' } : await this.access.callerOf(body.token, 'api');
    if (!caller)
      throw new Problem(401, 'wrong-token', 'That token is neither the admin token nor an API key in force.');
    // The name is the person's own word: it is shown beside whose key it was, never instead.
    const who = body.name === undefined ? caller.who : `${body.name} (${caller.who})`;
    const { token, maxAgeSeconds } = await this.access.openSession(who);
    void reply.setCookie(sessionCookie(this.config), token, {
      httpOnly: true,
      sameSite: 'strict',
      secure: this.config.publicUrl.startsWith('https:'),
      path: '/',
      maxAge: maxAgeSeconds,
    });
    return { who };
  }

  @Get()
  @ApiOperation({ operationId: 'currentSession', summary: 'Who is signed in' })
  @ApiResponse({ status: 200, standardSchema: session })
  current(@Who() who: string) {
    return { who };
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ operationId: 'signOut', summary: 'Sign out' })
  @ApiResponse({ status: 204 })
  async close(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const token = request.cookies[sessionCookie(this.config)];
    if (token !== undefined) await this.access.closeSession(token);
    void reply.clearCookie(sessionCookie(this.config), { path: '/' });
  }
}
