/** The local servers of one data folder: started side by side, started again when they die, stopped last. */
import { rmSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endKafka, kafkaJars, startKafka } from './kafka.mjs';
import { startMailbox } from './mailbox.mjs';
import { dist, root } from './paths.mjs';
import { freePort } from './ports.mjs';
import { endPostgres, removePostgres, startPostgres } from './postgres.mjs';
import { Sentence, say, step } from './say.mjs';

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
  // Loads while PostgreSQL starts; migrate reports what goes wrong.
  for (const path of ['libs/database/index.js', 'migrations/index.js']) built(path).catch(() => undefined);
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
    migrate: () => migrateLocal(postgres.url, url),
    apply: (reading) => applyLocal(reading, url),
    /** A server that dies is started again on its port and data; one that cannot start ends everything. */
    keepUp(life, onPid) {
      const keep = (what, again) => {
        running[what].child.once('exit', (code, signal) => {
          if (running.stopping || life.isOver()) return;
          say(`${what} ended (${signal ?? `code ${code}`}); starting it again`);
          void again().then((server) => {
            running[what] = server;
            onPid();
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

async function migrateLocal(serverUrl, url) {
  const [{ createDataSource, migrate }, { migrations }, { default: pg }] = await Promise.all([
    built('libs/database/index.js'),
    built('migrations/index.js'),
    import('pg'),
  ]);
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (!rowCount) await client.query(`create database ${database}`);
  } finally {
    await client.end();
  }
  const source = createDataSource({ url, applicationName: 'tocsin migrate', poolSize: 2, migrations });
  await source.initialize();
  try {
    await refuseNewer(source, migrations);
    const ran = await migrate(source);
    return ran.length === 0 ? 'current' : `${ran.length} migrations`;
  } finally {
    await source.destroy();
  }
}

async function refuseNewer(source, migrations) {
  const { schemaState } = await built('libs/database/index.js');
  const found = await schemaState(source, migrations);
  if (found.state !== 'newer') return;
  throw new Sentence(
    `The local database was migrated by a newer version (it has ${found.unknown[0]}, unknown here): start that version, or begin anew by \`npm start -- --fresh\`, which removes its data.`,
  );
}

/** Reads the configuration folder; a fault in it ends the start with its file, line and column. */
export async function readBundle(folder = join(root, 'config')) {
  const [{ loadFolder }, { lineOf }] = await Promise.all([built('libs/policy/index.js'), built('apps/cli/check.js')]);
  const { bundle, problems } = await loadFolder(folder);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (!bundle || errors.length > 0)
    throw new Sentence(
      `${errors.map(lineOf).join('\n')}\nThe configuration in ${folder} has errors: mend them, then start again.`,
    );
  return { bundle, warnings: problems.length };
}

async function applyLocal(reading, url) {
  const [{ createDataSource, Database }, { Bundles }] = await Promise.all([
    built('libs/database/index.js'),
    built('libs/policy/index.js'),
  ]);
  const { bundle, warnings } = await reading;
  const source = createDataSource({ url, applicationName: 'tocsin apply', poolSize: 1 });
  await source.initialize();
  try {
    const { outcome } = await new Database(source).transaction((tx) => new Bundles().apply(tx, bundle, 'npm start'));
    const said = warnings > 0 ? `, ${warnings} warnings (npx tocsin check)` : '';
    return `${outcome} ${bundle.hash.slice(0, 12)}${said}`;
  } finally {
    await source.destroy();
  }
}

function built(path) {
  return import(pathToFileURL(join(dist, path)).href);
}
