/** `tocsin keys`: keys of the API and routing keys of other tools, shown once and kept hashed. */
import { Access, type KeyKind } from '../../libs/access/index.js';
import { operator, optionsOf } from './options.js';
import { configFor, withDatabase } from './settings.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'keys create NAME [--kind api|routing] | keys list | keys revoke ID';

export const verb: Verb = {
  usage,
  summary: 'Make, list and revoke API keys and routing keys',
  async run(args, env) {
    const { values, positionals } = optionsOf(args, usage, { kind: { type: 'string' } }, { min: 1, max: 2 });
    const [action, subject] = positionals;
    const { databaseUrl } = configFor(['verbs'], env);
    return withDatabase(databaseUrl, async (database) => {
      const access = new Access(database);
      switch (action) {
        case 'create': {
          if (!subject) throw new Complaint(`A key needs a name.\nUsage: tocsin ${usage}`, 2);
          const made = await access.createKey(kindOf(values.kind), subject, operator(env));
          // The secret alone on stdout, so that a script can take it; the words about it on stderr.
          process.stderr.write(`Made ${made.kind} key ${made.id} for ${made.name}. It is shown this once:\n`);
          process.stdout.write(`${made.secret}\n`);
          return 0;
        }
        case 'list':
          for (const key of await access.listKeys()) process.stdout.write(`${JSON.stringify(key)}\n`);
          return 0;
        case 'revoke':
          if (!subject) throw new Complaint(`Which key? \`tocsin keys list\` tells the ids.`, 2);
          if (!(await access.revokeKey(subject))) throw new Complaint(`There is no key ${subject} in force.`);
          process.stdout.write(`Revoked ${subject}.\n`);
          return 0;
        default:
          throw new Complaint(`"${action}" is not known.\nUsage: tocsin ${usage}`, 2);
      }
    });
  },
};

function kindOf(text = 'routing'): KeyKind {
  if (text !== 'api' && text !== 'routing') throw new Complaint(`--kind is "${text}": wanted api or routing.`, 2);
  return text;
}
