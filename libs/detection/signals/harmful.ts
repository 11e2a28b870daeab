/**
 * What the deployment's own protocols and outside moderators say of an output, as findings: flagged by a filter, or a
 * verdict in one of the 13 moderation categories.
 */
import type { OutputEvent, VerdictEvent } from '../../events/index.js';
import type { Level } from '../../incidents/index.js';

/** The moderation categories, and how grave a flagged output of each is. */
export const moderationCategories: Readonly<Record<string, Level>> = {
  harassment: 'medium',
  'harassment/threatening': 'high',
  hate: 'medium',
  'hate/threatening': 'high',
  illicit: 'medium',
  'illicit/violent': 'high',
  'self-harm': 'medium',
  'self-harm/intent': 'high',
  'self-harm/instructions': 'high',
  sexual: 'medium',
  'sexual/minors': 'critical',
  violence: 'medium',
  'violence/graphic': 'medium',
};

export interface Harm {
  readonly label: string;
  readonly score: number;
  readonly level: Level;
  readonly title: string;
}

/** Protocols that judge content and flagged this output; a rate limit says nothing of content. */
export function flaggedBy(event: OutputEvent): Harm[] {
  const harms: Harm[] = [];
  for (const [protocol, result] of Object.entries(event.safety)) {
    if (protocol === 'rate_limit' || !result.ran || !result.flagged) continue;
    const title = `Flagged by the deployment's own ${protocol.replaceAll('_', ' ')}`;
    harms.push({ label: protocol, score: result.score ?? 1, level: 'medium', title });
  }
  return harms;
}

/** A verdict's label in any of the ways that moderators write it: `hate/threatening`, `hate_threatening`, `H2`. */
export function moderationCategory(label: string): string | undefined {
  const plain = label
    .trim()
    .toLowerCase()
    .replace(/^(?:flagged|category)[:/ ]+/, '');
  const short: Readonly<Record<string, string>> = {
    s: 'sexual',
    h: 'hate',
    v: 'violence',
    hr: 'harassment',
    sh: 'self-harm',
    s3: 'sexual/minors',
    h2: 'hate/threatening',
    v2: 'violence/graphic',
  };
  const known = short[plain] ?? plain;
  const wanted = known.replace(/[\s_./-]+/g, '');
  return Object.keys(moderationCategories).find((category) => category.replace(/[/-]/g, '') === wanted);
}

/** What a verdict finds, where it finds anything: `unchecked` and clean labels find nothing. */
export function verdictHarm(event: VerdictEvent): Harm | undefined {
  const score = event.score ?? 0;
  if (event.label === 'unchecked') return undefined;
  const category = moderationCategory(event.label);
  if (!category) return undefined;
  return {
    label: category,
    score,
    level: moderationCategories[category] ?? 'medium',
    title: `Moderation: ${category}`,
  };
}

/** Labels of verdicts on our own detectors that mean "misuse found". */
export const positiveLabels: ReadonlySet<string> = new Set([
  'promotes',
  'complied',
  'impersonates',
  'lookalike',
  'false',
  'misinformation',
  'disinformation',
  'impersonation',
  'flagged',
  'unverified_identity',
  'harmful',
]);
