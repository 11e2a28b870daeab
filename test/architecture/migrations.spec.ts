/** The migrations make the tables that the entities describe: TypeORM, asked to bring them in line, has nothing to do. */
import { readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDataSource } from '../../libs/database/index.js';
import { testDatabase, type TestDatabase } from '../harness/database.js';

const libs = join(import.meta.dirname, '../../libs');

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

test('the entities of every lib fit a freshly migrated database', async () => {
  const entities = await entitiesOfLibs();
  expect(entities.length).toBeGreaterThan(0);
  const source = createDataSource({ url: db.url, applicationName: 'tocsin drift', poolSize: 2, entities });
  await source.initialize();
  try {
    const known = new Set(source.entityMetadatas.map(({ tableName }) => tableName));
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    expect(
      realChanges(
        upQueries.map(({ query }) => query),
        await writtenByMigrationsAlone(),
      ),
    ).toEqual([]);
    expect(known.size).toBe(entities.length);
  } finally {
    await source.destroy();
  }
});

/** What the migrations say and entities do not: CHECK constraints, and defaults in the database's own words. */
interface Written {
  /** Statements that would drop a CHECK constraint. */
  readonly checks: ReadonlySet<string>;
  /** By the statement that would drop a default: the one that would set the very same again. */
  readonly defaults: ReadonlyMap<string, string>;
}

async function writtenByMigrationsAlone(): Promise<Written> {
  const checks = await db.database.query<{ change: string }>(
    `select format('ALTER TABLE "%s" DROP CONSTRAINT "%s"', t.relname, c.conname) as change
       from pg_constraint c join pg_class t on t.oid = c.conrelid
      where c.contype = 'c' and t.relnamespace = 'tocsin'::regnamespace`,
  );
  const defaults = await db.database.query<{ drop: string; set: string }>(
    `select format('ALTER TABLE "%s" ALTER COLUMN "%s" DROP DEFAULT', table_name, column_name) as drop,
            format('ALTER TABLE "%s" ALTER COLUMN "%s" SET DEFAULT %s', table_name, column_name, column_default) as set
       from information_schema.columns where table_schema = 'tocsin' and column_default is not null`,
  );
  return {
    checks: new Set(checks.map(({ change }) => change)),
    defaults: new Map(defaults.map(({ drop, set }) => [drop, set])),
  };
}

/** Leaves out dropped CHECKs, and defaults that are dropped only to be set to the same; a drop alone is a difference. */
function realChanges(changes: readonly string[], { checks, defaults }: Written): string[] {
  const same = new Set<string>();
  for (const [drop, set] of defaults) {
    if (changes.includes(drop) && changes.includes(set)) same.add(drop).add(set);
  }
  return changes.filter((change) => !checks.has(change) && !same.has(change));
}

/** What each lib's index.ts exports under a name that ends in `Entities`. */
async function entitiesOfLibs(): Promise<Function[]> {
  const found: Function[] = [];
  for (const lib of readdirSync(libs)) {
    if (!existsSync(join(libs, lib, 'index.ts'))) continue;
    const exported = (await import(`../../libs/${lib}/index.js`)) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(exported)) {
      if (name.endsWith('Entities') && Array.isArray(value)) found.push(...(value as Function[]));
    }
  }
  return found;
}
