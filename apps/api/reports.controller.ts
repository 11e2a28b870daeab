/** The monitoring reports that were made: listed, and one as it was sent. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import { BadCursor } from '../../libs/incidents/index.js';
import { periodKinds, Reports, type ListedReport } from '../../libs/reports/index.js';
import * as answers from './answers.js';
import { Problem } from './problem.filter.js';

const report = z
  .object({
    id: z.string(),
    kind: z.enum(periodKinds),
    period: z.string().describe('`2026-W47`, `2026-11-24`, or an hour with its offset'),
    timezone: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime().describe('not part of the period'),
    subject: z.string(),
    made_at: z.iso.datetime(),
    sent_at: z.iso.datetime().nullable().describe('when the first address got it; null where none has yet'),
    late: z.boolean().describe('sent over 15 minutes after its period, and says so'),
    waiting: z.number().int().describe('addresses that it has not reached yet'),
    refused: z.number().int().describe('addresses whose mail server refused it for good'),
  })
  .meta({ id: 'Report' });
const wholeReport = report
  .extend({ text: z.string(), html: z.string().describe('a whole page, its chart inside') })
  .meta({ id: 'WholeReport' });
const reportsPage = answers.page(report, 'ReportPage');
const filter = answers.paging.extend({ kind: z.enum(periodKinds).optional() });

@ApiTags('reports')
@Controller('api/v1/reports')
export class ReportsController {
  private readonly reports = new Reports();

  constructor(private readonly database: Database) {}

  @Get()
  @ApiOperation({ operationId: 'listReports', summary: 'Reports, newest first' })
  @ApiResponse({ status: 200, standardSchema: reportsPage })
  async list(@Query({ schema: filter }) { cursor, limit, kind }: z.infer<typeof filter>) {
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const rows = await this.reports.list(this.database, {
      limit: limit + 1,
      ...(after && { after }),
      ...(kind && { kind }),
    });
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items: items.map(answerOf), next: last ? cursorOf(last) : null };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getReport', summary: 'One report, as text and as HTML' })
  @ApiResponse({ status: 200, standardSchema: wholeReport })
  @ApiResponse({ status: 404, standardSchema: answers.problem })
  async get(@Param('id') id: string): Promise<z.infer<typeof wholeReport>> {
    const found = await this.reports.get(this.database, id);
    if (!found) throw new Problem(404, 'no-report', 'There is no report of this id: GET /api/v1/reports lists them.');
    return { ...answerOf(found), text: found.text, html: found.html };
  }
}

function answerOf(row: ListedReport): z.infer<typeof report> {
  const { id, kind, period, timezone, from, to, subject, madeAt, sentAt, late, waiting, refused } = row;
  return {
    id,
    kind,
    period,
    timezone,
    from: from.toISOString(),
    to: to.toISOString(),
    subject,
    made_at: madeAt.toISOString(),
    sent_at: sentAt?.toISOString() ?? null,
    late,
    waiting,
    refused,
  };
}

function cursorOf({ to, id }: ListedReport): string {
  return Buffer.from(`${to.getTime()} ${id}`).toString('base64url');
}

function readCursor(text: string): { to: Date; id: string } {
  const [, to, id] = /^(\d{1,15}) ([0-9a-f]{32})$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (to === undefined || id === undefined) throw new BadCursor();
  return { to: new Date(Number(to)), id };
}
