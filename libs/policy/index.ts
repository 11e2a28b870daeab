/**
 * Policy: what the configuration folder says, and which configuration is in force. It promises that every mistake of
 * every file is told at its line and column; that a bundle is known by its hash and is the same everywhere; that a
 * folder or row that is wrong changes nothing; that an event is judged by the stage it names or by the strictest, and
 * believed only as far as the policy allows its source.
 *
 * Order for an event: `honour` (what its source may say), `StageIndex.choose` (by which stage it is judged), then the
 * detectors; `conformanceOf` judges the deployment itself, a batch at a time.
 */
export { loadFolder, readFolder, watchFolder, type FolderWatch } from './folder.client.js';
export {
  bundleOf,
  hashOf,
  planSentence,
  type Bundle,
  type BundleReading,
  type Files,
  type PlanTaken,
  type Settings,
} from './bundle.js';
export type { Audit, IncidentResponsePlan, Mitigation, Policy, Service, SourceTrust, Stage } from './policy.js';
export { parsePolicy } from './policy.js';
export {
  stageIndex,
  type Staged,
  type StageChoice,
  type StageIndex,
  type Threshold,
  type Thresholds as StageThresholds,
  type Unknown,
} from './stage.js';
export { honour, sourceIndex, verdictNotAllowed, verifierSource, type SourceIndex } from './trust.js';
export {
  conformance,
  conformanceFinding,
  stageKey,
  type ConformanceCheck,
  type Fact,
  type StageStarts,
} from './conformance.js';
export { conformanceOf, type ConformanceResult } from './conformance-batch.js';
export {
  countsPerAccountAndDay,
  outputsBeforeProposal,
  proposeThreshold,
  scoreBucket,
  scoreBuckets,
  wilson,
  type Proposal,
  type PublishedThreshold,
  type ScoreHistogram,
} from './threshold.js';
export { bundleChannel, Bundles, type Application, type Applied, type Copy } from './bundles.repository.js';
export { Thresholds, type Answered, type ProposedThreshold } from './thresholds.repository.js';
export { noteStarts, readStarts } from './stage-starts.repository.js';
export { BundleHolder, type BundleHolderOptions } from './bundle-holder.worker.js';
export { policyEntities } from './policy.entity.js';
export { schemaFiles } from './json-schema.js';
