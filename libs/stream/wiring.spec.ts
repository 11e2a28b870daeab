import 'reflect-metadata';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Database } from '../database/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { testKafka, type TestKafka } from '../../test/harness/kafka.js';
import { until } from '../../test/harness/until.js';
import { BatchServer, Positions, RethrowFilter, StreamModule, type Batch } from './index.js';

let db: TestDatabase;
let kafka: TestKafka;
beforeAll(async () => {
  db = await testDatabase();
  kafka = await testKafka();
});
afterAll(async () => {
  await kafka.close();
  await db.drop();
});

const attempts: number[] = [];

@Controller()
class Outputs {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Positions) private readonly positions: Positions,
  ) {}

  @EventPattern('tocsin.outputs')
  async outputs(@Payload() batch: Batch): Promise<void> {
    attempts.push(batch.attempt);
    await this.database.transaction(async (tx) => {
      await this.positions.advance(tx, batch);
      // A serialization failure of the server itself: its SQLSTATE has to come through Nest.
      if (batch.attempt === 1) await tx.query(`do $$ begin raise exception 'race' using errcode = '40001'; end $$`);
      if (batch.attempt === 2) throw new SyntaxError('a bug');
    });
  }
}

function app(controllers: (new (...args: never[]) => object)[]) {
  @Module({
    imports: [StreamModule.register(kafka.options)],
    controllers,
    providers: [{ provide: Database, useValue: db.database }],
    exports: [Database],
  })
  class App {}
  return App;
}

async function listen(controllers: (new (...args: never[]) => object)[], fatal: unknown[] = []) {
  const strategy = new BatchServer(kafka.options, db.database, { onFatal: (error) => fatal.push(error) });
  const service = await NestFactory.createMicroservice(app(controllers), { strategy, logger: false });
  service.useGlobalFilters(new RethrowFilter());
  return { service, listening: service.listen() };
}

test("a handler's error comes through Nest as it is: a SQLSTATE runs again, a bug ends the consumer", async () => {
  const fatal: unknown[] = [];
  const { service, listening } = await listen([Outputs], fatal);
  await listening;
  await kafka.send('tocsin.outputs', [{ value: '1' }]);
  await until('the end', () => fatal.length > 0, { withinMs: 60_000 });
  expect(attempts).toEqual([1, 2]);
  expect(fatal).toEqual([new SyntaxError('a bug')]);
  await service.close();
});

test('a request handler and a second handler of a topic are refused at the start, by name', async () => {
  @Controller()
  class Asks {
    @MessagePattern('tocsin.outputs')
    outputs(@Payload() _batch: Batch): string {
      return 'nobody waits';
    }
  }
  @Controller()
  class Twice {
    @EventPattern('tocsin.outputs')
    first(@Payload() _batch: Batch): void {}
    @EventPattern('tocsin.outputs')
    second(@Payload() _batch: Batch): void {}
  }
  for (const [controller, words] of [
    [Asks, /tocsin\.outputs has a request handler/],
    [Twice, /tocsin\.outputs has two handlers/],
  ] as const) {
    const { service, listening } = await listen([controller]);
    await expect(listening).rejects.toThrow(words);
    await service.close();
  }
});
