/** Who is on call, now or at any instant, on each schedule, and why. */
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import { arrangementsAt, planInForce, whoIsOnCall, withOverrides } from '../../libs/paging/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import type { Config } from '../config.js';

import { configToken } from './auth.guard.js';

const asked = z.object({ at: z.iso.datetime({ offset: true }).optional() });
const answer = z
  .object({
    at: z.iso.datetime(),
    plan: z.object({ hash: z.string(), from: z.string(), runbook: z.string().optional() }),
    items: z.array(
      z.object({
        schedule: z.string(),
        responder: z.string().optional(),
        name: z.string().optional(),
        because: z.string(),
        why: z.string(),
      }),
    ),
    responders: z.array(z.object({ id: z.string(), name: z.string().optional() })),
  })
  .meta({ id: 'OnCall' });

@ApiTags('on call')
@Controller('api/v1/who')
export class WhoController {
  constructor(
    private readonly database: Database,
    private readonly bundles: BundleHolder,
    @Inject(configToken) private readonly config: Config,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'whoIsOnCall', summary: 'Who is on call on each schedule, and why' })
  @ApiResponse({ status: 200, standardSchema: answer })
  async who(@Query({ schema: asked }) query: z.infer<typeof asked>): Promise<z.infer<typeof answer>> {
    const at = query.at === undefined ? await this.database.now() : new Date(query.at);
    const bundle = this.bundles.current();
    const stamped = planInForce(bundle, this.config.defaultResponder);
    const { overrides } = await arrangementsAt(this.database, at);
    const plan = withOverrides(stamped.plan, overrides);
    return {
      at: at.toISOString(),
      plan: {
        hash: stamped.hash,
        from: bundle.planTaken.from,
        ...(bundle.planTaken.runbook !== undefined && { runbook: bundle.planTaken.runbook }),
      },
      items: [...whoIsOnCall(plan, at.getTime())],
      responders: Object.entries(plan.responders).map(([id, { name }]) => ({
        id,
        ...(name !== undefined && { name }),
      })),
    };
  }
}
