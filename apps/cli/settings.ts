/** What verbs share: the environment read with a sentence for each fault, and a database whose schema fits. */
import { createDataSource, Database, schemaState } from '../../libs/database/index.js';
import { migrations } from '../../migrations/index.js';
import { type AppName, type Config, readConfig } from '../config.js';
import { Complaint } from './verb.js';

export function configFor(needs: readonly (AppName | 'verbs')[], env: NodeJS.ProcessEnv): Config {
  const { config, problems } = readConfig(env, needs);
  if (!config) throw new Complaint(problems.join('\n'));
  return config;
}

/** Opens the database, runs `work` and closes it; refuses an older or newer schema with a sentence. */
export async function withDatabase<T>(
  url: string,
  work: (database: Database) => Promise<T>,
  options: { anySchema?: boolean } = {},
): Promise<T> {
  const source = createDataSource({ url, applicationName: 'tocsin verb', poolSize: 2, migrations });
  await source.initialize();
  try {
    if (!options.anySchema) await refuseOtherSchema(source);
    return await work(new Database(source));
  } finally {
    await source.destroy();
  }
}

export async function refuseOtherSchema(source: Database['dataSource']): Promise<void> {
  const found = await schemaState(source, migrations);
  if (found.state === 'older') {
    throw new Complaint(
      `The database lacks ${found.missing.length} migration(s) of this version (${found.missing[0]} first): run \`npx tocsin migrate\`.`,
    );
  }
  if (found.state === 'newer') {
    throw new Complaint(
      `The database was migrated by a newer version (it has ${found.unknown[0]}, unknown here): start that version, or point TOCSIN_DATABASE_URL elsewhere.`,
    );
  }
}
