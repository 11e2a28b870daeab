/** What was learned or counted beforehand and is shipped: compiled detectors share one copy of it. */
import type { LinearModel } from './linear/model.js';
import type { Background } from './text/background.js';

export interface Weights {
  readonly background: Background;
  /** Absent in a checkout without trained models: the detector then says nothing. */
  readonly compliance?: LinearModel;
  readonly message?: LinearModel;
}
