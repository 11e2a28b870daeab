/**
 * One process with some apps in it. It starts them side by side, opens health and metrics where asked, and drains on
 * SIGTERM or SIGINT: what is in flight commits, and the process ends by itself.
 */
import { createServer, type Server } from 'node:http';
import { createDataSource } from '../libs/database/index.js';
import { Health, logger, metricsText } from '../libs/telemetry/index.js';
import type { AppContext, RunningApp, StartApp } from './app.js';
import { refuseOtherSchema } from './cli/settings.js';
import { Complaint } from './cli/verb.js';
import type { AppName, Config } from './config.js';

const log = logger('run');
/** A drain that takes longer is cut: a supervisor's own kill comes after 30 s as a rule. */
const drainWithin = 25_000;

const starters: Readonly<Record<AppName, () => Promise<StartApp>>> = {
  monitor: async () => (await import('./monitor/start.js')).startMonitor,
  verifier: async () => (await import('./verifier/start.js')).startVerifier,
  pager: async () => (await import('./pager/start.js')).startPager,
  reporter: async () => (await import('./reporter/start.js')).startReporter,
  api: async () => (await import('./api/start.js')).startApi,
};

/** Runs until a signal (0) or until an app gives up (1). */
export async function runApps(names: readonly AppName[], config: Config): Promise<number> {
  await checkSchema(config);
  const ended = Promise.withResolvers<number>();
  const health = new Health();
  const fail = (error: unknown) => {
    log.fatal({ err: error }, 'an app cannot go on');
    ended.resolve(1);
  };
  // Each of them, also while draining: one that nobody takes would cut the drain short.
  process.on('unhandledRejection', fail);
  process.on('uncaughtException', fail);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ended.resolve(0));

  const context: AppContext = { config, health, fail };
  let starting = true;
  health.add('start', () => (starting ? 'still starting' : undefined));
  const healthServer =
    config.healthPort !== undefined && !names.includes('api')
      ? await serveHealth(config.healthPort, health)
      : undefined;
  const started = Promise.allSettled(names.map(async (name) => (await starters[name]())(context)));
  void started.then((results) => {
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      if (failed.reason instanceof Complaint) process.stderr.write(`${failed.reason.message}\n`);
      else fail(failed.reason);
      ended.resolve(1);
      return;
    }
    starting = false;
    log.info({ apps: names }, 'running');
  });

  const code = await ended.promise;
  const apps = (await started).flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  await drain(apps);
  healthServer?.close();
  healthServer?.closeAllConnections();
  log.info({ code }, 'ended');
  // Libraries keep timers and sockets of their own: a drained process must not linger on them.
  setTimeout(() => process.exit(code), 1_000).unref();
  return code;
}

async function checkSchema(config: Config): Promise<void> {
  const source = createDataSource({ url: config.databaseUrl, applicationName: 'tocsin run', poolSize: 1 });
  await source.initialize();
  try {
    await refuseOtherSchema(source);
  } finally {
    await source.destroy();
  }
}

async function drain(apps: readonly RunningApp[]): Promise<void> {
  const cut = setTimeout(() => {
    log.error({ withinMs: drainWithin }, 'draining took too long; what was in flight is done again by the next copy');
    process.exit(1);
  }, drainWithin);
  cut.unref();
  for (const result of await Promise.allSettled(apps.map((app) => app.close()))) {
    if (result.status === 'rejected') log.error({ err: result.reason }, 'an app did not drain cleanly');
  }
  clearTimeout(cut);
}

async function serveHealth(port: number, health: Health): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = async () => {
      if (request.url === '/health/live') return { status: 200, type: 'application/json', body: '{"status":"ok"}' };
      if (request.url === '/health/ready') {
        const readiness = await health.readiness();
        return { status: readiness.ready ? 200 : 503, type: 'application/json', body: JSON.stringify(readiness) };
      }
      if (request.url === '/metrics') {
        const { contentType, body } = await metricsText();
        return { status: 200, type: contentType, body };
      }
      return { status: 404, type: 'text/plain', body: 'Try /health/live, /health/ready or /metrics.\n' };
    };
    void answer().then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Complaint(`TOCSIN_HEALTH_PORT ${port} is taken: stop what holds it, or name another port.`)
          : error,
      ),
    );
    server.listen(port, resolve);
  });
  return server;
}
