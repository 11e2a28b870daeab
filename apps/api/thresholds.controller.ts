/** Thresholds: those in force, and proposals that wait for a person's yes or no. */
import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '../../libs/database/index.js';
import { Thresholds, type Answered } from '../../libs/policy/index.js';
import * as answers from './answers.js';
import { Who } from './auth.guard.js';
import { Problem } from './problem.filter.js';

const place = {
  model: z.string(),
  stage: z.string(),
  detector: z.string(),
  value: z.number(),
  version: z.number().int(),
};
const inForce = z.object({ ...place, effective_from: z.iso.datetime(), published_by: z.string() });
const proposal = z.object({
  ...place,
  floor: z.number(),
  ceiling: z.number(),
  proposed_at: z.iso.datetime(),
  proposed_by: z.string(),
});
const answer = z.object({ in_force: z.array(inForce), proposals: z.array(proposal) }).meta({ id: 'Thresholds' });

@ApiTags('thresholds')
@Controller('api/v1/thresholds')
export class ThresholdsController {
  constructor(
    private readonly database: Database,
    private readonly thresholds: Thresholds,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listThresholds', summary: 'Thresholds in force and proposals that wait' })
  @ApiResponse({ status: 200, standardSchema: answer })
  async list(): Promise<z.infer<typeof answer>> {
    const [current, waiting] = await Promise.all([
      this.thresholds.inForce(this.database, await this.database.now()),
      this.thresholds.waiting(this.database),
    ]);
    return {
      in_force: current.map(({ model, stage, detector, value, version, effectiveFrom, publishedBy }) => ({
        model,
        stage,
        detector,
        value,
        version,
        effective_from: new Date(effectiveFrom).toISOString(),
        published_by: publishedBy,
      })),
      proposals: waiting.map(({ model, stage, detector, value, version, floor, ceiling, proposedAt, proposedBy }) => ({
        model,
        stage,
        detector,
        value,
        version,
        floor,
        ceiling,
        proposed_at: proposedAt.toISOString(),
        proposed_by: proposedBy,
      })),
    };
  }

  @Post(':version/publish')
  @HttpCode(200)
  @ApiOperation({ operationId: 'publishThreshold', summary: 'Put a proposal in force' })
  @ApiResponse({ status: 200, standardSchema: answer })
  @ApiResponse({ status: 409, standardSchema: answers.problem })
  publish(@Param('version') version: string, @Who() who: string) {
    return this.respond(version, (number) =>
      this.database.transaction((tx) => this.thresholds.publish(tx, number, who)),
    );
  }

  @Post(':version/decline')
  @HttpCode(200)
  @ApiOperation({ operationId: 'declineThreshold', summary: 'Turn a proposal down' })
  @ApiResponse({ status: 200, standardSchema: answer })
  @ApiResponse({ status: 409, standardSchema: answers.problem })
  decline(@Param('version') version: string, @Who() who: string) {
    return this.respond(version, (number) =>
      this.database.transaction((tx) => this.thresholds.decline(tx, number, who)),
    );
  }

  private async respond(version: string, act: (version: number) => Promise<Answered>) {
    if (!/^\d{1,9}$/.test(version))
      throw new Problem(404, 'no-threshold', 'A threshold is named by its version, a number.');
    const { outcome } = await act(Number(version));
    if (outcome === 'unknown') throw new Problem(404, 'no-threshold', `There is no threshold of version ${version}.`);
    if (outcome === 'answered')
      throw new Problem(409, 'answered', `Somebody answered the proposal of version ${version} before.`);
    return this.list();
  }
}
