/** A database of its own for each test file, copied from a template that holds the migrated schema. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createDataSource, Database, migrate } from '../../libs/database/index.js';
import { migrations } from '../../migrations/index.js';

export interface TestDatabase {
  readonly url: string;
  readonly database: Database;
  /** Domain time: `set` freezes it, `advance` moves it on; both move the whole database's clock. */
  readonly clock: { set(at: Date | string): Promise<void>; advance(by: string): Promise<void> };
  drop(): Promise<void>;
}

/** Needs TOCSIN_TEST_DATABASE_URL: a server, and a user who may create databases (the test command starts one). */
export async function testDatabase(options: { poolSize?: number; server?: string } = {}): Promise<TestDatabase> {
  const server = options.server ?? process.env['TOCSIN_TEST_DATABASE_URL'];
  if (!server) throw new Error('TOCSIN_TEST_DATABASE_URL is not set: run the tests by `npm test -- FILE`');
  const template = await migratedTemplate(server);
  const name = `tocsin_test_${randomBytes(6).toString('hex')}`;
  await administer(server, (client) => client.query(`create database ${name} template ${template}`));
  const url = withDatabase(server, name);
  const dataSource = createDataSource({ url, applicationName: 'tocsin test', poolSize: options.poolSize ?? 8 });
  await dataSource.initialize();
  const database = new Database(dataSource);
  return {
    url,
    database,
    clock: {
      async set(at) {
        await database.query(`update tocsin.clock set frozen_at = $1, offset_by = '0'`, [at]);
      },
      async advance(by) {
        await database.query(`update tocsin.clock set offset_by = offset_by + $1::interval`, [by]);
      },
    },
    async drop() {
      if (dataSource.isInitialized) await dataSource.destroy();
      await administer(server, (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** Made once per state of the migrations; an advisory lock lets test processes agree on who makes it. */
async function migratedTemplate(server: string): Promise<string> {
  const folder = join(import.meta.dirname, '../../migrations');
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, file)));
  const name = `tocsin_template_${hash.digest('hex').slice(0, 12)}`;
  await administer(server, async (client) => {
    await client.query('select pg_advisory_lock(7406)');
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount) return;
    const building = `${name}_building`;
    await client.query(`drop database if exists ${building} with (force)`);
    await client.query(`create database ${building}`);
    const source = createDataSource({
      url: withDatabase(server, building),
      applicationName: 'tocsin template',
      migrations,
    });
    await source.initialize();
    try {
      await migrate(source);
    } finally {
      await source.destroy();
    }
    await client.query(`alter database ${building} rename to ${name}`);
  });
  return name;
}

async function administer(server: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
