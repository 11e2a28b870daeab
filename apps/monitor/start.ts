/** Starts the monitor once a bundle is in force, and drains it: what is in flight commits, then the pool ends. */
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { Database } from '../../libs/database/index.js';
import { Incidents, Reporters } from '../../libs/incidents/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { BatchServer, RethrowFilter, type Stopped } from '../../libs/stream/index.js';
import { logger } from '../../libs/telemetry/index.js';
import type { AppContext, RunningApp } from '../app.js';
import { streamOptions } from '../stream-options.js';
import { Chores } from './chores.worker.js';
import type { Compiled } from './compile.js';
import { MonitorModule } from './monitor.module.js';
import { Recorder } from './recorder.js';

const log = logger('monitor');

export async function startMonitor({ config, health, fail }: AppContext): Promise<RunningApp> {
  const stream = streamOptions(config, 'tocsin monitor');
  const { databaseUrl, defaultResponder } = config;
  const app = await NestFactory.create(MonitorModule.register({ databaseUrl, defaultResponder, stream }), {
    logger: false,
    abortOnError: false,
  });
  const [database, bundles, chores] = [
    app.get(Database),
    app.get<BundleHolder<Compiled>>(BundleHolder),
    app.get(Chores),
  ];
  health.add('monitor bundle', () => bundles.reason());

  const server = new BatchServer(stream, database, {
    health,
    onFatal: fail,
    onStopped: (stopped) => void sayStopped(app.get(Incidents), app.get(Recorder), bundles, database, stopped),
  });
  let closed = false;
  const listening = bundles.ready().then(async () => {
    if (closed) return;
    await app.get(Reporters).noteRun(database);
    await chores.upkeep();
    app.connectMicroservice<MicroserviceOptions>({ strategy: server }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    chores.start();
  });
  app.useGlobalFilters(new RethrowFilter());
  // Without a bundle it waits, unready; one that comes starts it.
  if (bundles.reason() === undefined) await listening;
  else void listening.catch(fail);

  return {
    async close() {
      closed = true;
      await server.close();
      await chores.close();
      await bundles.close();
      await app.close();
      if (database.dataSource.isInitialized) await database.dataSource.destroy();
    },
  };
}

/** A partition that waits for a person is an incident, so that it is not only a metric. */
async function sayStopped(
  incidents: Incidents,
  recorder: Recorder,
  bundles: BundleHolder<Compiled>,
  database: Database,
  { topic, partition, reason }: Stopped,
): Promise<void> {
  const bundle = bundles.current();
  await database
    .transaction(async (tx) => {
      const { outcome, incident } = await incidents.openOther(tx, {
        kind: 'operation',
        dedupKey: `stopped ${topic}/${partition}`,
        title: `Partition ${partition} of ${topic} is not read: see tocsin positions`,
        severity: 'SEV2',
        detector: 'stream',
        key: { topic, partition: String(partition) },
        bundle: bundle.hash,
        actor: { who: 'tocsin', why: reason },
      });
      if (outcome === 'opened') await recorder.page(tx, [incident], bundle);
    })
    .catch((error: unknown) => log.error({ err: error, topic, partition }, 'a stopped partition could not be told'));
}
