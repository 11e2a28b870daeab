/** Every controller of the api, in the order of its document. */
import { AcknowledgeController } from './acknowledge.controller.js';
import { ActingController } from './acting.controller.js';
import { ArrangementsController } from './arrangements.controller.js';
import { EnqueueController } from './enqueue.controller.js';
import { HealthController } from './health.controller.js';
import { IncidentsController } from './incidents.controller.js';
import { InletsController } from './inlets.controller.js';
import { LiveController } from './live.controller.js';
import { OverviewController } from './overview.controller.js';
import { ReportsController } from './reports.controller.js';
import { ReviewsController } from './reviews.controller.js';
import { SessionController } from './session.controller.js';
import { ThresholdsController } from './thresholds.controller.js';
import { WhoController } from './who.controller.js';

export const controllers = [
  SessionController,
  IncidentsController,
  ActingController,
  ReviewsController,
  OverviewController,
  WhoController,
  ArrangementsController,
  ThresholdsController,
  ReportsController,
  LiveController,
  EnqueueController,
  InletsController,
  AcknowledgeController,
  HealthController,
];
