/** `tocsin migrate`: brings the database to this version's schema. */
import { createDataSource, migrate } from '../../libs/database/index.js';
import { migrations } from '../../migrations/index.js';
import { configFor } from './settings.js';
import type { Verb } from './verb.js';

export const verb: Verb = {
  usage: 'migrate',
  summary: 'Bring the database to this version’s schema',
  async run(_args, env) {
    const { databaseUrl } = configFor(['verbs'], env);
    const source = createDataSource({ url: databaseUrl, applicationName: 'tocsin migrate', poolSize: 2, migrations });
    await source.initialize();
    try {
      const ran = await migrate(source);
      process.stdout.write(ran.length === 0 ? 'The schema is current.\n' : `Migrated: ${ran.join(', ')}\n`);
      return 0;
    } finally {
      await source.destroy();
    }
  },
};
