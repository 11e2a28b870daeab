/** `tocsin match`: rules over a stream of plain events, a line a match. Log sources are not tested. */
import { compileRules, parseRules, RuleStream } from '../../libs/detection/index.js';
import { readFolder } from '../../libs/policy/index.js';
import { lineOf } from './check.js';
import { printJson, stdinLines } from './lines.js';
import { optionsOf } from './options.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'match --rules DIR [--time-field F] < events.ndjson';

export const verb: Verb = {
  usage,
  summary: 'Match rules against JSON lines of plain events',
  async run(args) {
    const { values } = optionsOf(args, usage, { rules: { type: 'string' }, 'time-field': { type: 'string' } });
    if (values.rules === undefined) throw new Complaint(`--rules is missing.\nUsage: tocsin ${usage}`, 2);
    const { files, problems: unread } = await readFolder(values.rules);
    const rules = Object.entries(files)
      .filter(([path]) => /\.ya?ml$/.test(path))
      .map(([path, text]) => ({ path, text }));
    if (rules.length === 0) throw new Complaint(`${values.rules} holds no rule: wanted .yml or .yaml files.`);
    const parsed = parseRules(rules);
    const compiled = compileRules(parsed);
    const refused = [...unread, ...parsed.problems, ...compiled.problems].filter(
      ({ severity }) => severity === 'error',
    );
    for (const problem of refused) process.stderr.write(`${lineOf(problem)}\n`);
    if (refused.length > 0) process.stderr.write(`${refused.length} problems: those rules are left out.\n`);
    const timeField = values['time-field'];
    const stream = new RuleStream(compiled, timeField === undefined ? {} : { timeField });
    let line = -1;
    let unreadable = 0;
    for await (const text of stdinLines()) {
      line++;
      const event = objectOf(text);
      if (!event) {
        if (text.trim() !== '') {
          unreadable++;
          process.stderr.write(`line ${line + 1}: wanted a JSON object on one line; left out\n`);
        }
        continue;
      }
      for (const rule of stream.next(event)) await printJson({ event: line, rule });
    }
    return unreadable > 0 ? 1 : 0;
  },
};

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
