/** The reporter's table of contents: what it is made of and how it is wired. */
import { Module, type DynamicModule } from '@nestjs/common';
import { createDataSource, Database } from '../../libs/database/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { Reporter, ReportMail } from '../../libs/reports/index.js';
import type { Config } from '../config.js';
import { recordsBehind } from '../lag.js';
import { dutiesOf } from './duties.js';

@Module({})
export class ReporterModule {
  static register(config: Config): DynamicModule {
    return {
      module: ReporterModule,
      providers: [
        {
          provide: Database,
          useFactory: async () => {
            const source = createDataSource({
              url: config.databaseUrl,
              applicationName: 'tocsin reporter',
              poolSize: 3,
            });
            return new Database(await source.initialize());
          },
        },
        {
          provide: BundleHolder,
          inject: [Database],
          useFactory: (database: Database) =>
            BundleHolder.open({ database, listenUrl: config.databaseUrl, app: 'reporter' }),
        },
        {
          provide: ReportMail,
          useFactory: () =>
            new ReportMail({
              servers: config.smtpUrls,
              from: config.mailFrom,
              consoleUrl: `${config.publicUrl}/reports`,
            }),
        },
        {
          provide: Reporter,
          inject: [Database, BundleHolder, ReportMail],
          useFactory: (database: Database, bundles: BundleHolder, mail: ReportMail) =>
            new Reporter({
              database,
              mail,
              bundle: () => (bundles.reason() === undefined ? bundles.current() : undefined),
              defaultResponder: config.defaultResponder,
              lag: () => recordsBehind(database, config, 'tocsin reporter'),
              duties: dutiesOf(config),
            }),
        },
      ],
    };
  }
}
