/** Starts the reporter: reports by period, and the upkeep that is done by the calendar. */
import { NestFactory } from '@nestjs/core';
import { Database } from '../../libs/database/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { Reporter, ReportMail } from '../../libs/reports/index.js';
import type { StartApp } from '../app.js';
import { ReporterModule } from './reporter.module.js';

export const startReporter: StartApp = async ({ config, health }) => {
  const app = await NestFactory.createApplicationContext(ReporterModule.register(config), {
    logger: false,
    abortOnError: false,
  });
  const database = app.get(Database);
  const reporter = app.get(Reporter);
  const bundles = app.get(BundleHolder);
  health.add('reporter', () => reporter.health());
  reporter.start();
  return {
    async close() {
      await reporter.close();
      app.get(ReportMail).close();
      await bundles.close();
      await app.close();
      await database.dataSource.destroy();
    },
  };
};
