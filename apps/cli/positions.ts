/** `tocsin positions`: where each partition has been processed to, and the way to put one elsewhere. */
import { resetPositions, showPositions, StreamError, type PositionReport } from '../../libs/stream/index.js';
import { streamOptions } from '../stream-options.js';
import { optionsOf } from './options.js';
import { configFor, withDatabase } from './settings.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'positions show | positions reset TOPIC [--partition N] --to earliest|latest|OFFSET';

export const verb: Verb = {
  usage,
  summary: 'Show where partitions have been processed to, or put one elsewhere',
  async run(args, env) {
    const options = { partition: { type: 'string' }, to: { type: 'string' } } as const;
    const { values, positionals } = optionsOf(args, usage, options, { min: 1, max: 2 });
    const [action, topic] = positionals;
    const config = configFor(['verbs', 'monitor'], { TOCSIN_DEFAULT_RESPONDER: 'nobody@localhost.invalid', ...env });
    const stream = streamOptions(config, 'tocsin positions');
    return withDatabase(config.databaseUrl, async (database) => {
      try {
        if (action === 'show') {
          print(await showPositions(database, stream));
          return 0;
        }
        if (action !== 'reset' || !topic) throw new Complaint(`Usage: tocsin ${usage}`, 2);
        const { to } = values;
        if (to === undefined) throw new Complaint(`--to is missing: wanted earliest, latest or an offset.`, 2);
        const target = to === 'earliest' || to === 'latest' ? to : whole('--to', to);
        const logical = topic.includes('.') ? topic : `tocsin.${topic}`;
        const partition = values.partition === undefined ? {} : { partition: whole('--partition', values.partition) };
        print(await resetPositions(database, stream, { topic: logical, to: target, ...partition }));
        return 0;
      } catch (error) {
        if (error instanceof StreamError) throw new Complaint(error.message);
        throw error;
      }
    });
  },
};

function print(rows: readonly PositionReport[]): void {
  for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
}

function whole(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Complaint(`${option} is "${text}": wanted a whole number.`, 2);
  return Number(text);
}
