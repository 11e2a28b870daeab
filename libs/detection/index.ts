/**
 * Detection: what is seen in an event. It promises that judging is pure (the same event, bundle and stage give the same
 * findings under the same ids), that any text is judged in time linear in its length, that a detector says what it saw
 * and where and never who is paged, and that a label is positive exactly when its score reaches the threshold.
 */
export { compileDetectors, detect, type Detected, type Detectors, type DetectorsInput } from './detector.js';
export {
  detectorNames,
  shippedBounds,
  strictest,
  thresholdOf,
  type Bounds,
  type DetectorName,
  type ScoredDetector,
  type StageContext,
} from './thresholds.js';
export type { Judgement, Matched, Stance } from './judgement.js';
export { parseWatchlist, standing, watchlistEntrySchema, type WatchlistEntry } from './claims/watchlist.js';
export { identitySchema, parseIdentities, type Identity } from './identity/identities.js';
export type { FeedbackSettings, Reporters } from './signals/feedback.js';
export { fold, folded } from './text/fold.js';
export type { Weights } from './weights.js';
export { modelsFolder, readWeights, shippedWeights } from './weights.repository.js';
export { train, type Trained } from './train.js';
export {
  BadLine,
  cluster,
  explain,
  offlineDetectors,
  parseClaims,
  rank,
  score,
  type Explanation,
  type OfflineDetector,
  type RankClaim,
  type Scored,
  type ScoreOptions,
} from './offline.js';
export {
  checksFor,
  forgetChecks,
  noteChecks,
  RemoteDetectors,
  remoteEntities,
  remoteIndex,
  Verifier,
  type CheckKind,
  type DueCheck,
  type RemoteIndex,
  type RemotePolicy,
  type RemoteService,
  type RemoteVerdict,
  type VerifierOptions,
} from './remote/index.js';
export { CampaignWorker, type CampaignOptions, type StepResult } from './campaign/campaign.worker.js';
export { detectionEntities } from './campaign/campaign.entity.js';
export {
  checkRules,
  compileRules,
  parseRules,
  proveRules,
  readTime,
  RuleStream,
  type CompiledRules,
  type ParsedRules,
  type RuleFile,
} from './sigma/index.js';
export { exportClaimReviews, importClaimReviews, type ClaimReviewImport } from './claims/claim-review.js';
export { moderationCategories, moderationCategory } from './signals/harmful.js';
export { loadLanguageReader } from './signals/language.client.js';
export { evaluate, measuredElsewhere, type Measured } from './evaluation/evaluate.js';
export { detectorsTable, rowText, withTable } from './evaluation/page.js';
