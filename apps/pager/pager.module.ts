/** The pager's table of contents: what it is made of and how it is wired. */
import { Module, type DynamicModule } from '@nestjs/common';
import { createDataSource, Database } from '../../libs/database/index.js';
import { Incidents } from '../../libs/incidents/index.js';
import {
  Auditor,
  EmailChannel,
  HttpChannel,
  Outbound,
  Outbox,
  Pager,
  Pages,
  Plans,
  planInForce,
  replyAddress as replyAddressOf,
  tokenLifetime,
} from '../../libs/paging/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import type { Config } from '../config.js';

@Module({})
export class PagerModule {
  static register(config: Config): DynamicModule {
    return {
      module: PagerModule,
      providers: [
        {
          provide: Database,
          useFactory: async () => {
            const source = createDataSource({ url: config.databaseUrl, applicationName: 'tocsin pager', poolSize: 8 });
            return new Database(await source.initialize());
          },
        },
        {
          provide: BundleHolder,
          inject: [Database],
          useFactory: (database: Database) =>
            // NOTIFY brings a new bundle at once; an idle pager is to ask the database little.
            BundleHolder.open({ database, listenUrl: config.databaseUrl, app: 'pager', pollMs: 10_000 }),
        },
        { provide: Incidents, useFactory: () => new Incidents() },
        {
          provide: Pages,
          inject: [Incidents],
          useFactory: (incidents: Incidents) => new Pages(incidents, new Plans()),
        },
        { provide: Outbox, inject: [Pages], useFactory: (pages: Pages) => new Outbox(pages) },
        { provide: Outbound, useFactory: () => new Outbound(config.outboundAllow) },
        {
          provide: Auditor,
          inject: [Database, Incidents, Pages, Outbox, Outbound, BundleHolder],
          useFactory: (
            database: Database,
            incidents: Incidents,
            pages: Pages,
            outbox: Outbox,
            outbound: Outbound,
            bundles: BundleHolder,
          ) => {
            // Before the first bundle there is no plan, and nothing to watch.
            const plan = () => (bundles.reason() ? undefined : planInForce(bundles.current(), config.defaultResponder));
            return new Auditor({ database, incidents, pages, outbox, outbound, plan });
          },
        },
        {
          provide: Pager,
          inject: [Database, Pages, Outbound, Auditor],
          useFactory: (database: Database, pages: Pages, outbound: Outbound, auditor: Auditor) =>
            new Pager({
              database,
              databaseUrl: config.databaseUrl,
              pages,
              channels: {
                mail: new EmailChannel({ servers: config.smtpUrls, from: config.mailFrom, ...replies(config) }),
                http: new HttpChannel(outbound, secretsFromEnvironment),
              },
              links: { publicUrl: config.publicUrl, secretKeys: config.secretKeys },
              duties: () => auditor.run(),
            }),
        },
      ],
    };
  }
}

/** With a mailbox for replies, each page has an address of its own that only a reply to it can know. */
function replies({ replyAddress, secretKeys }: Config) {
  if (replyAddress === undefined) return {};
  return {
    replyTo: (notification: string, now: number) =>
      replyAddressOf(replyAddress, notification, now + tokenLifetime, secretKeys),
  };
}

/** A plan names the variable; what it holds never stands in a file that is applied. */
function secretsFromEnvironment(variable: string): readonly string[] {
  return (process.env[variable] ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
}
