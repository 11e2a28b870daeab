/** The PostgreSQL and the Kafka of one test run, their folder, and their end in every case. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endKafka, kafkaJars, startKafka } from './kafka.mjs';
import { endPostgres, removePostgres, startPostgres } from './postgres.mjs';
import { alive, identity, readPidFile } from './processes.mjs';
import { step } from './say.mjs';

const prefix = `tocsin-test-${process.getuid?.() ?? 0}-`;

/** Nothing of a test run needs to outlive a crash of the machine. */
const careless = {
  max_connections: 300,
  shared_buffers: '256MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** @param {{ kafka?: boolean }} options without Kafka for what needs the database alone */
export async function testServers({ kafka: withKafka = true } = {}) {
  await sweep();
  const jars = withKafka ? await kafkaJars() : undefined;
  const folder = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(join(folder, 'owner'), JSON.stringify(identity(process.pid, 'npm test')));
  const works = [];
  let stopping;
  const stop = () =>
    (stopping ??= (async () => {
      for (const work of works) work();
      await clear(folder);
    })());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)));
  }
  try {
    const start = () =>
      Promise.all([
        startPostgres({
          folder: join(folder, 'postgres'),
          password: randomBytes(12).toString('hex'),
          settings: careless,
        }),
        withKafka ? startKafka({ folder: join(folder, 'kafka'), jars }) : undefined,
      ]);
    const [postgres, kafka] = withKafka ? await step('start PostgreSQL and Kafka', start) : await start();
    return {
      folder,
      stop,
      onStop: (work) => works.push(work),
      env: {
        ...withoutOurs(process.env),
        TOCSIN_TEST_DATABASE_URL: postgres.url,
        TOCSIN_TEST_DATABASE_PID: String(postgres.child.pid),
        ...(kafka && { TOCSIN_TEST_KAFKA: kafka.address, TOCSIN_TEST_KAFKA_JARS: jars }),
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The environment without settings meant for a running Tocsin. */
function withoutOurs(env) {
  const kept = /^TOCSIN_(?!TEST_|KILL_ROUNDS$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !kept.test(name)));
}

async function clear(folder) {
  await Promise.all([endPostgres(join(folder, 'postgres')), endKafka(join(folder, 'kafka'))]);
  removePostgres(join(folder, 'postgres'));
  rmSync(folder, { recursive: true, force: true });
}

/** Test runs that were killed left servers and folders behind. */
async function sweep() {
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (!name.startsWith(prefix) || !existsSync(join(folder, 'owner'))) continue;
    if (!alive(readPidFile(join(folder, 'owner')))) await clear(folder);
  }
}
