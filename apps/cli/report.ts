/** `tocsin report`: prints what the reporter mails, of any week, day or hour; of the last one that is over unless one is named. */
import { writeFile } from 'node:fs/promises';
import { bundleOf, Bundles } from '../../libs/policy/index.js';
import { inFile, lastEnded, makeReport, parsePeriod, type Period, type PeriodKind } from '../../libs/reports/index.js';
import { recordsBehind } from '../lag.js';
import { optionsOf } from './options.js';
import { configFor, withDatabase } from './settings.js';
import { Complaint, type Verb } from './verb.js';

const usage =
  'report weekly [--week 2026-W47] | daily [--day 2026-11-24] | hourly [--hour 2026-11-24T13] [--html FILE]';

const kinds = { weekly: 'week', daily: 'day', hourly: 'hour' } as const satisfies Record<PeriodKind, string>;
const forms = { week: '2026-W47', day: '2026-11-24', hour: '2026-11-24T13' } as const;

export const verb: Verb = {
  usage,
  summary: 'Print the monitoring report of a week, day or hour',
  async run(args, env) {
    const text = { type: 'string' } as const;
    const { values, positionals } = optionsOf(
      args,
      usage,
      { week: text, day: text, hour: text, html: text },
      { max: 1 },
    );
    const kind = kindOf(positionals[0] ?? 'weekly');
    const strange = Object.values(kinds).find((name) => name !== kinds[kind] && values[name] !== undefined);
    if (strange) throw new Complaint(`--${strange} is not for a ${kind} report.\nUsage: tocsin ${usage}`, 2);
    const config = configFor(['verbs'], {
      TOCSIN_DEFAULT_RESPONDER: 'nobody@localhost.invalid',
      ...env,
    });
    const { databaseUrl, defaultResponder } = config;
    return withDatabase(databaseUrl, async (database) => {
      const newest = await new Bundles().newest(database);
      const bundle = newest && bundleOf(newest.files).bundle;
      if (!bundle)
        throw new Complaint('No bundle is in force, so there is nothing to report by: run `npx tocsin apply`.');
      const now = await database.now();
      const period = periodOf(kind, values[kinds[kind]], bundle.settings.timezone, now);
      const lag = await recordsBehind(database, config, 'tocsin report');
      const rendered = await makeReport(database, period, now, { bundle, defaultResponder, lag });
      if (values.html !== undefined) await writeFile(values.html, inFile(rendered.html, rendered.chart));
      process.stdout.write(rendered.text);
      return 0;
    });
  },
};

function kindOf(word: string): PeriodKind {
  if (word === 'weekly' || word === 'daily' || word === 'hourly') return word;
  throw new Complaint(`"${word}" is no report: wanted weekly, daily or hourly.\nUsage: tocsin ${usage}`, 2);
}

function periodOf(kind: PeriodKind, name: string | undefined, timezone: string, now: Date): Period {
  if (name === undefined) return lastEnded(kind, now.getTime(), timezone);
  const option = kinds[kind];
  const period = parsePeriod(kind, name, timezone);
  if (!period) throw new Complaint(`--${option} is "${name}": wanted a ${option} such as ${forms[option]}.`, 2);
  if (period.from > now.getTime()) throw new Complaint(`--${option} ${name} has not begun yet.`);
  return period;
}
