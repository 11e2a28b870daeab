/** `tocsin explain FILE`: what every detector thinks of one record's value, by the configuration folder. */
import { readFileSync } from 'node:fs';
import { detect, explain, shippedWeights } from '../../libs/detection/index.js';
import { decode, type Event } from '../../libs/events/index.js';
import { type Bundle, loadFolder } from '../../libs/policy/index.js';
import { readConfig } from '../config.js';
import { compile } from '../monitor/compile.js';
import { lineOf } from './check.js';
import { optionsOf } from './options.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'explain FILE [--config DIR]';

export const verb: Verb = {
  usage,
  summary: 'Explain every detector’s judgement of one record’s value (FILE, or - for standard input)',
  async run(args, env) {
    const { values, positionals } = optionsOf(args, usage, { config: { type: 'string' } }, { min: 1, max: 1 });
    const folder = values.config ?? readConfig(env, []).config?.configDir ?? 'config';
    const { bundle, problems } = await loadFolder(folder);
    if (!bundle) throw new Complaint([...problems.map(lineOf), `${folder} has errors.`].join('\n'));
    const now = Date.now();
    let found = 0;
    for (const event of eventsOf(positionals[0] ?? '-', now)) {
      process.stdout.write(`${JSON.stringify(judge(event, bundle), null, 2)}\n`);
      found++;
    }
    return found > 0 ? 0 : 1;
  },
};

function* eventsOf(file: string, now: number): Generator<Event> {
  let value: Buffer;
  try {
    value = readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw new Complaint(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'}).`);
  }
  const record = { topic: 'tocsin.outputs', partition: 0, offset: 0, timestamp: now, key: null, value, headers: {} };
  for (const one of decode(record, now)) {
    if (one.kind === 'rejection')
      process.stdout.write(`${JSON.stringify({ rejected: one.reason, detail: one.detail })}\n`);
    else yield one;
  }
}

function judge(event: Event, bundle: Bundle) {
  const choice = bundle.stages.choose(event.kind === 'output' ? event : {});
  const { findings, signals } = detect(event, compile(bundle).detectors, choice.context);
  return {
    event: { kind: event.kind, source: event.source, id: event.id },
    stage: choice.stage?.name ?? 'strictest',
    judgements:
      event.kind === 'output'
        ? explain(event, {
            weights: shippedWeights(),
            watchlist: bundle.watchlist,
            identities: bundle.identities,
            personas: bundle.settings.personas,
          })
        : [],
    findings,
    signals,
  };
}
