/** `tocsin train --data DIR`: makes the shipped models anew from a folder of training data; same data, same bytes. */
import { train } from '../../libs/detection/index.js';
import { optionsOf } from './options.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'train --data DIR';

export const verb: Verb = {
  usage,
  summary: 'Train the shipped models from a folder of data',
  async run(args) {
    const { values } = optionsOf(args, usage, { data: { type: 'string' } });
    if (values.data === undefined) {
      throw new Complaint(
        `--data is missing: training needs a folder of labelled texts, which is not part of the repository (docs/models.md).\nUsage: tocsin ${usage}`,
        2,
      );
    }
    const data = values.data;
    try {
      const { files } = train(data, (line) => process.stderr.write(`${line}\n`));
      for (const { file, bytes, sha256 } of files) process.stdout.write(`${sha256}  ${file} (${bytes} bytes)\n`);
    } catch (error) {
      throw new Complaint((error as Error).message);
    }
    return 0;
  },
};
