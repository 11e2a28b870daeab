/** The verifier's table of contents: what it is made of and how it is wired. */
import { Module, type DynamicModule } from '@nestjs/common';
import { createDataSource, Database } from '../../libs/database/index.js';
import { RemoteDetectors, remoteIndex, Verifier, type RemoteIndex } from '../../libs/detection/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { ensureTopics, Publisher, type StreamOptions } from '../../libs/stream/index.js';
import type { Config } from '../config.js';
import { verdictEvent } from './verdict.js';

const topic = 'tocsin.verdicts';

@Module({})
export class VerifierModule {
  static register({ databaseUrl, outboundAllow }: Config, stream: StreamOptions): DynamicModule {
    // With the first verdict: a verifier that has nobody to ask needs no broker.
    let there: Promise<unknown> | undefined;
    const topicThere = () =>
      (there ??= ensureTopics(stream, [topic]).catch((error: unknown) => {
        there = undefined;
        throw error;
      }));
    return {
      module: VerifierModule,
      providers: [
        {
          provide: Database,
          useFactory: async () => {
            const source = createDataSource({ url: databaseUrl, applicationName: 'tocsin verifier', poolSize: 4 });
            return new Database(await source.initialize());
          },
        },
        {
          provide: BundleHolder,
          inject: [Database],
          useFactory: (database: Database) =>
            BundleHolder.open({
              database,
              listenUrl: databaseUrl,
              app: 'verifier',
              prepare: ({ policies }) => remoteIndex(policies),
            }),
        },
        { provide: Publisher, useFactory: () => new Publisher(stream) },
        {
          provide: Verifier,
          inject: [Database, BundleHolder, Publisher],
          useFactory: (database: Database, bundles: BundleHolder<RemoteIndex>, publisher: Publisher) =>
            new Verifier({
              database,
              databaseUrl,
              policies: () => (bundles.reason() === undefined ? bundles.prepared() : undefined),
              remote: new RemoteDetectors(outboundAllow),
              publish: async (verdicts) => {
                await topicThere();
                await publisher.publish(topic, verdicts.map(verdictEvent));
              },
            }),
        },
      ],
    };
  }
}
