/** Findings to judge, what people judged, what that says of each detector; and the audited look at the evidence. */
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import { EvidenceStore, Findings, Incidents, levels, reviewLabels } from '../../libs/incidents/index.js';
import * as answers from './answers.js';
import { Who } from './auth.guard.js';
import { findingAnswer, given } from './forms.js';
import { Problem } from './problem.filter.js';

const filter = answers.paging.extend({
  detector: z.string().max(200).optional(),
  rule: z.string().max(200).optional(),
  account: z.string().max(512).optional(),
  level: z.enum(levels).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  unreviewed: z.stringbool().optional().describe('true: those that nobody has reviewed'),
});
const label = z.enum(reviewLabels);
const judgement = z.object({ label, reason: z.string().trim().max(4_000).optional() }).meta({ id: 'Judgement' });
const review = z
  .object({ finding: z.string(), reviewer: z.string(), label, reason: z.string().optional(), at: z.iso.datetime() })
  .meta({ id: 'Review' });
const reviews = z.object({ items: z.array(review), next: z.null() }).meta({ id: 'ReviewList' });
const precision = z
  .object({
    items: z.array(
      z.object({
        detector: z.string(),
        rule: z.string().optional(),
        reviewed: z.number().int(),
        confirmed: z.number().int(),
        refuted: z.number().int(),
        unsure: z.number().int(),
        shared: z.number().int(),
        agreed: z.number().int(),
        precision: z.number().optional(),
        low: z.number(),
        high: z.number(),
      }),
    ),
    next: z.null(),
  })
  .meta({ id: 'Precision' });
const period = z.object({ days: z.coerce.number().int().min(1).max(400).default(28) });
const reveal = z.object({ reason: z.string().trim().min(3).max(1_000) }).meta({ id: 'Reveal' });
const evidence = z
  .object({
    items: z.array(
      z.object({
        event: z.object({ source: z.string(), id: z.string() }),
        state: z.string(),
        prompt: z.string().optional(),
        output: z.string().optional(),
        at: z.iso.datetime(),
      }),
    ),
    next: z.null(),
  })
  .meta({ id: 'EvidenceList' });
const findingPage = answers.page(answers.finding, 'FindingPage');

@ApiTags('reviews')
@Controller('api/v1')
export class ReviewsController {
  constructor(
    private readonly database: Database,
    private readonly findings: Findings,
    private readonly incidents: Incidents,
    private readonly store: EvidenceStore,
  ) {}

  @Get('findings')
  @ApiOperation({ operationId: 'searchFindings', summary: 'Findings, newest first' })
  @ApiResponse({ status: 200, standardSchema: findingPage })
  async list(@Query({ schema: filter }) { since, ...rest }: z.infer<typeof filter>) {
    const page = await this.findings.list(this.database, {
      ...rest,
      newestFirst: true,
      ...(since && { since: new Date(since) }),
    });
    return { items: page.items.map(findingAnswer), next: page.next };
  }

  @Get('findings/:id/reviews')
  @ApiOperation({ operationId: 'listReviews', summary: 'What people judged of a finding' })
  @ApiResponse({ status: 200, standardSchema: reviews })
  async reviews(@Param('id') id: string) {
    const items = await this.findings.reviews(this.database, id);
    return { items: items.map(({ at, ...one }) => ({ ...one, at: at.toISOString() })), next: null };
  }

  @Post('findings/:id/review')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'reviewFinding',
    summary: 'Judge a finding: true, false or unsure; a second time replaces the first',
  })
  @ApiResponse({ status: 200, standardSchema: reviews })
  async judge(
    @Param('id') id: string,
    @Who() who: string,
    @Body({ schema: judgement }) body: z.infer<typeof judgement>,
  ) {
    const known = await this.database.transaction((tx) => this.findings.review(tx, id, who, body.label, body.reason));
    if (!known) throw new Problem(404, 'no-finding', `There is no finding ${id.slice(0, 64)}.`);
    return this.reviews(id);
  }

  @Get('reviews/precision')
  @ApiOperation({
    operationId: 'precision',
    summary: 'Precision of detectors and rules from reviews, with 95 % intervals',
  })
  @ApiResponse({ status: 200, standardSchema: precision })
  async precision(@Query({ schema: period }) { days }: z.infer<typeof period>) {
    const now = await this.database.now();
    const from = new Date(now.getTime() - days * 86_400_000);
    const rows = await this.findings.precision(this.database, from, new Date(now.getTime() + 1), true);
    return {
      items: rows.map(({ interval, rule, precision: value, ...row }) => ({
        ...row,
        ...given('rule', rule),
        ...given('precision', value),
        low: interval.low,
        high: interval.high,
      })),
      next: null,
    };
  }

  @Post('incidents/:id/evidence')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'revealEvidence',
    summary: 'The redacted records behind an incident; the look and its reason go into the timeline',
  })
  @ApiResponse({ status: 200, standardSchema: evidence })
  async reveal(@Param('id') id: string, @Who() who: string, @Body({ schema: reveal }) body: z.infer<typeof reveal>) {
    const found = await this.database.transaction(async (tx) => {
      if (!(await this.incidents.get(tx, id))) return undefined;
      await this.incidents.append(tx, [{ incident: id, who, what: 'evidence revealed', why: body.reason }]);
      return this.store.of(tx, id);
    });
    if (!found) throw new Problem(404, 'no-incident', `There is no incident ${id.slice(0, 64)}.`);
    return {
      items: found.map(({ event, state, prompt, output, at }) => ({
        event,
        state,
        ...given('prompt', prompt),
        ...given('output', output),
        at: at.toISOString(),
      })),
      next: null,
    };
  }
}
