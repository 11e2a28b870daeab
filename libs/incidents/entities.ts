/** Every table of this lib that the drift test holds against the migrations. */
import {
  FindingEntity,
  FirstRunEntity,
  FloodEntity,
  FloodKeptEntity,
  ReporterEntity,
  ReviewEntity,
  ScoreCountEntity,
  SignalEntity,
  TallyEntity,
  WaitingReferenceEntity,
  WindowGroupEntity,
} from './finding.entity.js';
import { EvidenceEntity, IncidentEntity, IncidentEventEntity, IncidentLinkEntity } from './incident.entity.js';

export const incidentsEntities = [
  IncidentEntity,
  IncidentEventEntity,
  IncidentLinkEntity,
  EvidenceEntity,
  FindingEntity,
  ReviewEntity,
  WindowGroupEntity,
  SignalEntity,
  TallyEntity,
  ScoreCountEntity,
  FloodEntity,
  FloodKeptEntity,
  WaitingReferenceEntity,
  ReporterEntity,
  FirstRunEntity,
];
