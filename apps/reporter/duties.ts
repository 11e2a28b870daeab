/** What the reporter does by the calendar beside its reports: each is done once a period, whichever copy comes first. */
import { checkAssurance, checkDrift, forgetOldReports, offerThresholds, type Duty } from '../../libs/reports/index.js';
import type { Config } from '../config.js';
import { forgetOld } from './retention.js';

export function dutiesOf({ defaultResponder }: Pick<Config, 'defaultResponder'>): readonly Duty[] {
  return [
    { name: 'thresholds', every: 'daily', run: (tx, bundle) => offerThresholds(tx, bundle, 'new') },
    { name: 'thresholds again', every: 'weekly', run: (tx, bundle) => offerThresholds(tx, bundle, 'again') },
    { name: 'assurance', every: 'daily', run: (tx, bundle) => checkAssurance(tx, bundle, defaultResponder) },
    { name: 'drift', every: 'hourly', run: (tx, bundle) => checkDrift(tx, bundle, defaultResponder) },
    { name: 'forget', every: 'daily', run: (tx) => forgetOldReports(tx) },
    // By the hour, so that bounded batches keep up with a day of much traffic.
    { name: 'retention', every: 'hourly', run: async (tx) => void (await forgetOld(tx)) },
  ];
}
