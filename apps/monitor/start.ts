/** Starts the monitor once a bundle is in force, and drains it: what is in flight commits, then the pool ends. */
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { createDataSource, Database } from '../../libs/database/index.js';
import { Incidents, Reporters } from '../../libs/incidents/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { BatchServer, RethrowFilter, type Stopped } from '../../libs/stream/index.js';
import { logger } from '../../libs/telemetry/index.js';
import type { AppContext, RunningApp } from '../app.js';
import { streamOptions } from '../stream-options.js';
import { Chores } from './chores.worker.js';
import type { Compiled } from './compile.js';
import { insist } from './insist.js';
import { MonitorModule } from './monitor.module.js';
import { Recorder } from './recorder.js';

const log = logger('monitor');

export async function startMonitor({ config, health, fail }: AppContext): Promise<RunningApp> {
  const stream = streamOptions(config, 'tocsin monitor');
  const { databaseUrl, defaultResponder } = config;
  const source = createDataSource({ url: databaseUrl, applicationName: 'tocsin monitor', poolSize: 12 });
  const database = new Database(await source.initialize());
  const closing = new AbortController();
  const server: BatchServer = new BatchServer(stream, database, {
    health,
    onFatal: fail,
    onStopped: (stopped) => void sayStopped(app, database, stopped, closing.signal),
  });
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    MonitorModule.register({ database, databaseUrl, defaultResponder, stream }),
    { strategy: server, logger: false, abortOnError: false },
  );
  app.useGlobalFilters(new RethrowFilter());
  const bundles = app.get<BundleHolder<Compiled>>(BundleHolder);
  const chores = app.get(Chores);
  health.add('monitor bundle', () => bundles.reason());

  let closed = false;
  const listening = bundles.ready().then(async () => {
    if (closed) return;
    await app.get(Reporters).noteRun(database);
    // Beside a busy copy it may not get its lock in time: the chore does it again.
    await chores.upkeep().catch((error: unknown) => log.warn({ err: error }, 'upkeep failed and is tried again'));
    await app.listen();
    chores.start();
  });
  const drain = async (): Promise<void> => {
    closed = true;
    closing.abort();
    await Promise.all([server.close(), chores.close()]);
    await bundles.close();
    await app.close();
    await source.destroy();
  };
  let drained: Promise<void> | undefined;
  const close = (): Promise<void> => (drained ??= drain());

  // Without a bundle it waits, unready; one that comes starts it.
  if (bundles.reason() !== undefined) void listening.catch(fail);
  else
    try {
      await listening;
    } catch (error) {
      await close().catch(() => undefined);
      throw error;
    }
  return { close };
}

/** A partition that waits for a person is an incident, so that it is not only a metric. */
async function sayStopped(
  app: INestMicroservice,
  database: Database,
  { topic, partition, reason }: Stopped,
  signal: AbortSignal,
): Promise<void> {
  const say = () =>
    database.transaction(async (tx) => {
      const bundle = app.get(BundleHolder).current();
      const { outcome, incident } = await app.get(Incidents).openOther(tx, {
        kind: 'operation',
        dedupKey: `stopped ${topic}/${partition}`,
        title: `Partition ${partition} of ${topic} is not read: see tocsin positions`,
        severity: 'SEV2',
        detector: 'stream',
        key: { topic, partition: String(partition) },
        bundle: bundle.hash,
        actor: { who: 'tocsin', why: reason },
      });
      if (outcome === 'opened') await app.get(Recorder).page(tx, [incident], bundle);
    });
  const onFailure = (error: unknown) =>
    log.error({ err: error, topic, partition }, 'a stopped partition could not be told and is tried again');
  await insist(say, { signal, onFailure });
}
