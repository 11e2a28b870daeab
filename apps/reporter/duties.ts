/** What the reporter does by the calendar beside its reports: each is done once a period, whichever copy comes first. */
import { forgetOldReports, offerThresholds, type Duty } from '../../libs/reports/index.js';

export function dutiesOf(): readonly Duty[] {
  return [
    { name: 'thresholds', every: 'daily', run: (tx, bundle) => offerThresholds(tx, bundle, 'new') },
    { name: 'thresholds again', every: 'weekly', run: (tx, bundle) => offerThresholds(tx, bundle, 'again') },
    { name: 'forget', every: 'daily', run: (tx) => forgetOldReports(tx) },
  ];
}
