/**
 * The signed link in a mail. Opening it changes nothing, so scanners that prefetch do no harm; the button posts. A link
 * of an older round, or one that has expired, says so and changes nothing either.
 */
import { Controller, Get, Param, Post, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Throttle } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import { AcknowledgeLinks, type LinkAnswer } from '../../libs/paging/index.js';
import { type AcknowledgePage, renderPage } from './acknowledge-page.js';
import { Open } from './auth.guard.js';

@ApiExcludeController()
@Open()
@Throttle({ default: { limit: 120, ttl: 60_000 } })
@Controller('acknowledge')
export class AcknowledgeController {
  constructor(private readonly links: AcknowledgeLinks) {}

  @Get(':token')
  async look(@Param('token') token: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return show(await this.links.look(token), reply);
  }

  @Post(':token')
  async use(@Param('token') token: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return show(await this.links.use(token), reply);
  }
}

function show(answer: LinkAnswer, reply: FastifyReply): string {
  const status =
    answer.outcome === 'forged' ? 404 : answer.outcome === 'expired' || answer.outcome === 'void' ? 410 : 200;
  void reply
    .status(status)
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
  return renderPage(pageOf(answer));
}

function pageOf(answer: LinkAnswer): AcknowledgePage {
  switch (answer.outcome) {
    case 'open': {
      const what =
        answer.number === undefined
          ? `${answer.count} incident${answer.count === 1 ? '' : 's'}`
          : `incident ${answer.number}`;
      return {
        title: `Acknowledge ${what}?`,
        words: ['By acknowledging you say that you look into it. Nobody else is paged for it meanwhile.'],
        button: 'Acknowledge',
      };
    }
    case 'acknowledged': {
      const what = answer.number === undefined ? `These ${answer.count} incidents are` : `Incident ${answer.number} is`;
      return {
        title: answer.first ? 'Acknowledged' : 'Already acknowledged',
        words: [`${what} acknowledged by ${answer.by} since ${timeOf(answer.at)}.`],
      };
    }
    case 'resolved': {
      const by = answer.by === undefined ? '' : ` by ${answer.by}`;
      const at = answer.at === undefined ? '' : ` since ${timeOf(answer.at)}`;
      return {
        title: 'Already resolved',
        words: [`${answer.number === undefined ? 'This' : `Incident ${answer.number}`} is resolved${by}${at}.`],
      };
    }
    case 'void':
      return {
        title: 'A newer page has a newer link',
        words: ['This link belongs to an earlier round of paging. Use the link in the latest mail, or the console.'],
      };
    case 'expired':
      return {
        title: 'This link has expired',
        words: ['Use the link in a newer mail, or acknowledge in the console.'],
      };
    case 'forged':
      return {
        title: 'This is no link of ours',
        words: ['It may have been cut on its way. Open it from the mail again, or use the console.'],
      };
  }
}

function timeOf(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
