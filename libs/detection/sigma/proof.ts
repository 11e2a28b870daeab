/**
 * A rule's proof: match.jsonl holds events that it finds, pass.jsonl near misses that it does not. A line is the `data`
 * of an event as producers write it (of `finding`, the finding's fields); what a line leaves out is filled in.
 */
import type { Problem } from '../../config-file/index.js';
import { decode } from '../../events/index.js';
import type { Finding } from '../../incidents/index.js';
import { compileRules } from './compile.js';
import { isFields } from './document.js';
import { categoryOf } from './lint.js';
import type { ParsedRules, RuleFile } from './parse.js';
import type { EventRecord } from './rule-set.js';
import type { SigmaRule } from './rule.js';
import { viewOf, viewOfFinding, type Category } from './view.js';

const time = Date.UTC(2026, 0, 5, 12);

/**
 * Says of each line that does not hold where it stands. A line of match.jsonl wants a match by one of the rules of its
 * folder, a line of pass.jsonl wants none.
 */
export function proveRules(parsed: ParsedRules, proofs: readonly RuleFile[]): Problem[] {
  const problems: Problem[] = [];
  for (const { path, text } of proofs) {
    const wanted = path.endsWith('match.jsonl');
    const rules = parsed.rules.filter(({ file }) => folderOf(file) === folderOf(path));
    const sets = new Map<Category, ReturnType<typeof compileRules>['ruleSet']>();
    for (const category of new Set(rules.map(categoryOf))) {
      if (category === undefined || category === 'other') continue;
      const own = rules.filter((rule) => categoryOf(rule) === category);
      sets.set(category, compileRules({ ...parsed, rules: own }).ruleSet);
    }
    text.split('\n').forEach((line, index) => {
      if (line.trim() === '') return;
      const say = (message: string) =>
        problems.push({ file: path, line: index + 1, column: 1, message, severity: 'error' });
      let data: unknown;
      try {
        data = JSON.parse(line);
      } catch {
        return say('not valid JSON: wanted one JSON object on this line');
      }
      if (!isFields(data)) return say('found no object, wanted the data of an event');
      const found: SigmaRule[] = [];
      for (const [category, set] of sets) {
        const record = recordOf(category, data);
        if (typeof record === 'string') return say(record);
        found.push(...set.match(record, { evidence: false }).map(({ source }) => source));
      }
      if (wanted && found.length === 0) say('no rule of this folder matches, wanted a match');
      if (!wanted) for (const rule of found) say(`"${rule.title}" matches, wanted no match`);
    });
  }
  return problems;
}

/** The event as rules see it, or why it is none. */
function recordOf(category: Category, data: Readonly<Record<string, unknown>>): EventRecord | string {
  if (category === 'finding') return viewOfFinding(findingOf(data));
  const filled = {
    account: { id: 'account' },
    ...(category === 'output' ? { model: { name: 'model', version: '1' } } : {}),
    ...data,
  };
  const event = {
    specversion: '1.0',
    type: `tocsin.${category}.v1`,
    source: 'proof',
    id: 'proof',
    time: new Date(time),
    data: filled,
  };
  const [decoded] = decode(
    {
      topic: 'proof',
      partition: 0,
      offset: 0,
      timestamp: time,
      key: null,
      value: Buffer.from(JSON.stringify(event)),
      headers: {},
    },
    time,
  );
  if (!decoded || decoded.kind === 'rejection') return `found no event: ${decoded?.detail ?? 'nothing was decoded'}`;
  return viewOf(decoded);
}

function findingOf(data: Readonly<Record<string, unknown>>): Finding {
  const plain: Finding = {
    id: 'proof',
    detector: 'rules',
    detectorVersion: '1',
    title: 'Proof',
    label: 'matched',
    score: 1,
    level: 'low',
    matched: 'proof',
    spans: [],
    at: time,
    subject: {},
    shadow: false,
    reviewOnly: false,
  };
  return { ...plain, ...data };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}
