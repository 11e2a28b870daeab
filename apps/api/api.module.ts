/** The api's table of contents. */
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { Access } from '../../libs/access/index.js';
import { Database } from '../../libs/database/index.js';
import { EvidenceStore, Findings, Incidents, Tallies } from '../../libs/incidents/index.js';
import { AcknowledgeLinks, Pages, planInForce, Responding } from '../../libs/paging/index.js';
import { Bundles, BundleHolder, Thresholds } from '../../libs/policy/index.js';
import { Health } from '../../libs/telemetry/index.js';
import type { Config } from '../config.js';

import { AuthGuard, configToken } from './auth.guard.js';
import { controllers } from './controllers.js';
import { Changes } from './live.controller.js';

export interface ApiParts {
  readonly config: Config;
  readonly health: Health;
  readonly database: Database;
  readonly bundles: BundleHolder;
}

@Module({})
export class ApiModule {
  static register({ config, health, database, bundles }: ApiParts): DynamicModule {
    return {
      module: ApiModule,
      imports: [ThrottlerModule.forRoot([{ limit: 6_000, ttl: 60_000 }])],
      controllers,
      providers: [
        { provide: configToken, useValue: config },
        { provide: Health, useValue: health },
        { provide: Database, useValue: database },
        { provide: BundleHolder, useValue: bundles },
        { provide: Access, useFactory: () => new Access(database) },
        Incidents,
        Findings,
        Tallies,
        EvidenceStore,
        Bundles,
        Thresholds,
        { provide: Pages, useFactory: (incidents: Incidents) => new Pages(incidents), inject: [Incidents] },
        {
          provide: Responding,
          useFactory: (incidents: Incidents, pages: Pages) =>
            new Responding(database, incidents, pages, () => planInForce(bundles.current(), config.defaultResponder)),
          inject: [Incidents, Pages],
        },
        {
          provide: AcknowledgeLinks,
          useFactory: (incidents: Incidents, responding: Responding) =>
            new AcknowledgeLinks(database, incidents, responding, config.secretKeys),
          inject: [Incidents, Responding],
        },
        Changes,
        { provide: APP_GUARD, useClass: ThrottlerGuard },
        { provide: APP_GUARD, useClass: AuthGuard },
      ],
    };
  }
}
