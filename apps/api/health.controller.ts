/** Liveness, readiness and metrics of the process, for orchestrators and Prometheus. */
import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import { Health, metricsText } from '../../libs/telemetry/index.js';
import { Open } from './auth.guard.js';

@ApiExcludeController()
@Open()
@SkipThrottle()
@Controller()
export class HealthController {
  constructor(private readonly health: Health) {}

  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const readiness = await this.health.readiness();
    void reply.status(readiness.ready ? 200 : 503);
    return readiness;
  }

  @Get('metrics')
  async metrics(@Res({ passthrough: true }) reply: FastifyReply) {
    const { contentType, body } = await metricsText();
    void reply.type(contentType);
    return body;
  }
}
