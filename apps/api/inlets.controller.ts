/**
 * What comes in with a proof of its own instead of a token of ours: buttons in Slack, calendar feeds, confirmations of
 * contact methods. Replies to pages come from a mail server that holds an API key.
 */
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiConsumes, ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Throttle } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { simpleParser } from 'mailparser';
import { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import {
  AcknowledgeLinks,
  confirmContact,
  Inbound,
  planInForce,
  readFeed,
  readSlackPress,
  Responding,
} from '../../libs/paging/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import type { Config } from '../config.js';
import { type AcknowledgePage, renderPage } from './acknowledge-page.js';
import { configToken, Open } from './auth.guard.js';
import { Problem } from './problem.filter.js';

const envelope = z.object({
  from: z.string().max(512).default('').describe('envelope sender; empty for the null sender'),
  to: z.string().max(4_096).describe('envelope recipients, comma-separated'),
});

@ApiTags('inlets')
@Controller()
export class InletsController {
  constructor(
    private readonly database: Database,
    private readonly links: AcknowledgeLinks,
    private readonly responding: Responding,
    private readonly bundles: BundleHolder,
    @Inject(configToken) private readonly config: Config,
  ) {}

  @Post('slack/actions')
  @Open()
  @HttpCode(200)
  @ApiExcludeEndpoint()
  async slack(@Req() request: FastifyRequest & { rawBody?: Buffer }) {
    const { slackSigningSecrets } = this.config;
    if (slackSigningSecrets.length === 0)
      throw new Problem(404, 'not-configured', 'TOCSIN_SLACK_SIGNING_SECRET is not set.');
    const [timestamp = '', signature = ''] = ['x-slack-request-timestamp', 'x-slack-signature'].map((name) =>
      one(request.headers[name]),
    );
    const body = request.rawBody?.toString('utf8') ?? '';
    const press = readSlackPress({ timestamp, signature, body }, slackSigningSecrets, Date.now());
    if (press.outcome === 'forged')
      throw new Problem(401, 'forged-signature', 'The signature does not fit, or is older than five minutes.');
    if (press.outcome === 'ignored') return { text: '' };
    const answer = await this.links.use(press.token, `${press.who} (Slack)`);
    return { text: slackWords[answer.outcome] };
  }

  @Post('api/v1/inbound/mail')
  @HttpCode(200)
  @ApiConsumes('message/rfc822')
  @ApiOperation({
    operationId: 'inboundMail',
    summary: 'A mail for the reply address, as it came: acknowledges or resolves by its first line',
  })
  async mail(@Req() request: FastifyRequest, @Query({ schema: envelope }) { from, to }: z.infer<typeof envelope>) {
    const { replyAddress, secretKeys } = this.config;
    if (replyAddress === undefined) throw new Problem(404, 'not-configured', 'TOCSIN_REPLY_ADDRESS is not set.');
    if (typeof request.body !== 'string') throw new Problem(400, 'bad-request', 'Wanted a mail as message/rfc822.');
    const mail = await simpleParser(request.body);
    const inbound = new Inbound({
      database: this.database,
      responding: this.responding,
      address: replyAddress,
      secretKeys,
    });
    const headers = new Map(mail.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(':') + 1).trim()]));
    const recipients = to.split(',').map((address) => address.trim());
    return { outcome: await inbound.mail({ envelopeFrom: from, to: recipients, headers, text: mail.text ?? '' }) };
  }

  @Get('calendar/:file')
  @Open()
  @Throttle({ default: { limit: 60, ttl: 60_000 } })
  @ApiExcludeEndpoint()
  async calendar(@Param('file') file: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { plan } = planInForce(this.bundles.current(), this.config.defaultResponder);
    const secret = file.replace(/\.ics$/, '');
    const text = await readFeed(this.database, secret, plan, await this.database.now());
    if (text === undefined) throw new Problem(404, 'no-calendar', 'That calendar does not exist, or was revoked.');
    void reply.type('text/calendar; charset=utf-8').header('cache-control', 'private, max-age=300');
    return text;
  }

  @Get('contacts/confirm/:token')
  @Open()
  @ApiExcludeEndpoint()
  lookAtContact(@Res({ passthrough: true }) reply: FastifyReply): string {
    return page(reply, {
      title: 'Confirm that pages reach you here?',
      words: ['Press the button, and Tocsin knows that this address reaches its person.'],
      button: 'Confirm',
    });
  }

  @Post('contacts/confirm/:token')
  @Open()
  @HttpCode(200)
  @ApiExcludeEndpoint()
  async confirm(@Param('token') token: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const confirmed = await confirmContact(this.database, token, this.config.secretKeys);
    if (confirmed)
      return page(reply, {
        title: 'Confirmed',
        words: [`${confirmed.contact} of ${confirmed.responder} is confirmed.`],
      });
    void reply.status(410);
    return page(reply, {
      title: 'This link is not good any more',
      words: ['Wait for the next check, or ask whoever keeps the plan.'],
    });
  }
}

const slackWords = {
  open: 'Still open.',
  acknowledged: 'Acknowledged.',
  resolved: 'It is resolved already.',
  void: 'A newer page has a newer button.',
  expired: 'This button has expired: use a newer page or the console.',
  forged: 'This is no button of ours.',
} as const;

function page(reply: FastifyReply, content: AcknowledgePage): string {
  void reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    );
  return renderPage(content);
}

function one(header: string | string[] | undefined): string {
  return Array.isArray(header) ? (header[0] ?? '') : (header ?? '');
}
