/**
 * `tocsin backtest`: what would have been found under other rules or thresholds. Reads the log, writes nothing, and
 * prints each decision that changes and their sum.
 */
import { readFile } from 'node:fs/promises';
import { detect, detectorNames, type StageContext } from '../../libs/detection/index.js';
import { decodeAll, type OutputEvent } from '../../libs/events/index.js';
import type { Finding } from '../../libs/incidents/index.js';
import { type Bundle, bundleOf, Bundles, type Files, readFolder } from '../../libs/policy/index.js';
import { rangesOf, readRange } from '../../libs/stream/index.js';
import { compile, type Compiled } from '../monitor/compile.js';
import { believe } from '../monitor/judge.js';
import { streamOptions } from '../stream-options.js';
import { lineOf } from './check.js';
import { printJson } from './lines.js';
import { optionsOf } from './options.js';
import { Progress } from './progress.js';
import { configFor, withDatabase } from './settings.js';
import { instant } from './span.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'backtest [--since 7d] [--until TIME] [--rules DIR] [--watchlist FILE] [--threshold DETECTOR=VALUE]...';

export const verb: Verb = {
  usage,
  summary: 'Say which decisions change under other rules or thresholds, over the log',
  async run(args, env) {
    const text = { type: 'string' } as const;
    const { values } = optionsOf(args, usage, {
      since: { ...text, default: '7d' },
      until: text,
      rules: text,
      watchlist: text,
      threshold: { ...text, multiple: true, default: [] as string[] },
    });
    if (values.rules === undefined && values.watchlist === undefined && values.threshold.length === 0) {
      throw new Complaint(
        `Nothing is to change: wanted --rules, --watchlist or --threshold.\nUsage: tocsin ${usage}`,
        2,
      );
    }
    const config = configFor(['monitor', 'verbs'], { TOCSIN_DEFAULT_RESPONDER: 'nobody@localhost.invalid', ...env });
    const files = await withDatabase(config.databaseUrl, (database) => new Bundles().newest(database));
    if (!files) throw new Complaint('No bundle is in force: run `npx tocsin apply`.');
    const before = judgeOf(files.files);
    const after = judgeOf(await changed(files.files, values.rules, values.watchlist), thresholdsOf(values.threshold));
    const stream = streamOptions(config, 'tocsin backtest');
    const span = {
      since: instant('--since', values.since),
      ...(values.until !== undefined && { until: instant('--until', values.until) }),
    };
    const ranges = await rangesOf(stream, 'tocsin.outputs', span);
    const progress = new Progress(
      'records',
      ranges.reduce((sum, { from, to }) => sum + to - from, 0),
    );
    const sum = { outputs: 0, same: 0, added: 0, removed: 0, level_changed: 0 };
    for (const range of ranges) {
      for await (const records of readRange(stream, range)) {
        for (const event of decodeAll(records, Date.now()).events) {
          if (event.kind !== 'output') continue;
          sum.outputs++;
          for (const difference of differences(before(event), after(event))) {
            if (difference.change === 'same') sum.same++;
            else {
              sum[difference.change]++;
              await printJson({ event: { source: event.source, id: event.id }, ...difference });
            }
          }
        }
        progress.add(records.length);
      }
    }
    progress.end();
    await printJson({ summary: sum });
    return 0;
  },
};

type Judge = (event: OutputEvent) => readonly Finding[];

function judgeOf(files: Files, thresholds: Partial<StageContext['thresholds']> = {}): Judge {
  const { bundle, problems } = bundleOf(files);
  if (!bundle) throw new Complaint([...problems.map(lineOf), 'The changed configuration has errors.'].join('\n'));
  const compiled: Compiled = compile(bundle);
  return (event) => {
    const [believed] = believe([event], bundle).events;
    if (believed?.kind !== 'output') return [];
    const { context } = bundle.stages.choose(believed);
    return detect(believed, compiled.detectors, { ...context, thresholds: { ...context.thresholds, ...thresholds } })
      .findings;
  };
}

type Difference =
  | { readonly change: 'same' }
  | {
      readonly change: 'added' | 'removed' | 'level_changed';
      readonly detector: string;
      readonly rule?: string;
      readonly label: string;
      readonly level: string;
      readonly before?: string;
    };

/** Findings are the same where their ids are: of the same output, by the same detector or rule, of the same match. */
function* differences(before: readonly Finding[], after: readonly Finding[]): Generator<Difference> {
  const old = new Map(before.map((finding) => [finding.id, finding]));
  for (const finding of after) {
    const was = old.get(finding.id);
    old.delete(finding.id);
    if (!was) yield { change: 'added', ...saidOf(finding) };
    else if (was.level !== finding.level) yield { change: 'level_changed', ...saidOf(finding), before: was.level };
    else yield { change: 'same' };
  }
  for (const finding of old.values()) yield { change: 'removed', ...saidOf(finding) };
}

function saidOf({ detector, rule, label, level }: Finding) {
  return { detector, ...(rule !== undefined && { rule }), label, level };
}

async function changed(
  files: Files,
  rules: string | undefined,
  watchlist: string | undefined,
): Promise<Bundle['files']> {
  let kept = files;
  if (rules !== undefined) {
    const { files: fresh, problems } = await readFolder(rules);
    if (problems.length > 0) throw new Complaint(problems.map(lineOf).join('\n'));
    kept = {
      ...Object.fromEntries(Object.entries(kept).filter(([name]) => !name.startsWith('rules/'))),
      ...Object.fromEntries(Object.entries(fresh).map(([name, content]) => [`rules/${name}`, content])),
    };
  }
  if (watchlist !== undefined) {
    const content = await readFile(watchlist, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Complaint(`${watchlist} cannot be read (${error.code ?? error.message}).`);
    });
    kept = { ...kept, 'watchlist.yml': content };
  }
  return kept;
}

function thresholdsOf(options: readonly string[]): Partial<StageContext['thresholds']> {
  return Object.fromEntries(
    options.map((option) => {
      const [, detector = '', value] = /^([a-z_]+)=(0(?:\.\d+)?|1(?:\.0+)?)$/.exec(option) ?? [];
      if (!(detectorNames as readonly string[]).includes(detector)) {
        throw new Complaint(
          `--threshold is "${option}": wanted DETECTOR=VALUE, a detector of ${detectorNames.join(', ')} and a value of 0 to 1.`,
          2,
        );
      }
      return [detector, Number(value)];
    }),
  );
}
