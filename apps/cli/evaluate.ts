/** `tocsin evaluate --data DIR`: measures the detectors on a folder of labelled texts and writes docs/detectors.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  detectorsTable,
  evaluate,
  measuredElsewhere,
  rowText,
  shippedWeights,
  withTable,
} from '../../libs/detection/index.js';
import { optionsOf } from './options.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'evaluate --data DIR';

export const verb: Verb = {
  usage,
  summary: 'Measure the detectors on a folder of labelled texts, leaving one source out',
  async run(args) {
    const { values } = optionsOf(args, usage, { data: { type: 'string' } });
    const { data } = values;
    if (data === undefined) {
      throw new Complaint(
        `--data is missing: evaluation needs a folder of labelled texts, which is not part of the repository.\nUsage: tocsin ${usage}`,
        2,
      );
    }
    if (!existsSync(data)) throw new Complaint(`${data} is not there.`);
    const rows = evaluate(data, shippedWeights(), (row) => process.stdout.write(`${rowText(row)}\n`));
    for (const what of measuredElsewhere) process.stdout.write(`${what}: measured elsewhere\n`);
    const page = join(process.cwd(), 'docs', 'detectors.md');
    if (existsSync(page)) {
      writeFileSync(page, withTable(readFileSync(page, 'utf8'), detectorsTable(rows)));
      process.stdout.write('docs/detectors.md is written\n');
    }
    return 0;
  },
};
