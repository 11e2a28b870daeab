/**
 * What `tocsin check` says of rules beyond reading them: names that no event has, parts that can never be true, costs.
 * Rules of other log sources load and are lint-free as they are; they run in `tocsin match` alone, and that is said.
 */
import { didYouMean, inFileOrder, type Problem } from '../../config-file/index.js';
import { compileRules, placeOf } from './compile.js';
import { parseRules, type ParsedRules, type ParseOptions, type RuleFile } from './parse.js';
import type { Expression, SigmaRule } from './rule.js';
import { viewFields, type Category } from './view.js';

export interface CheckedRules {
  readonly parsed: ParsedRules;
  /** Everything there is to say, in the order of the files. */
  readonly problems: readonly Problem[];
}

export function checkRules(files: readonly RuleFile[], options: ParseOptions = {}): CheckedRules {
  const parsed = parseRules(files, options);
  const problems: Problem[] = [...parsed.problems];
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  for (const rule of parsed.rules) problems.push(...lintRule(rule, texts.get(rule.file) ?? ''));
  for (const correlation of parsed.correlations) {
    if (correlation.id === undefined) problems.push({ ...placeOf(correlation), severity: 'warning', message: noId });
  }
  problems.push(...compileRules(parsed).problems);
  return { parsed, problems: inFileOrder(problems) };
}

const noId = 'id: missing: findings and correlations name the rule by its title, and are cut off when that changes';

function lintRule(rule: SigmaRule, text: string): Problem[] {
  const problems: Problem[] = [];
  const warn = (message: string, place: { line: number; column: number } = placeOf(rule)) =>
    problems.push({ file: rule.file, ...place, severity: 'warning', message });
  if (rule.id === undefined) warn(noId);
  const category = categoryOf(rule);
  if (category === 'other') {
    const { product, category: kind } = rule.logsource;
    warn(
      `logsource: found ${[product, kind].filter(Boolean).join('/') || 'nothing'}, which is no log source of Tocsin: it runs in \`tocsin match\` alone`,
    );
  } else {
    const known = category === undefined ? Object.values(viewFields).flat() : viewFields[category];
    for (const field of rule.fields) {
      if (known.includes(field)) continue;
      warn(
        `${field}: no event of ${category ?? 'Tocsin'} has this field${didYouMean(field, known)}`,
        placeIn(text, rule, field),
      );
    }
  }
  if (isConstant(rule.expression, false)) warn('condition: it is never true');
  if (isConstant(rule.expression, true)) warn('condition: it is always true');
  for (const message of contradictions(rule.expression)) warn(message);
  return problems;
}

/** Undefined: of Tocsin, every category. */
export function categoryOf(rule: SigmaRule): Category | 'other' | undefined {
  const { product, category } = rule.logsource;
  if (product?.toLowerCase() !== 'tocsin') return 'other';
  if (category === undefined) return undefined;
  const known = (Object.keys(viewFields) as Category[]).find((one) => one === category.toLowerCase());
  return known ?? 'other';
}

/** Where a field's name stands in the rule's document. */
function placeIn(text: string, rule: SigmaRule, field: string): { line: number; column: number } {
  const lines = text.split('\n');
  for (let line = rule.line - 1; line < lines.length; line++) {
    const column = lines[line]!.indexOf(field);
    if (column >= 0 && /^[\s'"|:,]|^$/.test(lines[line]!.slice(column + field.length)))
      return { line: line + 1, column: column + 1 };
  }
  return { line: rule.line, column: 1 };
}

function isConstant(expression: Expression, wanted: boolean): boolean {
  switch (expression.op) {
    case 'constant':
      return expression.value === wanted;
    case 'not':
      return isConstant(expression.part, !wanted);
    case 'test':
      return false;
    default: {
      const each = (expression.op === 'and') === wanted;
      const is = (part: Expression) => isConstant(part, wanted);
      return each ? expression.parts.every(is) : expression.parts.some(is);
    }
  }
}

/** Selections that want one field to be two texts at once. */
function contradictions(expression: Expression): string[] {
  if (expression.op === 'not') return contradictions(expression.part);
  if (expression.op !== 'and' && expression.op !== 'or') return [];
  const found = expression.parts.flatMap(contradictions);
  if (expression.op === 'or') return found;
  const wholes = new Map<string, string>();
  for (const part of expression.parts) {
    if (part.op !== 'test' || part.field === undefined || part.test.kind !== 'equals') continue;
    const before = wholes.get(part.field);
    if (before !== undefined && before !== part.test.text) {
      found.push(`${part.field}: found "${before}" and "${part.test.text}" wanted at once, which only a list can be`);
    }
    wholes.set(part.field, part.test.text);
  }
  return found;
}
