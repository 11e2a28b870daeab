/** The local servers of one data folder: started side by side, started again when they die, stopped last. */
import { rmSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endKafka, kafkaJars, startKafka } from './kafka.mjs';
import { startMailbox } from './mailbox.mjs';
import { dist } from './paths.mjs';
import { freePort } from './ports.mjs';
import { endPostgres, removePostgres, startPostgres } from './postgres.mjs';
import { say, step } from './say.mjs';

const database = 'tocsin';

/** Data of a person's own machine: it outlives a crash of ours, and loses at most a moment with the machine's. */
const settings = { synchronous_commit: 'off' };

/** Starts all three; Kafka may still be coming up when this resolves (`kafkaUp`), its address is known. */
export async function localServers(folder, secrets) {
  const password = readFileSync(secrets.postgres, 'utf8').trim();
  const jars = await kafkaJars();
  const kafkaPort = await freePort();
  const places = { postgres: join(folder, 'postgres'), kafka: join(folder, 'kafka') };
  const startingKafka = step('start Kafka', async (note) => {
    const kafka = await startKafka({ folder: places.kafka, jars, port: kafkaPort });
    note(kafka.address);
    return kafka;
  });
  startingKafka.catch(() => undefined); // kafkaUp reports it
  const schema = import(pathToFileURL(join(dist, 'libs/database/index.js')).href); // loads while PostgreSQL starts
  schema.catch(() => undefined);
  const mailbox = await startMailbox({ folder: join(folder, 'mailbox') });
  let postgres;
  try {
    postgres = await step('start PostgreSQL', async (note) => {
      const server = await startPostgres({ folder: places.postgres, password, settings });
      note(`127.0.0.1:${server.port}`);
      return server;
    });
  } catch (error) {
    await stopAll(startingKafka, undefined, mailbox);
    throw error;
  }
  const url = postgres.urlOf(database);
  const running = { postgres, kafka: undefined, stopping: false };
  const addresses = () => ({ kafka: `127.0.0.1:${kafkaPort}`, database: url, smtp: mailbox.smtp });
  return {
    addresses,
    run: () => ({
      mailbox: mailbox.url,
      ...addresses(),
      processes: [
        { app: 'mailbox', pid: process.pid },
        { app: 'postgres', pid: running.postgres.who.pid },
        ...(running.kafka ? [{ app: 'kafka', pid: running.kafka.who.pid }] : []),
      ],
    }),
    async kafkaUp() {
      running.kafka = await startingKafka;
    },
    migrate: async () => await migrateLocal(await schema, postgres.url, url),
    /** A server that dies is started again on its port and data; one that cannot start ends everything. */
    keepUp(life) {
      const keep = (what, again) => {
        running[what].child.once('exit', (code, signal) => {
          if (running.stopping || life.isOver()) return;
          say(`${what} ended (${signal ?? `code ${code}`}); starting it again`);
          void again().then((server) => {
            running[what] = server;
            keep(what, again);
          }, life.giveUp);
        });
      };
      keep('kafka', () => startKafka({ folder: places.kafka, jars, port: kafkaPort }));
      keep('postgres', () => startPostgres({ folder: places.postgres, password, settings, port: postgres.port }));
    },
    async stop() {
      running.stopping = true;
      await stopAll(running.kafka ?? startingKafka, running.postgres, mailbox);
    },
  };
}

async function stopAll(kafka, postgres, mailbox) {
  await Promise.allSettled([
    mailbox.stop(),
    postgres?.stop(),
    Promise.resolve(kafka).then(
      (server) => server.stop(),
      () => undefined,
    ),
  ]);
}

/** Ends the servers of a killed start. Answers whether there were some. */
export async function endServers(folder) {
  const ended = await Promise.all([endKafka(join(folder, 'kafka')), endPostgres(join(folder, 'postgres'))]);
  return ended.some(Boolean);
}

/** All but the secrets. */
export function removeData(folder) {
  removePostgres(join(folder, 'postgres'));
  for (const name of ['kafka', 'mailbox', 'sample-played'])
    rmSync(join(folder, name), { recursive: true, force: true });
}

async function migrateLocal({ createDataSource, migrate }, serverUrl, url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (!rowCount) await client.query(`create database ${database}`);
  } finally {
    await client.end();
  }
  const { migrations } = await import(pathToFileURL(join(dist, 'migrations/index.js')).href);
  const source = createDataSource({ url, applicationName: 'tocsin migrate', poolSize: 2, migrations });
  await source.initialize();
  try {
    const ran = await migrate(source);
    return ran.length === 0 ? 'current' : `${ran.length} migrations`;
  } finally {
    await source.destroy();
  }
}
