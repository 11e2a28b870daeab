/** What people arrange while Tocsin runs: silences, overrides, calendars; and heartbeats of other systems. */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import { Incidents } from '../../libs/incidents/index.js';
import {
  addOverride,
  addSilence,
  arrangementsAt,
  beat,
  endSilence,
  importCalendar,
  makeFeed,
  matchSchema,
  planInForce,
  removeOverride,
  Responding,
  revokeFeeds,
} from '../../libs/paging/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import type { Config } from '../config.js';
import { configToken, Who } from './auth.guard.js';
import { Problem } from './problem.filter.js';

const instant = z.iso.datetime({ offset: true });
const reason = z.string().trim().min(1).max(1_000);
const newSilence = z
  .object({ match: matchSchema, from: instant.optional(), to: instant, reason })
  .meta({ id: 'NewSilence' });
const newOverride = z
  .object({
    schedule: z.string(),
    responder: z.string().optional().describe('absent: nobody, on purpose'),
    from: instant,
    to: instant,
    reason: reason.optional(),
  })
  .meta({ id: 'NewOverride' });
const newCalendar = z.object({ kind: z.enum(['schedule', 'responder']), name: z.string() }).meta({ id: 'NewCalendar' });
const made = z.object({ id: z.string() }).meta({ id: 'Made' });
const calendarMade = z.object({ url: z.string() }).meta({ id: 'CalendarMade' });
const imported = z.object({ taken: z.number().int(), problems: z.array(z.string()) }).meta({ id: 'CalendarImported' });
const arrangements = z
  .object({
    silences: z.array(
      z.object({
        id: z.string(),
        match: z.record(z.string(), z.unknown()),
        from: z.string(),
        to: z.string(),
        reason: z.string(),
        by: z.string(),
      }),
    ),
    overrides: z.array(
      z.object({
        id: z.string(),
        schedule: z.string(),
        responder: z.string().optional(),
        from: z.string(),
        to: z.string(),
        reason: z.string().optional(),
        by: z.string(),
      }),
    ),
  })
  .meta({ id: 'Arrangements' });

/** Overrides are shown as far ahead as gaps are looked for. */
const aheadMs = 90 * 86_400_000;

@ApiTags('on call')
@Controller('api/v1')
export class ArrangementsController {
  constructor(
    private readonly database: Database,
    private readonly incidents: Incidents,
    private readonly responding: Responding,
    private readonly bundles: BundleHolder,
    @Inject(configToken) private readonly config: Config,
  ) {}

  @Get('arrangements')
  @ApiOperation({ operationId: 'arrangements', summary: 'Silences in force, and overrides of the next 90 days' })
  @ApiResponse({ status: 200, standardSchema: arrangements })
  async list() {
    const now = await this.database.now();
    const found = await arrangementsAt(this.database, now, { to: new Date(now.getTime() + aheadMs) });
    return {
      silences: found.silences.map((one) => ({
        ...one,
        from: new Date(one.from).toISOString(),
        to: new Date(one.to).toISOString(),
      })),
      overrides: found.overrides.map((one) => ({ ...one, from: one.from.toISOString(), to: one.to.toISOString() })),
    };
  }

  @Post('silences')
  @ApiOperation({ operationId: 'addSilence', summary: 'Page nobody for matching incidents until then' })
  @ApiResponse({ status: 201, standardSchema: made })
  async silence(@Body({ schema: newSilence }) body: z.infer<typeof newSilence>, @Who() by: string) {
    const { match, from, to, reason: why } = body;
    if (new Date(to) <= (await this.database.now()))
      throw new Problem(400, 'bad-request', 'to: found a time gone by, wanted one to come.');
    const id = await this.database.transaction((tx) =>
      addSilence(tx, { match, ...(from !== undefined && { from: new Date(from) }), to: new Date(to), reason: why, by }),
    );
    return { id };
  }

  @Delete('silences/:id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'endSilence', summary: 'End a silence now' })
  async endSilence(@Param('id') id: string, @Who() by: string): Promise<void> {
    const ended = await this.database.transaction((tx) => endSilence(tx, id, by));
    if (!ended) throw new Problem(404, 'no-arrangement', 'There is no silence of that id in force.');
  }

  @Post('overrides')
  @ApiOperation({ operationId: 'addOverride', summary: 'Put somebody, or nobody, on call for a while' })
  @ApiResponse({ status: 201, standardSchema: made })
  async override(@Body({ schema: newOverride }) body: z.infer<typeof newOverride>, @Who() by: string) {
    const { plan } = this.plan();
    if (!(body.schedule in plan.schedules)) {
      throw new Problem(
        404,
        'no-schedule',
        `The plan has no schedule "${body.schedule}": it has ${Object.keys(plan.schedules).join(', ') || 'none'}.`,
      );
    }
    if (body.responder !== undefined && !(body.responder in plan.responders)) {
      throw new Problem(
        400,
        'bad-request',
        `The plan has no responder "${body.responder}": it has ${Object.keys(plan.responders).join(', ')}.`,
      );
    }
    if (body.to <= body.from) throw new Problem(400, 'bad-request', 'to: wanted a time after from.');
    const id = randomUUID();
    const { from, to, responder, reason: why, schedule } = body;
    await this.database.transaction((tx) =>
      addOverride(tx, {
        id,
        schedule,
        from: new Date(from),
        to: new Date(to),
        by,
        ...(responder !== undefined && { responder }),
        ...(why !== undefined && { reason: why }),
      }),
    );
    return { id };
  }

  @Delete('overrides/:id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'removeOverride', summary: 'Take an override back' })
  async removeOverride(@Param('id') id: string): Promise<void> {
    const removed = await this.database.transaction((tx) => removeOverride(tx, id));
    if (!removed) throw new Problem(404, 'no-arrangement', 'There is no override of that id.');
  }

  @Post('calendars')
  @ApiOperation({ operationId: 'makeCalendar', summary: 'Make the secret address of an iCalendar feed' })
  @ApiResponse({ status: 201, standardSchema: calendarMade })
  async makeCalendar(@Body({ schema: newCalendar }) body: z.infer<typeof newCalendar>, @Who() by: string) {
    const { plan } = this.plan();
    if (!(body.name in (body.kind === 'schedule' ? plan.schedules : plan.responders))) {
      throw new Problem(404, 'no-schedule', `The plan has no ${body.kind} "${body.name}".`);
    }
    const secret = await this.database.transaction((tx) => makeFeed(tx, body, by));
    return { url: `${this.config.publicUrl}/calendar/${secret}.ics` };
  }

  @Post('calendars/revoke')
  @HttpCode(200)
  @ApiOperation({ operationId: 'revokeCalendars', summary: 'Revoke every feed of a schedule or responder' })
  async revokeCalendars(@Body({ schema: newCalendar }) body: z.infer<typeof newCalendar>) {
    return { revoked: await this.database.transaction((tx) => revokeFeeds(tx, body)) };
  }

  @Post('schedules/:name/import')
  @HttpCode(200)
  @ApiConsumes('text/calendar')
  @ApiOperation({ operationId: 'importCalendar', summary: 'Take overrides from an iCalendar file' })
  @ApiResponse({ status: 200, standardSchema: imported })
  async import(@Param('name') name: string, @Req() request: FastifyRequest, @Who() by: string) {
    const { plan } = this.plan();
    if (!(name in plan.schedules)) throw new Problem(404, 'no-schedule', `The plan has no schedule "${name}".`);
    const text = request.body;
    if (typeof text !== 'string') throw new Problem(400, 'bad-request', 'Wanted an iCalendar file as text/calendar.');
    return this.database.transaction((tx) => importCalendar(tx, name, text, plan, by));
  }

  @Post('heartbeats/:name')
  @HttpCode(204)
  @ApiOperation({ operationId: 'beat', summary: 'Say that another system is alive; a missed beat opens an incident' })
  async beat(@Param('name') name: string): Promise<void> {
    const stamped = this.plan();
    const known = await this.database.transaction((tx) => beat(tx, name, stamped, this.incidents, this.responding));
    if (!known) throw new Problem(404, 'no-heartbeat', `The plan has no heartbeat "${name.slice(0, 80)}".`);
  }

  private plan() {
    return planInForce(this.bundles.current(), this.config.defaultResponder);
  }
}
