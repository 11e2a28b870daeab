/** Positions, dead letters and the publisher, for an app that reads or writes the stream. */
import { Module, type DynamicModule } from '@nestjs/common';
import type { StreamOptions } from './client.js';
import { DeadLetters } from './dead-letter.js';
import { Positions } from './position.js';
import { Publisher } from './publisher.js';

@Module({})
export class StreamModule {
  static register(options: StreamOptions): DynamicModule {
    return {
      module: StreamModule,
      global: true,
      providers: [Positions, DeadLetters, { provide: Publisher, useFactory: () => new Publisher(options) }],
      exports: [Positions, DeadLetters, Publisher],
    };
  }
}
