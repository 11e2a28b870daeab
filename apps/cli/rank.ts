/** `tocsin rank`: the claims nearest to each text. */
import { parseClaims, rank } from '../../libs/detection/index.js';
import { printJson, stdinLines } from './lines.js';
import { optionsOf } from './options.js';
import { explainBadLine, textOf } from './score.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'rank --claims FILE [-k 5]';

export const verb: Verb = {
  usage,
  summary: 'Rank claims for each of JSON lines {id, text}',
  async run(args) {
    const { values } = optionsOf(args, usage, { claims: { type: 'string' }, k: { type: 'string', short: 'k' } });
    if (values.claims === undefined) throw new Complaint(`--claims is missing.\nUsage: tocsin ${usage}`, 2);
    const k = Number(values.k ?? 5);
    if (!Number.isInteger(k) || k < 1 || k > 1_000) throw new Complaint(`-k is "${values.k}": wanted 1 to 1000.`, 2);
    const file = values.claims;
    return explainBadLine(async () => {
      for await (const ranked of rank(parseClaims(textOf(file)), stdinLines(), k)) await printJson(ranked);
      return 0;
    });
  },
};
