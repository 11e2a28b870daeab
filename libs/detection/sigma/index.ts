/**
 * Sigma 2.1: rules, filters and correlations. Promises: a bad document is told with file, line and column and never
 * keeps the others from running; matching takes time linear in the event, whatever the rules; what a rule says of an
 * event does not depend on which other rules are loaded.
 */
export { parseRules, type ParsedRules, type ParseOptions, type RuleFile } from './parse.js';
export { compileRules, type CompiledRules, type CompileOptions } from './compile.js';
export { RuleSet, type EventRecord, type MatchSpan, type RuleMatch } from './rule-set.js';
export { CompiledCorrelation, type Occurrence } from './correlation.js';
export { viewFields, viewOf, viewOfFinding, type Category } from './view.js';
export type { LogSource, SigmaCorrelation, SigmaFilter, SigmaLevel, SigmaRule } from './rule.js';

export { readTime, RuleStream, type StreamOptions } from './stream.js';
export { checkRules, type CheckedRules } from './lint.js';
export { proveRules } from './proof.js';
