/** `tocsin check [DIR]`: every mistake of the configuration folder, at its line and column, before anything starts. */
import { hasErrors, type Problem } from '../../libs/config-file/index.js';
import { loadFolder, planSentence } from '../../libs/policy/index.js';
import { readConfig } from '../config.js';
import { optionsOf } from './options.js';
import type { Verb } from './verb.js';

const usage = 'check [DIR] [--json]';

export const verb: Verb = {
  usage,
  summary: 'Explain every mistake of the configuration folder',
  async run(args, env) {
    const { values, positionals } = optionsOf(args, usage, { json: { type: 'boolean' } }, { max: 1 });
    const folder = positionals[0] ?? readConfig(env, []).config?.configDir ?? 'config';
    const { bundle, problems } = await loadFolder(folder);
    for (const problem of problems)
      process.stdout.write(`${values.json ? JSON.stringify(problem) : lineOf(problem)}\n`);
    if (values.json) return hasErrors(problems) || !bundle ? 1 : 0;
    if (bundle) process.stdout.write(`${planSentence(bundle.planTaken)}\n`);
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const warnings = problems.length - errors;
    const found = bundle
      ? `${bundle.policies.length} policies, ${bundle.rules.rules.length} rules, ${bundle.watchlist.length} watchlist entries, ${bundle.identities.length} identities; `
      : '';
    process.stdout.write(`${folder}: ${found}${errors} errors, ${warnings} warnings\n`);
    return errors > 0 || !bundle ? 1 : 0;
  },
};

/** `file:line:column message`, which editors and terminals make a link of. */
export function lineOf({ file, line, column, message, severity }: Problem): string {
  return `${file}:${line}:${column} ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}
