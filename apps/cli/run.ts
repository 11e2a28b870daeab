/** `tocsin run APP...`: those apps, side by side in this process, until a signal. */
import { appNames, type AppName } from '../config.js';
import { runApps } from '../run.js';
import { configFor } from './settings.js';
import { Complaint, type Verb } from './verb.js';

export const verb: Verb = {
  usage: 'run APP...',
  summary: `Run apps in this process: ${appNames.join(', ')}`,
  async run(args, env) {
    const unknown = args.filter((name) => !(appNames as readonly string[]).includes(name));
    if (args.length === 0 || unknown.length > 0) {
      const found = unknown.length > 0 ? `"${unknown[0]}" is no app` : 'No app is named';
      throw new Complaint(`${found}: wanted one or more of ${appNames.join(', ')}.`, 2);
    }
    const names = [...new Set(args)] as AppName[];
    return runApps(names, configFor(names, env));
  },
};
