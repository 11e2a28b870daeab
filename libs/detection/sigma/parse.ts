/**
 * Reads rule files. Every document is by itself: one that cannot be taken is told with its place and left out, all
 * others stand. Rules come out whole, so that matching has nothing left to refuse.
 */
import { z } from 'zod';
import { didYouMean, readDocuments, type Path, type Problem } from '../../config-file/index.js';
import { readAggregation, splitAggregation } from './aggregation.js';
import { ConditionError, namesOf, parseCondition, type Condition } from './condition.js';
import {
  isFields,
  readCommon,
  readLevel,
  Refusal,
  topFields,
  type Common,
  type DocumentContext,
  type Fields,
} from './document.js';
import { compileItem, ItemError, type Placeholders } from './item.js';
import { readCorrelation } from './parse-correlation.js';
import type { Expression, LogSource, SigmaCorrelation, SigmaFilter, SigmaRule } from './rule.js';

export interface RuleFile {
  /** As it is to be named in messages, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface ParseOptions {
  /** What `%name%` stands for in values with `expand`. */
  readonly placeholders?: Placeholders;
}

export interface ParsedRules {
  readonly rules: readonly SigmaRule[];
  readonly filters: readonly SigmaFilter[];
  readonly correlations: readonly SigmaCorrelation[];
  /** An error means that its document is left out. */
  readonly problems: readonly Problem[];
}

export function parseRules(files: readonly RuleFile[], options: ParseOptions = {}): ParsedRules {
  const rules: SigmaRule[] = [];
  const filters: SigmaFilter[] = [];
  const correlations: SigmaCorrelation[] = [];
  const problems: Problem[] = [];
  const keys = new Map<string, string>();

  for (const { path: file, text } of files) {
    let shared: Fields = {};
    for (const reading of readDocuments(z.unknown(), text, file)) {
      problems.push(...reading.problems);
      if (reading.value === undefined) continue;
      const warn = (path: Path, message: string) => problems.push(reading.warning(path, message));
      const context: DocumentContext = { file, reading, placeholders: options.placeholders ?? {}, warn };
      try {
        if (!isFields(reading.value)) throw new Refusal([], 'found no fields, wanted a Sigma rule');
        // The old way of several rules in a file: one document says what all that follow have in common.
        if (reading.value.action === 'global') {
          shared = merge(shared, reading.value);
          continue;
        }
        if (reading.value.action === 'reset') shared = {};
        const document = merge(shared, reading.value);
        const common = readCommon(document, context);
        const known = keys.get(common.key);
        if (known !== undefined) warn(['id'], `found "${common.key}" a second time, it is in ${known} already`);
        if ('correlation' in document) correlations.push(readCorrelation(document, common, context));
        else if ('filter' in document) filters.push(readFilter(document, common, context));
        else {
          const { rule, correlation } = readRule(document, common, context);
          rules.push(rule);
          if (correlation) correlations.push(correlation);
        }
        keys.set(common.key, file);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        problems.push(reading.error(error.path, error.message));
      }
    }
  }
  return { rules, filters, correlations, problems };
}

function readLogSource(document: Fields, context: DocumentContext): LogSource {
  const source = document.logsource;
  if (source === undefined || source === null) {
    context.warn([], 'logsource: missing: the rule is for no log source and runs in `tocsin match` alone');
    return {};
  }
  if (!isFields(source)) throw new Refusal(['logsource'], 'logsource: wanted category, product or service');
  const part = (field: 'category' | 'product' | 'service') =>
    source[field] === undefined || source[field] === null ? {} : { [field]: String(source[field]) };
  return { ...part('category'), ...part('product'), ...part('service') };
}

function readRule(
  document: Fields,
  common: Common,
  context: DocumentContext,
): { rule: SigmaRule; correlation?: SigmaCorrelation } {
  const { detection } = document;
  if (!isFields(detection)) {
    const near = Object.keys(document).flatMap((field) =>
      topFields.includes(field) ? [] : [didYouMean(field, topFields)],
    );
    const meant = near.find((said) => /detection|correlation|filter/.test(said)) ?? '';
    throw new Refusal([], `detection: missing, wanted a detection, a correlation or a filter${meant}`);
  }
  const aggregation = readAggregation(detection.condition, ['detection', 'condition']);
  const plain = aggregation ? { ...detection, condition: aggregation.condition } : detection;
  const expression = readDetection(plain, ['detection'], context);
  const tags = Array.isArray(document.tags) ? document.tags.map(String) : [];
  const fields = fieldsOf(expression);
  const level = readLevel(document);
  const rule = { ...common, level, logsource: readLogSource(document, context), expression, tags, fields };
  return aggregation ? splitAggregation(rule, aggregation, detection.timeframe, context) : { rule };
}

function readFilter(document: Fields, common: Common, context: DocumentContext): SigmaFilter {
  const { filter } = document;
  if (!isFields(filter)) throw new Refusal(['filter'], 'filter: wanted rules, a selection and a condition');
  const { rules, ...detection } = filter;
  if (rules !== undefined && typeof rules !== 'string' && !Array.isArray(rules)) {
    throw new Refusal(['filter', 'rules'], 'filter.rules: wanted a list of rules');
  }
  const named = rules === undefined ? [] : [rules].flat().map(String);
  const everything = named.length === 0 || named.some((rule) => rule === 'any' || rule === '*');
  const condition = readDetection(detection, ['filter'], context);
  // Two ways are in use to say the same: `selection` names what is unwanted, `not selection` what is kept.
  const keeps: Expression = condition.op === 'not' ? condition : { op: 'not', part: condition };
  return { ...common, logsource: readLogSource(document, context), rules: everything ? undefined : named, keeps };
}

/** The search identifiers and the condition over them, as one tree. */
function readDetection(detection: Fields, path: Path, context: DocumentContext): Expression {
  const { condition, timeframe: _timeframe, ...identifiers } = detection;
  const names = Object.keys(identifiers);
  if (condition === undefined || condition === null) throw new Refusal(path, 'condition: missing, wanted one');
  const conditions = [condition].flat();
  const trees = new Map<string, Expression>();
  for (const name of names) trees.set(name, readIdentifier(identifiers[name], [...path, name], context));
  const used = new Set<string>();

  const build = (node: Condition, at: Path): Expression => {
    switch (node.op) {
      case 'name': {
        const tree = trees.get(node.name);
        if (!tree) {
          const wanted = `wanted one of ${names.join(', ') || 'none, there is no search identifier'}`;
          throw new Refusal(at, `condition: found "${node.name}", ${wanted}${didYouMean(node.name, names)}`);
        }
        used.add(node.name);
        return tree;
      }
      case 'of': {
        const chosen = namesOf(node.pattern, names);
        for (const name of chosen) used.add(name);
        if (chosen.length === 0) {
          if (node.count === 'all')
            throw new Refusal(at, `condition: found no search identifier for "all of ${node.pattern}"`);
          context.warn(
            at,
            `condition: found no search identifier for "${node.count} of ${node.pattern}", which is never true`,
          );
          return { op: 'constant', value: false };
        }
        const count = node.count === 'all' ? chosen.length : node.count;
        if (combinations(chosen.length, count) > 2000) {
          throw new Refusal(
            at,
            `condition: found ${count} of ${chosen.length} search identifiers, which has too many ways to be true`,
          );
        }
        return atLeast(
          count,
          chosen.map((name) => trees.get(name)!),
        );
      }
      case 'not':
        return { op: 'not', part: build(node.part, at) };
      default:
        return { op: node.op, parts: node.parts.map((part) => build(part, at)) };
    }
  };
  const parts = conditions.map((one, index) => {
    const at = Array.isArray(condition) ? [...path, 'condition', index] : [...path, 'condition'];
    try {
      return build(parseCondition(String(one)), at);
    } catch (error) {
      if (error instanceof ConditionError) throw new Refusal(at, `condition: ${error.message}`);
      throw error;
    }
  });
  for (const name of names) {
    if (!used.has(name) && !name.startsWith('_')) {
      context.warn([...path, name], `${name}: no condition uses this search identifier`);
    }
  }
  return parts.length === 1 ? parts[0]! : { op: 'or', parts };
}

function combinations(of: number, count: number): number {
  let ways = 1;
  for (let i = 0; i < Math.min(count, of - count); i++) ways = (ways * (of - i)) / (i + 1);
  return ways;
}

function atLeast(count: number, parts: readonly Expression[]): Expression {
  if (count <= 0) return { op: 'constant', value: true };
  if (count > parts.length) return { op: 'constant', value: false };
  if (count === 1) return parts.length === 1 ? parts[0]! : { op: 'or', parts };
  if (count === parts.length) return { op: 'and', parts };
  const [first, ...rest] = parts;
  const without = atLeast(count, rest);
  return { op: 'or', parts: [{ op: 'and', parts: [first!, atLeast(count - 1, rest)] }, without] };
}

function readIdentifier(value: unknown, path: Path, context: DocumentContext): Expression {
  if (isFields(value)) return readMap(value, path, '', context);
  if (Array.isArray(value)) {
    if (value.length === 0) throw new Refusal(path, `${path.at(-1)}: found an empty list, wanted at least one entry`);
    const parts = value.map((entry: unknown, index) =>
      isFields(entry) || Array.isArray(entry)
        ? readIdentifier(entry, [...path, index], context)
        : item('', entry, [...path, index], context),
    );
    return parts.length === 1 ? parts[0]! : { op: 'or', parts };
  }
  if (value === null || value === undefined)
    throw new Refusal(path, `${path.at(-1)}: found nothing, wanted fields or a list`);
  return item('', value, path, context);
}

function readMap(map: Fields, path: Path, prefix: string, context: DocumentContext): Expression {
  const entries = Object.entries(map);
  if (entries.length === 0) throw new Refusal(path, `${path.at(-1)}: found no field, wanted at least one`);
  const parts = entries.map(([key, value]) => {
    const at = [...path, key];
    // Fields inside fields are another way to write a dotted name.
    if (isFields(value)) return readMap(value, at, `${prefix}${key}.`, context);
    if (Array.isArray(value) && value.length > 0 && value.every(isFields)) {
      const choices = value.map((one, index) => readMap(one, [...at, index], `${prefix}${key}.`, context));
      return choices.length === 1 ? choices[0]! : ({ op: 'or', parts: choices } as const);
    }
    return item(prefix + key, value, at, context);
  });
  return parts.length === 1 ? parts[0]! : { op: 'and', parts };
}

function item(key: string, value: unknown, path: Path, context: DocumentContext): Expression {
  const named = key === '' ? '' : `${key}: `;
  try {
    const warn = (message: string) => context.warn(path, named + message);
    return compileItem(key, value, { placeholders: context.placeholders, warn });
  } catch (error) {
    if (error instanceof ItemError) throw new Refusal(path, named + error.message);
    throw error;
  }
}

function merge(base: Fields, own: Fields): Fields {
  const { action: _action, ...rest } = own;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(rest)) {
    const before = merged[key];
    merged[key] = isFields(before) && isFields(value) ? merge(before, value) : value;
  }
  return merged;
}

/** Every field an expression reads, other sides of comparisons included. */
export function fieldsOf(expression: Expression): string[] {
  const fields = new Set<string>();
  const visit = (node: Expression): void => {
    if (node.op === 'and' || node.op === 'or') node.parts.forEach(visit);
    else if (node.op === 'not') visit(node.part);
    else if (node.op === 'test') {
      if (node.field !== undefined) fields.add(node.field);
      if (node.test.kind === 'fieldref') fields.add(node.test.other);
      if (node.test.kind === 'template')
        for (const part of node.test.parts) if ('field' in part) fields.add(part.field);
    }
  };
  visit(expression);
  return [...fields];
}
