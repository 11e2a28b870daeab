/**
 * Sigma 1 wrote counts behind the condition, `selection | count(user) by host > 5`, with a `timeframe`. Rules in this
 * form still stand in many repositories: they are read as what took its place, a rule and a correlation that counts it.
 */
import type { DocumentContext } from './document.js';
import { Refusal } from './document.js';
import type { Bound, CorrelationType, SigmaCorrelation, SigmaRule } from './rule.js';
import { timespanOf } from './timespan.js';

export interface Aggregation {
  /** What stands before the bar. */
  readonly condition: string;
  readonly type: CorrelationType;
  readonly fields: readonly string[];
  readonly groupBy: readonly string[];
  readonly bound: Bound;
}

const types: Readonly<Record<string, CorrelationType>> = {
  count: 'event_count',
  sum: 'value_sum',
  avg: 'value_avg',
  min: 'value_min',
  max: 'value_max',
};
const compares = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte', '=': 'eq', '==': 'eq' } as const;
const written = /^(.*?)\|\s*(\w+)\s*\(\s*([^)]*?)\s*\)\s*(?:by\s+(.+?)\s*)?(>=|<=|==|>|<|=)\s*(\d+(?:\.\d+)?)\s*$/is;

/** Undefined where the condition is a plain one. */
export function readAggregation(condition: unknown, path: readonly string[]): Aggregation | undefined {
  if (typeof condition !== 'string' || !condition.includes('|')) return undefined;
  const found = written.exec(condition);
  const type = types[found?.[2]?.toLowerCase() ?? ''];
  if (!found || !type) {
    throw new Refusal(
      path,
      'condition: found something behind "|" that is no count, sum, avg, min or max with a bound; write it as a correlation',
    );
  }
  const field = found[3]!;
  return {
    condition: found[1]!.trim(),
    type: type === 'event_count' && field !== '' ? 'value_count' : type,
    fields: field === '' ? [] : [field],
    groupBy: found[4] === undefined ? [] : found[4].split(/\s*,\s*/),
    bound: { compare: compares[found[5] as keyof typeof compares], value: Number(found[6]) },
  };
}

/** The rule by a name of its own that reports nothing, and the correlation that bears the rule's name. */
export function splitAggregation(
  rule: SigmaRule,
  aggregation: Aggregation,
  timeframe: unknown,
  context: DocumentContext,
): { rule: SigmaRule; correlation: SigmaCorrelation } {
  context.warn(
    ['detection', 'condition'],
    'condition: found a count of Sigma 1 behind "|", it is read as a correlation',
  );
  const { type, fields, groupBy, bound } = aggregation;
  const { id: _id, name: _name, ...counted } = rule;
  const key = `${rule.key} (counted)`;
  const correlation: SigmaCorrelation = {
    key: rule.key,
    ...(rule.id === undefined ? {} : { id: rule.id }),
    ...(rule.name === undefined ? {} : { name: rule.name }),
    title: rule.title,
    file: rule.file,
    line: rule.line,
    shadow: rule.shadow,
    level: rule.level,
    type,
    rules: [key],
    groupBy,
    timespan: timeframe === undefined ? 86_400_000 : timespanOf(timeframe, ['detection', 'timeframe']),
    bounds: [bound],
    fields,
    aliases: new Map(),
    generate: false,
  };
  return { rule: { ...counted, key, title: `${rule.title} (counted)` }, correlation };
}
