/** Starts the HTTP API, which also serves the console, the acknowledge pages and the process's health. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import staticFiles from '@fastify/static';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createDataSource, Database } from '../../libs/database/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { logger } from '../../libs/telemetry/index.js';
import type { StartApp } from '../app.js';
import { Complaint } from '../cli/verb.js';
import { ApiModule, type ApiParts } from './api.module.js';
import { openApiOf } from './openapi.js';
import { Problem, ProblemFilter } from './problem.filter.js';

const log = logger('api');
const bodyLimit = 1024 * 1024;
/** A client that sends its body by the drop holds a socket no longer than this. */
const requestTimeout = 30_000;
const consoleFolder = join(import.meta.dirname, '../../console');

export const startApi: StartApp = async ({ config, health }) => {
  const source = createDataSource({ url: config.databaseUrl, applicationName: 'tocsin api', poolSize: 10 });
  await source.initialize();
  const database = new Database(source);
  const bundles = await BundleHolder.open({ database, listenUrl: config.databaseUrl, app: 'api' });
  health.add('api database', async () => {
    await database.query('select 1');
    return undefined;
  });
  health.add('api bundle', () => bundles.reason());
  const close = async () => {
    await bundles.close();
    await source.destroy();
  };
  try {
    const app = await serve({ config, health, database, bundles });
    return {
      close: async () => {
        await app.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Builds the application and listens. */
async function serve(parts: ApiParts): Promise<NestFastifyApplication> {
  const { config } = parts;
  const adapter = new FastifyAdapter({ bodyLimit, requestTimeout, forceCloseConnections: true });
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.register(parts), adapter, {
    logger: ['error', 'warn'],
    abortOnError: false,
    // Slack signs the body as it came.
    rawBody: true,
  });
  // Every route sends the same strict headers; the console needs no inline script, only Mantine's inline styles.
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        upgradeInsecureRequests: config.publicUrl.startsWith('https:') ? [] : null,
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    hsts: config.publicUrl.startsWith('https:'),
  });
  for (const type of ['text/calendar', 'message/rfc822']) {
    app.useBodyParser(type, { bodyLimit }, (_request, body, done) => done(null, body.toString('utf8')));
  }
  await app.register(cookie);
  if (existsSync(consoleFolder)) await serveConsole(app);
  app.useGlobalPipes(
    new StandardSchemaValidationPipe({
      exceptionFactory: (issues) =>
        new Problem(400, 'bad-request', issues.map(({ path, message }) => `${pathOf(path)}${message}`).join('; ')),
    }),
  );
  app.useGlobalFilters(new ProblemFilter());
  const document = JSON.stringify(openApiOf(app));
  app
    .getHttpAdapter()
    .getInstance()
    .get('/api/openapi.json', (_: FastifyRequest, reply: FastifyReply) =>
      reply.type('application/json').send(document),
    );
  try {
    await app.listen(config.port, '0.0.0.0');
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Complaint(`TOCSIN_PORT ${config.port} is taken: stop what holds it, or name another port.`);
  }
  log.info({ port: config.port }, 'the API listens');
  return app;
}

/** The built console: hashed files for ever, its page never; any path it routes by itself gets the page. */
async function serveConsole(app: NestFastifyApplication): Promise<void> {
  await app.register(staticFiles, {
    root: consoleFolder,
    wildcard: false,
    setHeaders: (response, path) => {
      const forever = path.includes('/assets/');
      response.header('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const fastify = app.getHttpAdapter().getInstance();
  for (const route of [
    '/incidents',
    '/incidents/*',
    '/overview',
    '/on-call',
    '/reviews',
    '/thresholds',
    '/reports',
    '/sign-in',
  ]) {
    fastify.get(route, (_: FastifyRequest, reply: FastifyReply) =>
      reply.header('cache-control', 'no-cache').sendFile('index.html'),
    );
  }
}

function pathOf(path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string {
  const words = (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  return words.length === 0 ? '' : `${words.join('.')}: `;
}
