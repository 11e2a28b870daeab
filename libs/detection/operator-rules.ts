/**
 * The operator's rules at work: which match an event or a finding, what they open, and what the correlations over them
 * count. Rules of one category never meet events of another.
 */
import type { Event } from '../events/index.js';
import { outputSubject, type Finding, type Span, type Subject } from '../incidents/index.js';
import type { Signal } from '../incidents/index.js';
import type { Opening } from './judgement.js';
import {
  compileRules,
  viewOf,
  viewOfFinding,
  type Category,
  type CompiledCorrelation,
  type ParsedRules,
  type RuleMatch,
  type RuleSet,
} from './sigma/index.js';

const fieldsOfSpans: Readonly<Record<string, Span['field']>> = {
  'output.text': 'output',
  'prompt.text': 'prompt',
  'comment.text': 'comment',
};

export interface RuleHits {
  readonly openings: Opening[];
  /** Made once the findings have their ids. */
  signals(subject: Subject, findingOf: (rule: string) => string | undefined): Signal[];
}

const noHits: RuleHits = { openings: [], signals: () => [] };

export class OperatorRules {
  readonly correlations: readonly CompiledCorrelation[];
  private readonly sets: ReadonlyMap<Category, RuleSet>;
  private readonly counting = new Map<string, CompiledCorrelation[]>();
  /** Rules that only feed correlations. */
  private readonly silent = new Set<string>();

  constructor(parsed: ParsedRules) {
    const sets = new Map<Category, RuleSet>();
    for (const category of ['output', 'feedback', 'verdict', 'finding'] as const) {
      const { ruleSet } = compileRules(parsed, { logsource: { product: 'tocsin', category } });
      if (ruleSet.rules.length > 0) sets.set(category, ruleSet);
    }
    this.sets = sets;
    this.correlations = compileRules(parsed).correlations;
    for (const correlation of this.correlations) {
      for (const base of correlation.bases) {
        this.counting.set(base, [...(this.counting.get(base) ?? []), correlation]);
        if (!correlation.source.generate) this.silent.add(base);
      }
    }
  }

  ofEvent(event: Event): RuleHits {
    const set = this.sets.get(event.kind);
    if (!set) return noHits;
    const view = viewOf(event);
    const matches = set.match(view);
    if (matches.length === 0) return noHits;
    const eventId = outputSubject(event.source, event.id);
    return this.hits(matches, view, eventId, event.at, (match) => match.rule);
  }

  ofFinding(finding: Finding): RuleHits {
    const set = this.sets.get('finding');
    if (!set) return noHits;
    const view = viewOfFinding(finding);
    const matches = set.match(view, { evidence: false });
    if (matches.length === 0) return noHits;
    const eventId = finding.event ? outputSubject(finding.event.source, finding.event.id) : finding.id;
    const hits = this.hits(matches, view, eventId, finding.at, (match) => `${match.rule} ${finding.id}`);
    // The finding judged is itself what a correlation over it joins.
    return {
      openings: hits.openings,
      signals: (subject, own) => hits.signals(subject, (rule) => own(rule) ?? finding.id),
    };
  }

  private hits(
    matches: readonly RuleMatch[],
    view: Readonly<Record<string, unknown>>,
    eventId: string,
    at: number,
    matchedBy: (match: RuleMatch) => string,
  ): RuleHits {
    const openings = matches
      .filter((match) => !this.silent.has(match.rule))
      .map((match) => openingOf(match, matchedBy(match)));
    return {
      openings,
      signals: (subject, findingOf) =>
        matches.flatMap((match) =>
          (this.counting.get(match.rule) ?? []).flatMap((correlation) => {
            const finding = findingOf(match.rule);
            const field = (name: string) => fieldText(view[name]);
            return correlation.signalOf({ rule: match.rule, eventId, at, subject, finding, field }) ?? [];
          }),
        ),
    };
  }
}

function openingOf(match: RuleMatch, matched: string): Opening {
  return {
    detector: 'rules',
    detectorVersion: '1',
    rule: match.rule,
    title: match.title,
    label: 'matched',
    score: 1,
    level: match.level,
    matched,
    spans: match.spans.flatMap((span): Span[] => {
      const field = fieldsOfSpans[span.field];
      return field ? [{ field, start: span.start, end: span.end, why: span.why }] : [];
    }),
    shadow: match.shadow,
  };
}

function fieldText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) && value.length > 0 ? fieldText(value[0]) : undefined;
}
