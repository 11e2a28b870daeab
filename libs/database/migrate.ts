/** Brings a database to this checkout's schema, and says how far it is from it. */
import type { DataSource, MigrationInterface } from 'typeorm';

export type SchemaState =
  | { readonly state: 'current' }
  | { readonly state: 'older'; readonly missing: readonly string[] }
  | { readonly state: 'newer'; readonly unknown: readonly string[] };

/** Runs what is missing, all of it in one transaction; two at once wait for each other. Answers the names of what ran. */
export async function migrate(source: DataSource): Promise<readonly string[]> {
  const runner = source.createQueryRunner();
  await runner.connect();
  try {
    await runner.query('select pg_advisory_lock(7407)');
    await runner.query('create schema if not exists tocsin');
    return (await source.runMigrations({ transaction: 'all' })).map(({ name }) => name);
  } finally {
    await runner.query('select pg_advisory_unlock(7407)').catch(() => undefined);
    await runner.release();
  }
}

/** Compares the database's migrations with `migrations`: older lacks some, newer has some that this checkout does not know. */
export async function schemaState(
  source: DataSource,
  migrations: readonly (new () => MigrationInterface)[],
): Promise<SchemaState> {
  const wanted = migrations.map(({ name }) => name);
  const [{ present }] = (await source.query(`select to_regclass('tocsin.migration') is not null as present`)) as [
    { present: boolean },
  ];
  const rows = present ? ((await source.query('select name from tocsin.migration')) as { name: string }[]) : [];
  const found = new Set(rows.map(({ name }) => name));
  const unknown = [...found].filter((name) => !wanted.includes(name));
  if (unknown.length > 0) return { state: 'newer', unknown };
  const missing = wanted.filter((name) => !found.has(name));
  return missing.length > 0 ? { state: 'older', missing } : { state: 'current' };
}
