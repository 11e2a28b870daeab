/** `tocsin cluster`: near-duplicates among all lines. */
import { cluster, shippedWeights } from '../../libs/detection/index.js';
import { printJson, stdinLines } from './lines.js';
import { optionsOf } from './options.js';
import { explainBadLine } from './score.js';
import type { Verb } from './verb.js';

const usage = 'cluster < texts.ndjson';

export const verb: Verb = {
  usage,
  summary: 'Cluster near-duplicates among JSON lines {id, text}',
  async run(args) {
    optionsOf(args, usage, {});
    return explainBadLine(async () => {
      for await (const one of cluster(stdinLines(), shippedWeights())) await printJson(one);
      return 0;
    });
  },
};
