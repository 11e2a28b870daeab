/** Starts the verifier: due questions to outside services, their verdicts back to Kafka. Without a service it idles. */
import { NestFactory } from '@nestjs/core';
import { Database } from '../../libs/database/index.js';
import { Verifier } from '../../libs/detection/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { Publisher } from '../../libs/stream/index.js';
import type { StartApp } from '../app.js';
import { streamOptions } from '../stream-options.js';
import { VerifierModule } from './verifier.module.js';

export const startVerifier: StartApp = async ({ config, health }) => {
  const stream = streamOptions(config, 'tocsin verifier');
  const app = await NestFactory.createApplicationContext(VerifierModule.register(config, stream), {
    logger: false,
    abortOnError: false,
  });
  const database = app.get(Database);
  const verifier = app.get(Verifier);
  const bundles = app.get(BundleHolder);
  const publisher = app.get(Publisher);
  health.add('verifier', () => verifier.health());
  await verifier.start();
  return {
    async close() {
      // What is asked is answered and published before its connections go.
      await verifier.close();
      await publisher.close();
      await bundles.close();
      await app.close();
      await database.dataSource.destroy();
    },
  };
};
