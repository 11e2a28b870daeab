/** `tocsin deadletters`: what could not be judged, without its content; and producing it again once that is mended. */
import { DeadLetters, Publisher, StreamError } from '../../libs/stream/index.js';
import { streamOptions } from '../stream-options.js';
import { operator, optionsOf } from './options.js';
import { configFor, withDatabase } from './settings.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'deadletters list | deadletters replay [--reason REASON] [ID...]';

export const verb: Verb = {
  usage,
  summary: 'List dead letters (a JSON line each, no content), or produce them again',
  async run(args, env) {
    const { values, positionals } = optionsOf(args, usage, { reason: { type: 'string' } }, { min: 1, max: 1_000 });
    const [action, ...ids] = positionals;
    if (action !== 'list' && action !== 'replay') throw new Complaint(`Usage: tocsin ${usage}`, 2);
    const letters = new DeadLetters();
    if (action === 'list') {
      const { databaseUrl } = configFor(['verbs'], env);
      return withDatabase(databaseUrl, async (database) => {
        let after = 0;
        for (;;) {
          const page = await letters.list(database, after, 500);
          for (const letter of page) process.stdout.write(`${JSON.stringify(letter)}\n`);
          const last = page.at(-1);
          if (!last) return 0;
          after = last.id;
        }
      });
    }
    const wrong = ids.find((id) => !/^\d{1,15}$/.test(id));
    if (wrong !== undefined)
      throw new Complaint(`"${wrong}" is no dead letter's id: \`tocsin deadletters list\` tells them.`, 2);
    const config = configFor(['verbs', 'monitor'], { TOCSIN_DEFAULT_RESPONDER: 'nobody@localhost.invalid', ...env });
    const publisher = new Publisher(streamOptions(config, 'tocsin deadletters'));
    const which = {
      ...(ids.length > 0 && { ids: ids.map(Number) }),
      ...(values.reason !== undefined && { reason: values.reason }),
    };
    try {
      return await withDatabase(config.databaseUrl, async (database) => {
        let total = 0;
        for (;;) {
          const done = await database.transaction((tx) => letters.replay(tx, publisher, operator(env), which));
          if (done === 0) break;
          total += done;
          process.stderr.write(`${total} produced again\n`);
        }
        process.stdout.write(`Produced ${total} dead letters again.\n`);
        return 0;
      });
    } catch (error) {
      if (error instanceof StreamError) throw new Complaint(error.message);
      throw error;
    } finally {
      await publisher.close();
    }
  },
};
