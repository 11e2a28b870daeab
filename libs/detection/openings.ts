/** What each detector's judgement of an output opens: which level, which words, and who may be paged. */
import type { OutputEvent } from '../events/index.js';
import type { Level } from '../incidents/index.js';
import { disinformationVersion, type Disinformation } from './claims/disinformation.js';
import { standing } from './claims/watchlist.js';
import { impersonationVersion, type Impersonation } from './identity/impersonation.js';
import type { Lookalikes } from './identity/lookalike.js';
import type { Opening } from './judgement.js';
import type { Compliance } from './linear/compliance.js';
import type { WordList } from './text/terms.js';
import { thresholdOf, type DetectorName, type StageContext } from './thresholds.js';

export type Scores = Partial<Record<DetectorName, number>>;

/** From this score on an answer to a request to deceive is of level high. */
const complianceHigh = 0.9;

export function openClaims(
  event: OutputEvent,
  plain: string,
  list: WordList,
  disinformation: Disinformation,
  stage: StageContext,
  openings: Opening[],
  scores: Scores,
): void {
  const reading = disinformation.judge(event.output, plain, event.at, list);
  scores.disinformation = reading.score;
  const threshold = thresholdOf('disinformation', stage);
  for (const matched of reading.matched) {
    const entry = disinformation.byId.get(matched.id);
    if (!entry) continue;
    const promotes = matched.stance === 'promotes' && matched.score >= threshold;
    // What is neither told as true nor put right is for a person to read.
    const mixed = matched.stance === 'mixed';
    if (!promotes && !mixed) continue;
    const pages = standing(entry);
    openings.push({
      detector: 'disinformation',
      detectorVersion: disinformationVersion,
      title: `${promotes ? 'Promotes' : 'Mixed stance on'} "${entry.claim.slice(0, 100)}"`,
      label: matched.stance ?? 'none',
      score: matched.score,
      level: mixed ? 'low' : entry.level,
      matched: entry.id,
      spans: reading.evidence.filter((span) => span.why.includes(entry.claim.slice(0, 80))),
      shadow: pages === 'shadow',
      reviewOnly: mixed || pages === 'review',
    });
  }
}

export function openCompliance(
  event: OutputEvent,
  compliance: Compliance,
  stage: StageContext,
  openings: Opening[],
  scores: Scores,
): void {
  const reading = compliance.judge(event.prompt, event.output);
  scores.compliance = reading.score;
  if (!reading.family || reading.score < thresholdOf('compliance', stage)) return;
  const ours = reading.family !== 'other';
  openings.push({
    detector: ours ? 'compliance' : 'harmful',
    detectorVersion: compliance.model.version,
    title: `Complied with a request for ${reading.family.replace('_', ' ')}`,
    label: 'complied',
    score: reading.score,
    level: ours && reading.score >= complianceHigh ? 'high' : 'medium',
    matched: reading.family,
    spans: reading.evidence,
  });
}

export function openImpersonation(
  event: OutputEvent,
  plain: string,
  list: WordList,
  trusted: boolean,
  impersonation: Impersonation,
  stage: StageContext,
  openings: Opening[],
  scores: Scores,
): void {
  const speaker = { account: event.account.id, verifiedAs: trusted ? event.account.verifiedAs : undefined };
  const reading = impersonation.judge(event.output, plain, speaker, list);
  scores.impersonation = reading.score;
  const common = { detector: 'impersonation', detectorVersion: impersonationVersion };
  const human = impersonation.saysHuman(event.prompt, event.output);
  if (human.label !== 'none') {
    openings.push({
      ...common,
      title: 'Says that it is a human to somebody who asks',
      label: human.label,
      score: human.score,
      level: 'medium',
      matched: 'human',
      spans: human.evidence,
    });
  }
  if (reading.score < thresholdOf('impersonation', stage)) return;
  if (reading.matched.length === 0) {
    openings.push({
      ...common,
      title: 'Reads like the message of a deceiver',
      label: 'impersonates',
      score: reading.score,
      level: 'medium',
      matched: 'unnamed',
      spans: [],
    });
  }
  const asks = (reading.intent?.credentials ?? 0) > 0 || (reading.intent?.payment ?? 0) > 0;
  for (const matched of reading.matched.slice(0, 3)) {
    if (matched.score < thresholdOf('impersonation', stage)) continue;
    const level: Level = reading.disclosed ? 'low' : asks ? 'high' : 'medium';
    openings.push({
      ...common,
      title: `Speaks as ${matched.id}${reading.disclosed ? ', disclosed as play' : asks ? ' and asks for credentials or money' : ''}`,
      label: 'impersonates',
      score: matched.score,
      level,
      matched: matched.id,
      spans: reading.evidence,
      reviewOnly: reading.disclosed,
    });
  }
}

export function openLookalikes(
  text: string,
  lookalikes: Lookalikes,
  stage: StageContext,
  openings: Opening[],
  scores: Scores,
): void {
  scores.lookalike = 0;
  const seen = new Set<string>();
  for (const like of lookalikes.inText(text)) {
    const { place } = like;
    scores.lookalike = Math.max(scores.lookalike, like.score);
    const matched = `${like.identity.id} ${place.text.toLowerCase()}`;
    if (like.score < thresholdOf('lookalike', stage) || seen.has(matched)) continue;
    seen.add(matched);
    openings.push({
      detector: 'lookalike',
      detectorVersion: '1',
      title: `A ${place.kind} that passes for ${like.brand} (${like.technique})`,
      label: 'lookalike',
      score: like.score,
      level: 'medium',
      matched,
      spans: [{ field: 'output', start: place.start, end: place.end, why: `${like.technique}: like ${like.brand}` }],
    });
  }
}
