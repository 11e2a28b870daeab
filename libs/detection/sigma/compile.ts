/** From rules as read to what runs: the rules of a log source, with the filters that tune them and their correlations. */
import type { Problem } from '../../config-file/index.js';
import { CompiledCorrelation, resolveCorrelations } from './correlation.js';
import type { ParsedRules } from './parse.js';
import type { Expression, LogSource, SigmaFilter, SigmaRule } from './rule.js';
import { RuleSet } from './rule-set.js';

export interface CompileOptions {
  /** Only rules for it: those that name it, or leave a part of it open. Without it all rules, whatever their log source. */
  readonly logsource?: LogSource;
}

export interface CompiledRules {
  readonly ruleSet: RuleSet;
  readonly correlations: readonly CompiledCorrelation[];
  /** Correlations and filters that name what is not there. */
  readonly problems: readonly Problem[];
}

export function compileRules(parsed: ParsedRules, options: CompileOptions = {}): CompiledRules {
  const problems: Problem[] = [];
  const rules = parsed.rules.map((rule) => filtered(rule, parsed.filters));
  for (const filter of parsed.filters) {
    for (const name of filter.rules ?? []) {
      if (!parsed.rules.some((rule) => isNamed(rule, name))) {
        problems.push({
          ...placeOf(filter),
          severity: 'warning',
          message: `filter.rules: found "${name}", which no rule here is called`,
        });
      }
    }
  }
  const chosen = options.logsource ? rules.filter((rule) => covers(options.logsource!, rule.logsource)) : rules;
  const resolved = resolveCorrelations(parsed);
  let ruleSet: RuleSet | undefined;
  return {
    // Made when asked for: who wants the correlations alone need not wait for thousands of rules.
    get ruleSet() {
      return (ruleSet ??= new RuleSet(chosen));
    },
    correlations: resolved.correlations,
    problems: [...problems, ...resolved.problems],
  };
}

function filtered(rule: SigmaRule, filters: readonly SigmaFilter[]): SigmaRule {
  const own = filters.filter(
    (filter) => (filter.rules?.some((name) => isNamed(rule, name)) ?? true) && covers(rule.logsource, filter.logsource),
  );
  if (own.length === 0) return rule;
  const expression: Expression = { op: 'and', parts: [rule.expression, ...own.map((filter) => filter.keeps)] };
  return { ...rule, expression };
}

export function isNamed(rule: { id?: string; name?: string; title: string; key: string }, name: string): boolean {
  return rule.id === name || rule.name === name || rule.title === name || rule.key === name;
}

/** Everything that `wanted` names is so in `source`; what it leaves open fits. */
function covers(source: LogSource, wanted: LogSource): boolean {
  return (['category', 'product', 'service'] as const).every(
    (part) => wanted[part] === undefined || wanted[part].toLowerCase() === source[part]?.toLowerCase(),
  );
}

export function placeOf(rule: { file: string; line: number }): { file: string; line: number; column: number } {
  return { file: rule.file, line: rule.line, column: 1 };
}
