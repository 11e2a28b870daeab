/**
 * `tocsin doctor`: is everything there that Tocsin leans on? Each `ok` is an operation just performed, never a setting
 * read. A part that this environment does not name is left out and said so.
 */
import { createTransport } from 'nodemailer';
import { Access } from '../../libs/access/index.js';
import { createDataSource, Database, schemaState } from '../../libs/database/index.js';
import { Bundles } from '../../libs/policy/index.js';
import { pingBroker, showPositions } from '../../libs/stream/index.js';
import { migrations } from '../../migrations/index.js';
import { type Config, readConfig } from '../config.js';
import { streamOptions } from '../stream-options.js';
import { optionsOf } from './options.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'doctor [--json]';
/** Clocks further apart than this make "how late" and certificate errors that nobody understands. */
const clockTolerance = 5_000;

type Result = { readonly part: string; readonly ok: boolean; readonly said: string };
type Check = (config: Config) => Promise<string>;

export const verb: Verb = {
  usage,
  summary: 'Try broker, database, SMTP, clocks, schema and whether copies agree',
  async run(args, env) {
    const { values } = optionsOf(args, usage, { json: { type: 'boolean' } });
    const { config, problems } = readConfig(env, []);
    if (!config) throw new Complaint(problems.join('\n'));
    const results: Result[] = [];
    const tell = (result: Result) => {
      results.push(result);
      process.stdout.write(
        values.json ? `${JSON.stringify(result)}\n` : `${result.ok ? 'ok  ' : 'FAIL'} ${result.part}: ${result.said}\n`,
      );
    };
    if (config.kafka.brokers.length > 0) tell(await tried('broker', broker, config));
    else tell({ part: 'broker', ok: true, said: 'not tried: TOCSIN_KAFKA_BROKERS is not set' });
    if (config.databaseUrl === '') tell({ part: 'database', ok: false, said: 'TOCSIN_DATABASE_URL is not set' });
    else await database(config, tell);
    if (config.smtpUrls.length === 0) tell({ part: 'smtp', ok: true, said: 'not tried: TOCSIN_SMTP_URL is not set' });
    for (const [n, url] of config.smtpUrls.entries()) {
      tell(await tried(config.smtpUrls.length > 1 ? `smtp ${n + 1}` : 'smtp', () => smtp(url), config));
    }
    return results.every(({ ok }) => ok) ? 0 : 1;
  },
};

async function tried(part: string, check: Check, config: Config): Promise<Result> {
  try {
    return { part, ok: true, said: await check(config) };
  } catch (error) {
    return { part, ok: false, said: (error as Error).message };
  }
}

const broker: Check = async (config) => {
  const { clusterId, brokers } = await pingBroker({ ...streamOptions(config, 'tocsin doctor'), startTimeoutMs: 8_000 });
  return `cluster ${clusterId} of ${brokers} broker(s) answered`;
};

async function smtp(url: string): Promise<string> {
  const transport = createTransport({ url, connectionTimeout: 8_000, greetingTimeout: 8_000, socketTimeout: 8_000 });
  try {
    await transport.verify();
    return `${URL.parse(url)?.host} greeted and took the login; no mail was sent`;
  } finally {
    transport.close();
  }
}

async function database(config: Config, tell: (result: Result) => void): Promise<void> {
  const source = createDataSource({
    url: config.databaseUrl,
    applicationName: 'tocsin doctor',
    poolSize: 2,
    migrations,
  });
  try {
    await source.initialize();
  } catch (error) {
    tell({ part: 'database', ok: false, said: (error as Error).message });
    return;
  }
  const opened = new Database(source);
  try {
    const schema = await schemaState(source, migrations);
    const behind =
      schema.state === 'older'
        ? `lacks ${schema.missing.length} migration(s): run \`npx tocsin migrate\``
        : schema.state === 'newer'
          ? `was migrated by a newer version: it has ${schema.unknown[0]}`
          : undefined;
    tell({ part: 'schema', ok: behind === undefined, said: behind ?? 'the migrations of this version are all there' });
    if (behind !== undefined) return;
    tell(await tried('database', () => writes(opened), config));
    tell(await tried('clock', () => clock(opened), config));
    tell(await tried('bundle', () => bundle(opened), config));
    tell(await tried('copies', () => copies(opened), config));
    if (config.kafka.brokers.length > 0) tell(await tried('positions', () => positions(opened, config), config));
  } finally {
    await source.destroy();
  }
}

/** A row is written and taken back, so a read-only standby or a full disk is found. */
async function writes(opened: Database): Promise<string> {
  const [row] = await opened.query<{ version: string }>('show server_version');
  const key = await new Access(opened).createKey('api', 'doctor', 'doctor');
  await opened.query('delete from tocsin.access_key where id = $1', [key.id]);
  return `PostgreSQL ${row?.version} wrote a row and took it back`;
}

async function clock(opened: Database): Promise<string> {
  const before = Date.now();
  const [row] = await opened.query<{ real: Date; domain: Date }>(
    'select clock_timestamp() as real, tocsin.now() as domain',
  );
  if (!row) throw new Error('the database gave no time');
  const apart = Math.abs(row.real.getTime() - (before + Date.now()) / 2);
  if (apart > clockTolerance) {
    throw new Error(`this machine and the database are ${Math.round(apart / 1_000)} s apart: check NTP on both`);
  }
  const moved = Math.abs(row.domain.getTime() - row.real.getTime());
  if (moved > clockTolerance) {
    throw new Error(`tocsin.now() is ${Math.round(moved / 1_000)} s away from the real time: only tests move it`);
  }
  return `this machine and the database are ${Math.round(apart)} ms apart`;
}

async function bundle(opened: Database): Promise<string> {
  const newest = await new Bundles().newest(opened);
  if (!newest) throw new Error('none was ever applied: run `npx tocsin apply`');
  return `${newest.hash} is active since ${newest.appliedAt.toISOString()}, applied by ${newest.appliedBy}`;
}

async function copies(opened: Database): Promise<string> {
  const living = await new Bundles().copies(opened);
  const apart = living.filter(({ disagrees }) => disagrees);
  if (apart.length > 0) {
    throw new Error(
      `${apart.map(({ app, copy }) => `${app} (${copy})`).join(', ')} do not hold the active bundle: see their logs`,
    );
  }
  return living.length === 0 ? 'no app is running' : `${living.length} running process(es) agree on the bundle`;
}

async function positions(opened: Database, config: Config): Promise<string> {
  const rows = await showPositions(opened, { ...streamOptions(config, 'tocsin doctor'), startTimeoutMs: 8_000 });
  const own = rows.filter(({ group }) => group === config.kafka.group);
  const stuck = own.filter(({ state }) => state !== 'ok' && !state.endsWith('are gone'));
  if (stuck.length > 0) {
    throw new Error(stuck.map(({ topic, partition, state }) => `${topic}/${partition}: ${state}`).join('; '));
  }
  return `${own.length} partitions, ${own.reduce((sum, { lag }) => sum + (lag ?? 0), 0)} records to be read`;
}
