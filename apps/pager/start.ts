/** Starts the pager: escalation steps and notifications, and the auditor that watches them. */
import { NestFactory } from '@nestjs/core';
import { Database } from '../../libs/database/index.js';
import { Auditor, Pager } from '../../libs/paging/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import type { StartApp } from '../app.js';
import { PagerModule } from './pager.module.js';

export const startPager: StartApp = async ({ config, health }) => {
  const app = await NestFactory.createApplicationContext(PagerModule.register(config), {
    logger: false,
    abortOnError: false,
  });
  const database = app.get(Database);
  const pager = app.get(Pager);
  const bundles = app.get(BundleHolder);
  health.add('pager', () => pager.health());
  await app.get(Auditor).arrange();
  await pager.start();
  return {
    async close() {
      // What is under way ends and is recorded before its connections go.
      await pager.close();
      await bundles.close();
      await app.close();
      await database.dataSource.destroy();
    },
  };
};
