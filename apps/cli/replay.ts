/**
 * `tocsin replay`: judges a span of the log, or the dead letters, again by the bundle in force. What was found before is
 * no news; what is missing is added. It pages nobody unless `--page` says so.
 */
import type { StreamRecord } from '../../libs/events/index.js';
import { DeadLetters, logicalTopics, rangesOf, readRange } from '../../libs/stream/index.js';
import { openRejudging, type Rejudging } from '../monitor/rejudging.js';
import { streamOptions } from '../stream-options.js';
import { operator, optionsOf } from './options.js';
import { Progress } from './progress.js';
import { configFor, withDatabase } from './settings.js';
import { instant } from './span.js';
import { Complaint, type Verb } from './verb.js';
import type { Config } from '../config.js';

const usage =
  'replay [--topic outputs|feedback|verdicts] [--since TIME] [--until TIME] [--page] | replay --dead-letters [--page]';
const atATime = 500;

export const verb: Verb = {
  usage,
  summary: 'Judge a span of the log, or dead letters, again; pages nobody unless told to',
  async run(args, env) {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean', default: false } as const;
    const options = { topic: text, since: text, until: text, page: flag, 'dead-letters': flag };
    const { values } = optionsOf(args, usage, options);
    const config = configFor(['monitor', 'verbs'], { TOCSIN_DEFAULT_RESPONDER: 'nobody@localhost.invalid', ...env });
    if (values.page && !env['TOCSIN_DEFAULT_RESPONDER'] && !env['TOCSIN_DEFAULT_RESPONDER_FILE']) {
      throw new Complaint('TOCSIN_DEFAULT_RESPONDER is not set: --page needs to know whom the default plan pages.');
    }
    // Refuses another schema before anything is judged.
    await withDatabase(config.databaseUrl, async () => undefined);
    const rejudging = await openRejudging(config);
    try {
      const total = values['dead-letters']
        ? await replayDeadLetters(config, rejudging, values.page, operator(env))
        : await replayLog(config, rejudging, values);
      process.stdout.write(
        `Judged ${total.events} events again, ${total.rejected} cannot be judged; ${total.incidents} incidents opened or changed${values.page ? '' : ', nobody was paged'}.\n`,
      );
      return 0;
    } finally {
      await rejudging.close();
    }
  },
};

interface Total {
  events: number;
  rejected: number;
  incidents: number;
}

async function replayLog(
  config: Config,
  rejudging: Rejudging,
  {
    topic,
    since,
    until,
    page,
  }: { topic?: string | undefined; since?: string | undefined; until?: string | undefined; page: boolean },
): Promise<Total> {
  const topics =
    topic === undefined ? logicalTopics : logicalTopics.filter((name) => name === `tocsin.${topic}` || name === topic);
  if (topics.length === 0) throw new Complaint(`--topic is "${topic}": wanted outputs, feedback or verdicts.`, 2);
  const stream = streamOptions(config, 'tocsin replay');
  const span = {
    ...(since !== undefined && { since: instant('--since', since) }),
    ...(until !== undefined && { until: instant('--until', until) }),
  };
  const ranges = (await Promise.all(topics.map((name) => rangesOf(stream, name, span)))).flat();
  const total: Total = { events: 0, rejected: 0, incidents: 0 };
  const progress = new Progress(
    'records',
    ranges.reduce((sum, { from, to }) => sum + to - from, 0),
  );
  for (const range of ranges) {
    for await (const records of readRange(stream, range)) {
      for (let from = 0; from < records.length; from += atATime) {
        add(total, await rejudging.judge(records.slice(from, from + atATime), { page }));
      }
      progress.add(records.length);
    }
  }
  progress.end();
  return total;
}

/** Letters that can be judged now are marked as replayed; the others stay as they are. */
async function replayDeadLetters(config: Config, rejudging: Rejudging, page: boolean, who: string): Promise<Total> {
  const letters = new DeadLetters();
  const total: Total = { events: 0, rejected: 0, incidents: 0 };
  await withDatabase(config.databaseUrl, async (database) => {
    const [row] = await database.query<{ waiting: number }>(countWaiting);
    const progress = new Progress('dead letters', row?.waiting ?? 0);
    for (let after = 0; ;) {
      const kept = await letters.read(database, after, atATime);
      const last = kept.at(-1);
      if (!last) break;
      after = last.id;
      const judged: number[] = [];
      for (const { id, record } of kept) {
        const one = await rejudging.judge([record satisfies StreamRecord], { page });
        add(total, one);
        if (one.rejected === 0) judged.push(id);
      }
      await letters.markReplayed(database, judged, who);
      progress.add(kept.length);
    }
    progress.end();
  });
  return total;
}

const countWaiting = `
select count(*)::int as waiting
  from tocsin.dead_letter
 where kept = 'all' and replayed_at is null and payload is not null`;

function add(total: Total, { events, rejected, incidents }: Readonly<Total>): void {
  total.events += events;
  total.rejected += rejected;
  total.incidents += incidents;
}
