import { securedBroker, type SecuredBroker } from '../../test/harness/secured-broker.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { until } from '../../test/harness/until.js';
import {
  awaitBroker,
  BatchServer,
  ensureTopics,
  Positions,
  Publisher,
  type Batch,
  type StreamOptions,
} from './index.js';

const limit = 240_000;
let broker: SecuredBroker;
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  broker = await securedBroker();
  await awaitBroker({ ...options('plain'), startTimeoutMs: 200_000 });
}, limit);
afterAll(async () => {
  await broker?.close();
  await db.drop();
});

type Mechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

function options(mechanism: Mechanism, more: Partial<StreamOptions> = {}): StreamOptions {
  const { address, ca, username, password } = broker;
  return {
    brokers: [address],
    tls: true,
    ca,
    sasl: { mechanism, username, password },
    prefix: mechanism,
    group: mechanism,
    clientId: 'tocsin test',
    ...more,
  };
}

test.each<Mechanism>(['plain', 'scram-sha-256', 'scram-sha-512'])(
  'records are written and read over TLS with a login by %s',
  async (mechanism) => {
    const read: string[] = [];
    const positions = new Positions();
    await ensureTopics(options(mechanism));
    const server = new BatchServer(options(mechanism), db.database, { onFatal: () => undefined });
    server.addHandler(
      'tocsin.outputs',
      (batch: Batch) =>
        db.database.transaction(async (tx) => {
          await positions.advance(tx, batch);
          read.push(...batch.records.map(({ value }) => String(value)));
        }),
      true,
    );
    await new Promise<void>((resolve, reject) => server.listen((error) => (error ? reject(error) : resolve())));
    const publisher = new Publisher(options(mechanism));
    await publisher.publishRecords('tocsin.outputs', [{ value: 'over TLS' }]);
    await until('the record', () => read.includes('over TLS'), { withinMs: 60_000 });
    await publisher.close();
    await server.close();
  },
  limit,
);

test(
  'a wrong password is refused at once, with the names of the variables to check and never the password',
  async () => {
    const { username } = broker;
    const wrong = awaitBroker(
      options('scram-sha-512', { sasl: { mechanism: 'scram-sha-512', username, password: 'wr0ng' } }),
    );
    await expect(wrong).rejects.toMatchObject({
      code: 'TOCSIN_KAFKA_REFUSED',
      message: expect.stringMatching(/refused the login of user alice by scram-sha-512: .*TOCSIN_KAFKA_SASL_PASSWORD/s),
    });
    await expect(wrong).rejects.not.toMatchObject({ message: expect.stringContaining('wr0ng') });
  },
  limit,
);

test(
  'an authority that did not sign the certificate is named as the trouble',
  async () => {
    const { ca: _, ...unsigned } = options('plain', { startTimeoutMs: 500 });
    await expect(awaitBroker(unsigned)).rejects.toMatchObject({
      code: 'TOCSIN_KAFKA_UNREACHABLE',
      message: expect.stringMatching(/self-signed certificate.*TOCSIN_KAFKA_CA_FILE/s),
    });
  },
  limit,
);
