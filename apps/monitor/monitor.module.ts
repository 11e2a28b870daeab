/** The monitor's table of contents: what it is made of and how it is wired. */
import { Module, type DynamicModule } from '@nestjs/common';
import { Database } from '../../libs/database/index.js';
import {
  EvidenceStore,
  Floods,
  Incidents,
  Outputs,
  Recording,
  Reporters,
  Tallies,
} from '../../libs/incidents/index.js';
import { Pages } from '../../libs/paging/index.js';
import { BundleHolder } from '../../libs/policy/index.js';
import { StreamModule, type StreamOptions } from '../../libs/stream/index.js';
import { Chores } from './chores.worker.js';
import { compile, type Compiled } from './compile.js';
import { MonitorConsumer } from './monitor.consumer.js';
import { Recorder } from './recorder.js';

export interface MonitorOptions {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly defaultResponder: string;
  readonly stream: StreamOptions;
}

@Module({})
export class MonitorModule {
  static register({ database, databaseUrl, defaultResponder, stream }: MonitorOptions): DynamicModule {
    return {
      module: MonitorModule,
      imports: [StreamModule.register(stream)],
      controllers: [MonitorConsumer],
      providers: [
        Incidents,
        Recording,
        Outputs,
        Reporters,
        Tallies,
        Floods,
        EvidenceStore,
        { provide: Database, useValue: database },
        {
          provide: BundleHolder,
          useFactory: () =>
            BundleHolder.open({
              database,
              listenUrl: databaseUrl,
              app: 'monitor',
              prepare: compile,
            }),
        },
        {
          provide: Pages,
          inject: [Incidents],
          useFactory: (incidents: Incidents) => new Pages(incidents),
        },
        {
          provide: Recorder,
          inject: [Recording, Outputs, Floods, Incidents, Pages],
          useFactory: (recording: Recording, outputs: Outputs, floods: Floods, incidents: Incidents, pages: Pages) =>
            new Recorder(recording, outputs, floods, incidents, pages, defaultResponder),
        },
        {
          provide: Chores,
          inject: [BundleHolder, Recorder, Recording, Outputs, Reporters, Floods, Incidents, EvidenceStore],
          useFactory: (
            bundles: BundleHolder<Compiled>,
            recorder: Recorder,
            recording: Recording,
            outputs: Outputs,
            reporters: Reporters,
            floods: Floods,
            incidents: Incidents,
            evidence: EvidenceStore,
          ) =>
            new Chores({
              database,
              stream,
              bundles,
              recorder,
              recording,
              outputs,
              reporters,
              floods,
              incidents,
              evidence,
            }),
        },
      ],
    };
  }
}
