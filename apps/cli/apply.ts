/** `tocsin apply [DIR]`: makes the folder the active bundle; running copies adopt it within a second. */
import { Bundles, loadFolder } from '../../libs/policy/index.js';
import { lineOf } from './check.js';
import { operator, optionsOf } from './options.js';
import { configFor, withDatabase } from './settings.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'apply [DIR]';

export const verb: Verb = {
  usage,
  summary: 'Make the configuration folder the active bundle',
  async run(args, env) {
    const { positionals } = optionsOf(args, usage, {}, { max: 1 });
    const config = configFor(['verbs'], env);
    const folder = positionals[0] ?? config.configDir;
    const { bundle, problems } = await loadFolder(folder);
    for (const problem of problems) process.stdout.write(`${lineOf(problem)}\n`);
    // A rule with an error is left out and told; it keeps nothing else from working.
    if (!bundle) throw new Complaint(`${folder} has errors: nothing was changed.`);
    const applied = await withDatabase(config.databaseUrl, (database) =>
      database.transaction((tx) => new Bundles().apply(tx, bundle, operator(env))),
    );
    process.stdout.write(
      applied.outcome === 'applied'
        ? `Applied ${bundle.hash} as number ${applied.sequence}.\n`
        : `Unchanged: ${bundle.hash} is active already.\n`,
    );
    return 0;
  },
};
