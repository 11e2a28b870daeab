/** What a person does to an incident, each with who and why; the answer is the incident afterwards. */
import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import { Incidents, severities } from '../../libs/incidents/index.js';
import { type Acted, Responding } from '../../libs/paging/index.js';
import * as answers from './answers.js';
import { Who } from './auth.guard.js';
import { incidentAnswer } from './forms.js';
import { Problem } from './problem.filter.js';

const text = z.string().trim().min(1).max(4_000);
const why = text.optional();
const responder = z.string().min(1).max(200);
const acknowledge = z.object({ reason: why }).optional().meta({ id: 'Acknowledge' });
const resolve = z
  .object({ resolution: z.string().min(1).max(64).default('resolved'), reason: why })
  .meta({ id: 'Resolve' });
const note = z
  .object({ text, stakeholders: z.boolean().default(false).describe('send it to the plan’s stakeholders too') })
  .meta({ id: 'Note' });
const reason = z.object({ reason: why }).optional().meta({ id: 'Reason' });
const snooze = z.object({ until: z.iso.datetime({ offset: true }), reason: why }).meta({ id: 'Snooze' });
const reassign = z.object({ responders: z.array(responder).min(1).max(20), reason: why }).meta({ id: 'Reassign' });
const add = z.object({ responder, reason: why }).meta({ id: 'AddResponder' });
const severity = z.object({ severity: z.enum(severities), reason: text }).meta({ id: 'SetSeverity' });
const other = z.object({ incident: z.string().min(1).max(64), reason: why }).meta({ id: 'OtherIncident' });
const role = z.object({ role: z.string().min(1).max(80), responder, reason: why }).meta({ id: 'GiveRole' });
const task = z.object({ number: z.number().int().min(1) }).meta({ id: 'FinishTask' });

/** Each method: a POST that answers the incident afterwards. */
const Act = (path: string, operationId: string, summary: string) =>
  function decorate(target: object, name: string | symbol, descriptor: PropertyDescriptor): void {
    Post(`:id/${path}`)(target, name, descriptor);
    HttpCode(200)(target, name, descriptor);
    ApiOperation({ operationId, summary })(target, name, descriptor);
    ApiResponse({ status: 200, standardSchema: answers.incident })(target, name, descriptor);
    ApiResponse({ status: 404, standardSchema: answers.problem })(target, name, descriptor);
    ApiResponse({ status: 409, standardSchema: answers.problem })(target, name, descriptor);
  };

@ApiTags('incidents')
@Controller('api/v1/incidents')
export class ActingController {
  constructor(
    private readonly database: Database,
    private readonly incidents: Incidents,
    private readonly responding: Responding,
  ) {}

  @Act('acknowledge', 'acknowledgeIncident', 'Say "I have it": paging stops; a second time changes nothing')
  acknowledge(
    @Param('id') id: string,
    @Who() who: string,
    @Body({ schema: acknowledge }) body?: z.infer<typeof acknowledge>,
  ) {
    return this.answer(id, this.responding.acknowledge(id, actor(who, body?.reason)));
  }

  @Act('resolve', 'resolveIncident', 'Say that it is over, and how it ended')
  resolve(@Param('id') id: string, @Who() who: string, @Body({ schema: resolve }) body: z.infer<typeof resolve>) {
    return this.answer(id, this.responding.resolve(id, body.resolution, actor(who, body.reason)));
  }

  @Act('reopen', 'reopenIncident', 'Open it again, in a new round of paging')
  reopen(@Param('id') id: string, @Who() who: string, @Body({ schema: reason }) body?: z.infer<typeof reason>) {
    return this.answer(id, this.responding.reopen(id, actor(who, body?.reason)));
  }

  @Act('note', 'noteIncident', 'Write into the timeline')
  note(@Param('id') id: string, @Who() who: string, @Body({ schema: note }) body: z.infer<typeof note>) {
    return this.answer(id, this.responding.note(id, body.text, { who }, { stakeholders: body.stakeholders }));
  }

  @Act('severity', 'setSeverity', 'Change the severity, with a reason')
  severity(@Param('id') id: string, @Who() who: string, @Body({ schema: severity }) body: z.infer<typeof severity>) {
    return this.answer(id, this.responding.setSeverity(id, body.severity, actor(who, body.reason)));
  }

  @Act('snooze', 'snoozeIncident', 'Page nobody until then')
  snooze(@Param('id') id: string, @Who() who: string, @Body({ schema: snooze }) body: z.infer<typeof snooze>) {
    return this.answer(id, this.responding.snooze(id, new Date(body.until), actor(who, body.reason)));
  }

  @Act('escalate', 'escalateIncident', 'The next step now')
  escalate(@Param('id') id: string, @Who() who: string, @Body({ schema: reason }) body?: z.infer<typeof reason>) {
    return this.answer(id, this.responding.escalateNow(id, actor(who, body?.reason)));
  }

  @Act('reassign', 'reassignIncident', 'A new round that begins with these people')
  reassign(@Param('id') id: string, @Who() who: string, @Body({ schema: reassign }) body: z.infer<typeof reassign>) {
    return this.answer(id, this.responding.reassign(id, body.responders, actor(who, body.reason)));
  }

  @Act('responders', 'addResponder', 'Tell one more person now')
  addResponder(@Param('id') id: string, @Who() who: string, @Body({ schema: add }) body: z.infer<typeof add>) {
    return this.answer(id, this.responding.addResponder(id, body.responder, actor(who, body.reason)));
  }

  @Act('merge', 'mergeIncident', 'Resolve it as a duplicate and move its findings to the other')
  merge(@Param('id') id: string, @Who() who: string, @Body({ schema: other }) body: z.infer<typeof other>) {
    return this.answer(id, this.responding.merge(id, body.incident, actor(who, body.reason)));
  }

  @Act('link', 'linkIncidents', 'Say that two incidents belong together')
  async link(@Param('id') id: string, @Who() who: string, @Body({ schema: other }) body: z.infer<typeof other>) {
    const linked = await this.responding.link(id, body.incident, actor(who, body.reason));
    if (linked === undefined)
      throw new Problem(404, 'no-incident', 'One of the two incidents does not exist, or they are the same.');
    return this.read(id);
  }

  @Act('roles', 'giveRole', 'Give somebody a role in it')
  giveRole(@Param('id') id: string, @Who() who: string, @Body({ schema: role }) body: z.infer<typeof role>) {
    return this.answer(id, this.responding.giveRole(id, body.role, body.responder, actor(who, body.reason)));
  }

  @Act('tasks', 'finishTask', 'Say that a task is done')
  finishTask(@Param('id') id: string, @Who() who: string, @Body({ schema: task }) body: z.infer<typeof task>) {
    return this.answer(id, this.responding.finishTask(id, body.number, actor(who)));
  }

  private async answer(id: string, acting: Promise<Acted>) {
    const acted = await acting;
    if (acted.outcome === 'missing') throw new Problem(404, 'no-incident', `There is no incident ${id.slice(0, 64)}.`);
    if (acted.outcome === 'refused')
      throw new Problem(409, 'refused', `Incident ${acted.incident.number}: ${acted.reason}.`);
    return this.read(id);
  }

  private async read(id: string) {
    const incident = await this.incidents.get(this.database, id);
    if (!incident) throw new Problem(404, 'no-incident', `There is no incident ${id.slice(0, 64)}.`);
    return incidentAnswer(incident);
  }
}

function actor(who: string, why?: string) {
  return { who, ...(why !== undefined && { why }) };
}
