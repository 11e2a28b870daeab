/** `tocsin plan diff A B`: what changes for people between two plans, in sentences. */
import { diffPlans, formatChange, parsePlan } from '../../libs/paging/index.js';
import { lineOf } from './check.js';
import { optionsOf } from './options.js';
import { textOf } from './score.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'plan diff OLD.yml NEW.yml';

export const verb: Verb = {
  usage,
  summary: 'Say what changes between two incident-response plans',
  async run(args) {
    const { positionals } = optionsOf(args, usage, {}, { min: 3, max: 3 });
    const [action, before = '', after = ''] = positionals;
    if (action !== 'diff') throw new Complaint(`"${action}" is not known.\nUsage: tocsin ${usage}`, 2);
    const changes = diffPlans(planOf(before), planOf(after));
    for (const change of changes) process.stdout.write(`${formatChange(change)}\n`);
    if (changes.length === 0) process.stdout.write('Nothing changes.\n');
    return 0;
  },
};

function planOf(file: string) {
  const { plan, problems } = parsePlan(textOf(file), file);
  for (const problem of problems) process.stderr.write(`${lineOf(problem)}\n`);
  if (!plan) throw new Complaint(`${file} is no plan: mend what is said above.`);
  return plan;
}
