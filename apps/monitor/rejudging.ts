/**
 * Judges records again by the bundle in force, for `tocsin replay`. It moves no position and counts no tally: what was
 * recorded before is no news, and only what is missing is added. Pages only where it is told to.
 */
import { NestFactory } from '@nestjs/core';
import { createDataSource, Database } from '../../libs/database/index.js';
import { decodeAll, type StreamRecord } from '../../libs/events/index.js';
import { Outputs, Reporters, type Referring } from '../../libs/incidents/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import type { Config } from '../config.js';
import { streamOptions } from '../stream-options.js';
import type { Compiled } from './compile.js';
import { believe, judge } from './judge.js';
import { MonitorModule } from './monitor.module.js';
import { Recorder } from './recorder.js';

export interface Rejudged {
  readonly events: number;
  readonly rejected: number;
  /** Incidents opened, re-opened or raised. */
  readonly incidents: number;
}

export interface Rejudging {
  /** In one transaction; records of one partition in their order. */
  judge(records: readonly StreamRecord[], options: { readonly page: boolean }): Promise<Rejudged>;
  close(): Promise<void>;
}

export async function openRejudging(config: Config): Promise<Rejudging> {
  const source = createDataSource({ url: config.databaseUrl, applicationName: 'tocsin replay', poolSize: 4 });
  const database = new Database(await source.initialize());
  const { databaseUrl, defaultResponder } = config;
  const stream = streamOptions(config, 'tocsin replay');
  const app = await NestFactory.createApplicationContext(
    MonitorModule.register({ database, databaseUrl, defaultResponder, stream }),
    { logger: false, abortOnError: false },
  );
  const bundles = app.get<BundleHolder<Compiled>>(BundleHolder);
  const [recorder, outputs, reporters] = [app.get(Recorder), app.get(Outputs), app.get(Reporters)];
  return {
    async judge(records, { page }) {
      const bundle = bundles.current();
      const compiled = bundles.prepared();
      const { events, rejections } = decodeAll(records, Date.now());
      const believed = believe(events, bundle);
      const referring = believed.events.filter((event): event is Referring => event.kind !== 'output');
      const reports = referring.filter((event) => event.kind === 'feedback');
      const known = reports.length > 0 ? await reporters.known(database, reports) : undefined;
      const found =
        referring.length > 0 && bundle.settings.outputIndexMs !== undefined
          ? await outputs.find(
              database,
              referring.map(({ output }) => output),
            )
          : undefined;
      const grounds = { bundle, compiled, stages: bundles.stages(), starts: bundles.starts() };
      const judgement = judge(believed.events, grounds, found, known);
      const { due, committed } = await database.transaction(async (tx) => {
        const recorded = await recorder.record(tx, judgement.judged, bundle, compiled);
        if (page) await recorder.page(tx, recorded.due, bundle);
        return recorded;
      });
      committed();
      const rejected = rejections.length + believed.rejections.length + judgement.rejections.length;
      return { events: events.length, rejected, incidents: due.length };
    },
    async close() {
      await bundles.close();
      await app.close();
      await source.destroy();
    },
  };
}
