/** The incident paths that outsiders rely on: lists and one incident, read only. What changes one is in acting.controller. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import { Findings, Incidents } from '../../libs/incidents/index.js';
import { Pages } from '../../libs/paging/index.js';
import * as answers from './answers.js';
import { findingAnswer, incidentAnswer, notificationAnswer, timelineAnswer } from './forms.js';
import { Problem } from './problem.filter.js';

const incidentPage = answers.page(answers.incident, 'IncidentPage');
const findingPage = answers.page(answers.finding, 'FindingPage');
const timelinePage = answers.page(answers.timelineEntry, 'TimelinePage');
const notificationPage = answers.page(answers.notification, 'NotificationPage');

@ApiTags('incidents')
@Controller('api/v1/incidents')
export class IncidentsController {
  constructor(
    private readonly database: Database,
    private readonly incidents: Incidents,
    private readonly findings: Findings,
    private readonly pages: Pages,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listIncidents', summary: 'Incidents, newest first' })
  @ApiResponse({ status: 200, standardSchema: incidentPage })
  async list(@Query({ schema: answers.incidentFilter }) filter: z.infer<typeof answers.incidentFilter>) {
    const { since, ...rest } = filter;
    const page = await this.incidents.list(this.database, { ...rest, ...(since && { since: new Date(since) }) });
    return { items: page.items.map(incidentAnswer), next: page.next };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getIncident', summary: 'One incident' })
  @ApiResponse({ status: 200, standardSchema: answers.incident })
  @ApiResponse({ status: 404, standardSchema: answers.problem })
  async get(@Param('id') id: string) {
    return incidentAnswer(await this.found(id));
  }

  @Get(':id/findings')
  @ApiOperation({ operationId: 'listFindings', summary: 'Its findings, in the order of event time' })
  @ApiResponse({ status: 200, standardSchema: findingPage })
  async listFindings(
    @Param('id') id: string,
    @Query({ schema: answers.paging }) paging: z.infer<typeof answers.paging>,
  ) {
    await this.found(id);
    const page = await this.findings.list(this.database, { ...paging, incident: id });
    return { items: page.items.map(findingAnswer), next: page.next };
  }

  @Get(':id/timeline')
  @ApiOperation({ operationId: 'listTimeline', summary: 'What happened to it, in order, who did it and why' })
  @ApiResponse({ status: 200, standardSchema: timelinePage })
  async timeline(@Param('id') id: string, @Query({ schema: answers.paging }) paging: z.infer<typeof answers.paging>) {
    await this.found(id);
    const page = await this.incidents.timeline(this.database, id, paging);
    return { items: page.items.map(timelineAnswer), next: page.next };
  }

  @Get(':id/notifications')
  @ApiOperation({ operationId: 'listNotifications', summary: 'Who was told, by which channel, and each attempt' })
  @ApiResponse({ status: 200, standardSchema: notificationPage })
  async notifications(
    @Param('id') id: string,
    @Query({ schema: answers.paging }) { cursor, limit }: z.infer<typeof answers.paging>,
  ) {
    await this.found(id);
    const all = await this.pages.notifications(this.database, id);
    const from = cursor === undefined ? 0 : Number(cursor);
    if (!Number.isInteger(from) || from < 0)
      throw new Problem(400, 'bad-cursor', 'The cursor is not one that this list gave.');
    const next = from + limit < all.length ? String(from + limit) : null;
    return { items: all.slice(from, from + limit).map(notificationAnswer), next };
  }

  private async found(id: string) {
    const incident = await this.incidents.get(this.database, id);
    if (!incident) throw new Problem(404, 'no-incident', `There is no incident ${id.slice(0, 64)}.`);
    return incident;
  }
}
