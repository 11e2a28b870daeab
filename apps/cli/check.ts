/**
 * `tocsin check [DIR]`: every mistake of the configuration folder, at its line and column, before anything starts. A
 * folder of rules alone is checked as that; the proofs beside rules (match.jsonl, pass.jsonl) are run.
 */
import { hasErrors, inFileOrder, type Problem } from '../../libs/config-file/index.js';
import { checkRules, proveRules } from '../../libs/detection/index.js';
import { type Bundle, type Files, loadFolder, planSentence, readFolder } from '../../libs/policy/index.js';
import { readConfig } from '../config.js';
import { optionsOf } from './options.js';
import type { Verb } from './verb.js';

const usage = 'check [DIR] [--json]';

export const verb: Verb = {
  usage,
  summary: 'Explain every mistake of the configuration folder, or of a folder of rules',
  async run(args, env) {
    const { values, positionals } = optionsOf(args, usage, { json: { type: 'boolean' } }, { max: 1 });
    const folder = positionals[0] ?? readConfig(env, []).config?.configDir ?? 'config';
    const { bundle, problems, words } = await checked(folder);
    for (const problem of problems)
      process.stdout.write(`${values.json ? JSON.stringify(problem) : lineOf(problem)}\n`);
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    if (!values.json) {
      if (bundle) process.stdout.write(`${planSentence(bundle.planTaken)}\n`);
      process.stdout.write(`${folder}: ${words}${errors} errors, ${problems.length - errors} warnings\n`);
    }
    return errors > 0 ? 1 : 0;
  },
};

interface Checked {
  readonly bundle?: Bundle;
  readonly problems: readonly Problem[];
  readonly words: string;
}

async function checked(folder: string): Promise<Checked> {
  const { files, problems: unread } = await readFolder(folder);
  const whole = Object.keys(files).some((name) => /^polic(y\.ya?ml$|ies\/)/.test(name));
  const { problems: linted, rules, proofs } = lint(files, (name) => !whole || name.startsWith('rules/'));
  const words = `${rules} rules, ${proofs} files of proof`;
  if (!whole && rules > 0) return { problems: once([...unread, ...linted]), words: `${words}; ` };
  const { bundle, problems } = await loadFolder(folder);
  if (!bundle) return { problems: once([...problems, ...linted]), words: '' };
  const { policies, watchlist, identities } = bundle;
  return {
    bundle,
    problems: once([...problems, ...linted]),
    words: `${policies.length} policies, ${words}, ${watchlist.length} watchlist entries, ${identities.length} identities; `,
  };
}

function lint(files: Files, wanted: (name: string) => boolean) {
  const named = Object.entries(files).filter(([name]) => wanted(name));
  const rules = named.filter(([name]) => /\.ya?ml$/.test(name)).map(([path, text]) => ({ path, text }));
  const proofs = named
    .filter(([name]) => /(^|\/)(match|pass)\.jsonl$/.test(name))
    .map(([path, text]) => ({ path, text }));
  const { parsed, problems } = checkRules(rules);
  const proved = hasErrors(problems) ? [] : proveRules(parsed, proofs);
  return { problems: [...problems, ...proved], rules: parsed.rules.length, proofs: proofs.length };
}

/** Reading and linting say some things both. */
function once(problems: readonly Problem[]): Problem[] {
  return inFileOrder([...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]);
}

/** `file:line:column message`, which editors and terminals make a link of. */
export function lineOf({ file, line, column, message, severity }: Problem): string {
  return `${file}:${line}:${column} ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}
