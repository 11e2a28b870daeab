/** Reads a correlation document: what is counted, by which fields, within which time, and when it is enough. */
import { didYouMean } from '../../config-file/index.js';
import { ConditionError, parseCondition, type Condition } from './condition.js';
import { isFields, readLevel, Refusal, type Common, type DocumentContext, type Fields } from './document.js';
import { timespanOf } from './timespan.js';
import { correlationTypes, type Bound, type CorrelationType, type Seen, type SigmaCorrelation } from './rule.js';

const known = ['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate', 'field'];
const compares = ['eq', 'neq', 'lt', 'lte', 'gt', 'gte'] as const;

export function readCorrelation(document: Fields, common: Common, context: DocumentContext): SigmaCorrelation {
  const body = document.correlation;
  const at = (...path: string[]) => ['correlation', ...path];
  if (!isFields(body)) throw new Refusal(at(), 'correlation: wanted type, rules, group-by, timespan and condition');
  for (const field of Object.keys(body)) {
    if (!known.includes(field)) {
      context.warn(at(field), `correlation: found the unknown field "${field}"${didYouMean(field, known)}`);
    }
  }
  const type = typeOf(body.type);
  const temporal = type === 'temporal' || type === 'temporal_ordered';
  const rules = texts(body.rules, 'rules');
  const groupBy =
    body['group-by'] === undefined || body['group-by'] === null ? [] : texts(body['group-by'], 'group-by');
  if (groupBy.length === 0) context.warn(at(), 'correlation.group-by: missing: all events count together');

  const { condition } = body;
  let bounds: Bound[] = [];
  let fields: readonly string[] = [];
  let percentile: number | undefined;
  let seen: Seen | undefined;
  if (typeof condition === 'string') {
    if (!temporal)
      throw new Refusal(at('condition'), `correlation.condition: found a text, wanted a count such as gte: 5`);
    seen = readSeen(condition, rules);
  } else if (isFields(condition)) {
    bounds = boundsOf(condition);
    const counted = condition.field ?? body.field;
    fields = counted === undefined || counted === null ? [] : texts(counted, 'condition', 'field');
    if (condition.percentile !== undefined) percentile = percentileOf(condition.percentile);
  } else if (!temporal) {
    throw new Refusal(at('condition'), 'correlation.condition: missing, wanted a count such as gte: 5');
  }
  if (rules.length === 0 && !seen)
    throw new Refusal(at('rules'), 'correlation.rules: missing, wanted at least one rule');
  if (!temporal && bounds.length === 0) {
    throw new Refusal(at('condition'), `correlation.condition: found no bound, wanted one of ${compares.join(', ')}`);
  }
  if (type.startsWith('value_') && fields.length === 0) {
    throw new Refusal(at('condition'), `correlation.condition.field: missing, wanted the field that ${type} counts`);
  }
  const mentioned = seen ? namesIn(seen) : [];
  return {
    ...common,
    level: readLevel(document),
    type,
    rules: rules.length > 0 ? rules : mentioned,
    groupBy,
    timespan: timespanOf(body.timespan ?? body.timeframe, ['correlation', 'timespan']),
    bounds,
    fields,
    ...(percentile === undefined ? {} : { percentile }),
    ...(seen ? { seen } : {}),
    aliases: aliasesOf(body.aliases),
    generate: (body.generate ?? document.generate) !== false,
  };
}

function typeOf(found: unknown): CorrelationType {
  // Older writers name the condition in the type; the condition's own form tells it as well.
  const plain = String(found).replace(/_extended$/, '');
  const type = correlationTypes.find((one) => one === plain);
  if (type) return type;
  const wanted = `wanted one of ${correlationTypes.join(', ')}`;
  const what = found === undefined ? 'missing' : `found ${JSON.stringify(found)}`;
  throw new Refusal(
    ['correlation', 'type'],
    `correlation.type: ${what}, ${wanted}${didYouMean(plain, correlationTypes)}`,
  );
}

function texts(value: unknown, ...path: string[]): string[] {
  const list = [value].flat();
  if (!list.every((one) => typeof one === 'string' || typeof one === 'number')) {
    throw new Refusal(['correlation', ...path], `correlation.${path.join('.')}: wanted a list of names`);
  }
  return list.map(String);
}

function boundsOf(condition: Fields): Bound[] {
  const bounds: Bound[] = [];
  for (const [key, value] of Object.entries(condition)) {
    if (key === 'field' || key === 'percentile') continue;
    const path = ['correlation', 'condition', key];
    const compare = compares.find((one) => one === key);
    if (!compare) {
      throw new Refusal(
        path,
        `correlation.condition: found "${key}", wanted one of ${compares.join(', ')}${didYouMean(key, compares)}`,
      );
    }
    const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() ? Number(value) : NaN;
    if (!Number.isFinite(number))
      throw new Refusal(path, `correlation.condition.${key}: found ${JSON.stringify(value)}, wanted a number`);
    bounds.push({ compare, value: number });
  }
  return bounds;
}

function percentileOf(value: unknown): number {
  const number = Number(value);
  if (number >= 0 && number <= 100) return number;
  throw new Refusal(['correlation', 'condition', 'percentile'], 'correlation.condition.percentile: wanted 0 to 100');
}

function readSeen(text: string, rules: readonly string[]): Seen {
  const path = ['correlation', 'condition'];
  const build = (node: Condition): Seen => {
    if (node.op === 'name') {
      if (rules.length > 0 && !rules.includes(node.name)) {
        throw new Refusal(
          path,
          `correlation.condition: found "${node.name}", wanted one of ${rules.join(', ')}${didYouMean(node.name, rules)}`,
        );
      }
      return { op: 'rule', rule: node.name };
    }
    if (node.op === 'not') return { op: 'not', part: build(node.part) };
    if (node.op === 'of') throw new Refusal(path, 'correlation.condition: found "of", wanted rules with and, or, not');
    return { op: node.op, parts: node.parts.map(build) };
  };
  try {
    return build(parseCondition(text));
  } catch (error) {
    if (error instanceof ConditionError) throw new Refusal(path, `correlation.condition: ${error.message}`);
    throw error;
  }
}

function namesIn(seen: Seen): string[] {
  if (seen.op === 'rule') return [seen.rule];
  return [...new Set(seen.op === 'not' ? namesIn(seen.part) : seen.parts.flatMap(namesIn))];
}

function aliasesOf(value: unknown): Map<string, Map<string, string>> {
  const aliases = new Map<string, Map<string, string>>();
  if (value === undefined || value === null) return aliases;
  const path = ['correlation', 'aliases'];
  if (!isFields(value)) throw new Refusal(path, 'correlation.aliases: wanted alias: { rule: field }');
  for (const [alias, mapping] of Object.entries(value)) {
    if (!isFields(mapping)) throw new Refusal([...path, alias], `correlation.aliases.${alias}: wanted rule: field`);
    aliases.set(alias, new Map(Object.entries(mapping).map(([rule, field]) => [rule, String(field)])));
  }
  return aliases;
}
