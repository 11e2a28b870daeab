/**
 * The PagerDuty Events v2 inlet, so that Tocsin can page for other tools. Field names, statuses and answers are those of
 * that interface; a stock client need only be told another address.
 */
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  HttpCode,
  Inject,
  Post,
  UseFilters,
} from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Throttle } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Access } from '../../libs/access/index.js';
import { Database, isConnectionLoss, isRetryable } from '../../libs/database/index.js';
import { Incidents, type Severity } from '../../libs/incidents/index.js';
import { Pages, planInForce, Responding } from '../../libs/paging/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import type { Config } from '../config.js';

import { configToken, Open } from './auth.guard.js';

const severityOf: Readonly<Record<string, Severity>> = {
  critical: 'SEV1',
  error: 'SEV2',
  warning: 'SEV3',
  info: 'SEV4',
};

const event = z.object({
  routing_key: z.string().min(1).max(200),
  event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
  dedup_key: z.string().max(255).optional(),
  payload: z
    .object({
      summary: z.string().min(1).max(1_024),
      source: z.string().min(1).max(1_024),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      timestamp: z.string().max(64).optional(),
      component: z.string().max(1_024).optional(),
      group: z.string().max(1_024).optional(),
      class: z.string().max(1_024).optional(),
      custom_details: z.unknown().optional(),
    })
    .optional(),
  client: z.string().max(1_024).optional(),
  client_url: z.string().max(2_048).optional(),
  links: z
    .array(z.object({ href: z.string().max(2_048), text: z.string().max(1_024).optional() }))
    .max(50)
    .optional(),
  images: z.array(z.unknown()).max(50).optional(),
});

/** Answers as that interface does: `{status, message, errors?}`. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors: readonly string[] = [],
  ) {
    super(message);
  }
}

@Catch()
class RefusalFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const send = (status: number, body: object) => void reply.status(status).send(body);
    if (error instanceof Refusal) {
      const word = error.status === 400 ? 'invalid event' : error.status === 403 ? 'forbidden' : 'error';
      return send(error.status, { status: word, message: error.message, errors: error.errors });
    }
    if (isConnectionLoss(error)) {
      void reply.header('retry-after', '5');
      return send(503, { status: 'unavailable', message: 'The database cannot be reached; send it again.' });
    }
    const status = (error as { getStatus?: () => number } | null)?.getStatus?.() ?? 500;
    return send(status, {
      status: status === 429 ? 'throttled' : 'error',
      message: status === 429 ? 'Too many events; send it again later.' : 'The event was not taken; send it again.',
    });
  }
}

@ApiTags('enqueue')
@Open()
@UseFilters(new RefusalFilter())
@Throttle({ default: { limit: 600, ttl: 60_000 } })
@Controller('v2/enqueue')
export class EnqueueController {
  constructor(
    private readonly database: Database,
    private readonly access: Access,
    private readonly incidents: Incidents,
    private readonly pages: Pages,
    private readonly responding: Responding,
    private readonly bundles: BundleHolder,
    @Inject(configToken) private readonly config: Config,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'enqueue',
    summary: 'PagerDuty Events v2: trigger, acknowledge or resolve an alarm of another tool',
  })
  async enqueue(@Body() body: unknown) {
    const parsed = event.safeParse(body);
    if (!parsed.success) {
      throw new Refusal(
        400,
        'Event object is invalid',
        parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
      );
    }
    const { data } = parsed;
    const caller = await this.access.callerOf(data.routing_key, 'routing');
    if (!caller?.keyId)
      throw new Refusal(403, 'The routing key is unknown or revoked: `tocsin keys create NAME` makes one.');
    const { keyId } = caller;
    const who = data.client ?? caller.who;
    if (data.event_action === 'trigger') {
      if (!data.payload) throw new Refusal(400, 'Event object is invalid', ['payload: wanted with trigger']);
      const dedupKey = data.dedup_key || randomUUID();
      await this.trigger(keyId, dedupKey, who, data.payload, { client_url: data.client_url, links: data.links });
      return answer(dedupKey);
    }
    if (!data.dedup_key)
      throw new Refusal(400, 'Event object is invalid', [`dedup_key: wanted with ${data.event_action}`]);
    await this.act(data.event_action, keyId, data.dedup_key, who);
    return answer(data.dedup_key);
  }

  private async trigger(
    routingKey: string,
    dedupKey: string,
    who: string,
    payload: NonNullable<z.infer<typeof event>['payload']>,
    links: object,
  ): Promise<void> {
    await this.again(() =>
      this.database.transaction(async (tx) => {
        const { outcome, incident } = await this.incidents.openOther(tx, {
          kind: 'external',
          dedupKey,
          title: clean(payload.summary),
          severity: severityOf[payload.severity] ?? 'SEV3',
          routingKey,
          key: { dedup_key: clean(dedupKey), source: clean(payload.source) },
          details: cleaned({ ...payload, ...links }) as Record<string, unknown>,
          bundle: this.bundles.current().hash,
          actor: { who: clean(who), why: `alarm of ${clean(payload.source)}` },
        });
        if (outcome === 'opened') {
          await this.pages.openEscalations(
            tx,
            [incident],
            planInForce(this.bundles.current(), this.config.defaultResponder),
          );
        }
      }),
    );
  }

  /** An alarm that is not open is no error: its tool may say twice that it is over. */
  private async act(
    action: 'acknowledge' | 'resolve',
    routingKey: string,
    dedupKey: string,
    who: string,
  ): Promise<void> {
    await this.again(() =>
      this.database.transaction(async (tx) => {
        const id = await this.incidents.findOther(tx, { kind: 'external', routingKey, dedupKey });
        if (id === undefined) return;
        if (action === 'acknowledge') await this.responding.acknowledgeIn(tx, id, { who: clean(who) });
        else await this.responding.resolveIn(tx, id, 'resolved', { who: clean(who) });
      }),
    );
  }

  private async again(work: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await work();
        return;
      } catch (error) {
        if (!isRetryable(error) || attempt === 5) throw error;
      }
    }
  }
}

const answer = (dedupKey: string) => ({ status: 'success', message: 'Event processed', dedup_key: dedupKey });

/** PostgreSQL takes neither NUL nor half a surrogate pair. */
const clean = (text: string) => text.toWellFormed().replaceAll('\u0000', '\uFFFD');

/** The same of every text inside; a list or object deeper than any tool sends is left out. */
function cleaned(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 64) return undefined;
  if (Array.isArray(value)) return value.map((one) => cleaned(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [clean(name), cleaned(one, depth + 1)]));
}
