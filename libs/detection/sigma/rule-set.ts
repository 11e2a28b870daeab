/**
 * Which rules match an event. Cost grows with the rules that can match: each rule waits on the rarest thing it needs (a
 * value, a fixed text, a field), one pass over the event's texts says which of these are there, and only the rules
 * behind them are asked.
 */
import type { Level } from '../../incidents/index.js';
import {
  checkOf,
  evidenceOf,
  triggerCost,
  triggerOf,
  type Check,
  type Surroundings,
  type Text,
  type Trigger,
} from './atoms.js';
import { buildAutomaton, type Automaton } from './automaton.js';
import { fold } from './fold.js';
import { levelOf, type Expression, type SigmaRule, type Test } from './rule.js';
import { isView, keywordFields } from './view.js';

export interface RuleMatch {
  /** The rule's id, else title, else path. */
  readonly rule: string;
  readonly title: string;
  readonly level: Level;
  readonly shadow: boolean;
  readonly spans: readonly MatchSpan[];
  readonly source: SigmaRule;
}

/** Part of a field's value that speaks for the match; offsets in UTF-16 units. */
export interface MatchSpan {
  readonly field: string;
  readonly start: number;
  readonly end: number;
  readonly why: string;
}

interface Atom {
  /** Index of its field; -1 for a keyword. */
  readonly field: number;
  readonly test: Test;
  readonly check: Check;
  readonly trigger: Trigger;
  /** Without its trigger the test is false, and is not asked. */
  gated: boolean;
  /** Rules that wait on it. */
  readonly waiting: number[];
  shared: number;
}

type Tree =
  | { readonly op: 'and' | 'or'; readonly parts: readonly Tree[] }
  | { readonly op: 'not'; readonly part: Tree }
  | { readonly op: 'atom'; readonly atom: number }
  | { readonly op: 'constant'; readonly value: boolean };

interface Guard {
  readonly atoms: readonly number[];
  readonly cost: number;
}

const mostSpans = 8;
const keyword = -1;

export type EventRecord = Readonly<Record<string, unknown>>;

export class RuleSet {
  readonly rules: readonly SigmaRule[];
  private readonly trees: readonly Tree[];
  private readonly atoms: Atom[] = [];
  private readonly atomIndex = new Map<string, number>();
  private readonly fields: string[] = [];
  private readonly fieldIndex = new Map<string, number>();
  /** For a name before a dot: the fields that may lie inside it. */
  private readonly inside = new Map<string, number[]>();
  private readonly always: number[] = [];
  private readonly byPresence: number[][] = [];
  private readonly byValue: (Map<string, number[]> | undefined)[] = [];
  private readonly numeric: boolean[] = [];
  private readonly automaton: Automaton | undefined;
  private readonly scanned: boolean[] = [];
  private readonly keywords: boolean;
  /** Literal -> pairs of field and atom, from `literalStart`. */
  private readonly literalStart: Uint32Array;
  private readonly literalPairs: Int32Array;

  // What is known of the event in hand; a stamp tells it from what is left of earlier ones.
  private stamp = 0;
  private scan = 0;
  private readonly present: number[] = [];
  private readonly values: unknown[] = [];
  private readonly valueStamp: Uint32Array;
  private readonly texts: (readonly Lazy[] | undefined)[] = [];
  private readonly fired: Uint32Array;
  private readonly known: Uint32Array;
  private readonly truth: Uint8Array;
  private readonly asked: Uint32Array;
  private readonly candidates: number[] = [];
  private readonly literalSeen: Uint32Array;
  private everything: readonly Lazy[] | undefined;
  private event: EventRecord = {};
  private readonly around: Surroundings = { textsOf: (field) => this.textsNamed(field) };

  constructor(rules: readonly SigmaRule[]) {
    this.rules = rules;
    this.trees = rules.map((rule) => {
      const used = new Set<number>();
      const tree = this.treeOf(rule.expression, used);
      for (const atom of used) this.atoms[atom]!.shared++;
      return tree;
    });
    for (const field of this.fields) {
      for (let dot = field.indexOf('.'); dot > 0; dot = field.indexOf('.', dot + 1)) {
        const outer = field.slice(0, dot);
        this.inside.set(outer, [...(this.inside.get(outer) ?? []), this.fieldIndex.get(field)!]);
      }
    }

    this.trees.forEach((tree, rule) => {
      const guard = this.guardOf(tree, false);
      if (!guard) this.always.push(rule);
      else
        for (const atom of guard.atoms) {
          this.atoms[atom]!.waiting.push(rule);
          this.atoms[atom]!.gated = true;
        }
    });

    const pairs = new Map<string, [number, number][]>();
    this.atoms.forEach((atom, index) => {
      const { trigger, field } = atom;
      if (trigger.by === 'value' && field !== keyword) {
        atom.gated = true;
        const values = (this.byValue[field] ??= new Map<string, number[]>());
        values.set(trigger.text, [...(values.get(trigger.text) ?? []), index]);
        if (atom.test.kind === 'number') this.numeric[field] = true;
      } else if (trigger.by === 'literal' && atom.gated) {
        for (const literal of trigger.literals) {
          const list = pairs.get(literal) ?? [];
          list.push([field, index]);
          pairs.set(literal, list);
        }
        if (field !== keyword) this.scanned[field] = true;
      } else {
        atom.gated = false;
        if (trigger.by === 'presence' && field !== keyword) {
          (this.byPresence[field] ??= []).push(...atom.waiting);
        }
      }
    });
    this.keywords = this.atoms.some((atom) => atom.field === keyword && atom.gated);
    const literals = [...pairs.keys()];
    this.automaton = literals.length > 0 ? buildAutomaton(literals) : undefined;
    this.literalStart = new Uint32Array(literals.length + 1);
    const flat: number[] = [];
    literals.forEach((literal, index) => {
      this.literalStart[index] = flat.length;
      for (const [field, atom] of pairs.get(literal)!) flat.push(field, atom);
    });
    this.literalStart[literals.length] = flat.length;
    this.literalPairs = Int32Array.from(flat);

    this.valueStamp = new Uint32Array(this.fields.length);
    this.fired = new Uint32Array(this.atoms.length);
    this.known = new Uint32Array(this.atoms.length);
    this.truth = new Uint8Array(this.atoms.length);
    this.asked = new Uint32Array(rules.length);
    this.literalSeen = new Uint32Array(literals.length);
  }

  /** In the order of the rules. With `evidence: false` the matches carry no spans. */
  match(event: EventRecord, options: { evidence?: boolean } = {}): RuleMatch[] {
    this.begin(event);
    for (const rule of this.always) this.ask(rule);
    if (isView(event)) this.readView(event);
    else this.readRecord(event);
    for (const field of this.present) this.visit(field);

    const matches: RuleMatch[] = [];
    const candidates = this.candidates;
    if (candidates.length > 1) candidates.sort((a, b) => a - b);
    for (const index of candidates) {
      if (!this.holds(this.trees[index]!)) continue;
      const rule = this.rules[index]!;
      const spans: MatchSpan[] = [];
      if (options.evidence !== false) this.collect(this.trees[index]!, spans);
      matches.push({
        rule: rule.key,
        title: rule.title,
        level: levelOf(rule.level),
        shadow: rule.shadow,
        spans,
        source: rule,
      });
    }
    return matches;
  }

  /** For tools: how many rules wait on nothing, and how many states the automaton has. */
  get statistics(): { rules: number; atoms: number; always: number; states: number; literals: number } {
    const { automaton } = this;
    return {
      rules: this.rules.length,
      atoms: this.atoms.length,
      always: this.always.length,
      states: automaton ? automaton.table.length / automaton.classes : 0,
      literals: this.literalSeen.length,
    };
  }

  private begin(event: EventRecord): void {
    this.event = event;
    this.stamp++;
    this.present.length = 0;
    this.candidates.length = 0;
    this.everything = undefined;
    if (this.stamp < 0xffff_fff0 && this.scan < 0xffff_0000) return;
    this.stamp = 1;
    this.scan = 0;
    for (const stamps of [this.valueStamp, this.fired, this.known, this.asked, this.literalSeen]) stamps.fill(0);
  }

  private readView(event: EventRecord): void {
    for (let field = 0; field < this.fields.length; field++) {
      const value = event[this.fields[field]!];
      if (value !== undefined) this.take(field, value);
    }
    if (!this.keywords) return;
    for (const name of keywordFields) if (!this.fieldIndex.has(name)) this.scanBeside(event[name]);
  }

  /** A value that no field test reads, for keywords alone. */
  private scanBeside(value: unknown): void {
    if (value !== undefined) for (const text of textsWithin(value)) this.scanText(text.raw, keyword);
  }

  private readRecord(event: EventRecord): void {
    let nested: string[] | undefined;
    for (const key in event) {
      const value = event[key];
      const field = this.fieldIndex.get(key);
      if (field !== undefined && value !== undefined) this.take(field, value);
      if (this.keywords && (field === undefined || typeof value === 'object')) this.scanBeside(value);
      if (this.inside.size > 0 && typeof value === 'object' && value !== null && this.inside.has(key)) {
        (nested ??= []).push(key);
      }
    }
    // A name written with its dots goes before the same name found by going inside.
    for (const key of nested ?? []) {
      for (const field of this.inside.get(key)!) {
        if (this.valueStamp[field] === this.stamp) continue;
        const value = reach(event[key], this.fields[field]!.slice(key.length + 1));
        if (value !== undefined) this.take(field, value);
      }
    }
  }

  private take(field: number, value: unknown): void {
    this.values[field] = value;
    this.valueStamp[field] = this.stamp;
    this.texts[field] = undefined;
    this.present.push(field);
  }

  private visit(field: number): void {
    const waiting = this.byPresence[field];
    if (waiting) for (const rule of waiting) this.ask(rule);
    const byValue = this.byValue[field];
    const scanned = this.scanned[field] || this.keywords;
    if (!byValue && !scanned) return;
    for (const text of this.textsAt(field)) {
      if (scanned) this.scanText(text.raw, field);
      if (!byValue) continue;
      const atoms = byValue.get(text.folded);
      if (atoms) for (const atom of atoms) this.fire(atom);
      else if (this.numeric[field]) {
        const plain = plainNumber(text.raw);
        if (plain !== undefined) for (const atom of byValue.get(plain) ?? []) this.fire(atom);
      }
    }
  }

  private scanText(text: string, field: number): void {
    const automaton = this.automaton;
    if (!automaton) return;
    const { classOf, table, accepting } = automaton;
    this.scan++;
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      state = table[state + classOf[text.charCodeAt(i)]!]!;
      if (state >= accepting) this.hit(automaton, state, field);
    }
  }

  private hit(automaton: Automaton, state: number, field: number): void {
    const at = (state - automaton.accepting) / automaton.classes;
    const end = automaton.outputStart[at + 1]!;
    for (let i = automaton.outputStart[at]!; i < end; i++) {
      const literal = automaton.outputs[i]!;
      if (this.literalSeen[literal] === this.scan) continue;
      this.literalSeen[literal] = this.scan;
      const last = this.literalStart[literal + 1]!;
      for (let j = this.literalStart[literal]!; j < last; j += 2) {
        const wanted = this.literalPairs[j]!;
        if (wanted === field || wanted === keyword) this.fire(this.literalPairs[j + 1]!);
      }
    }
  }

  private fire(index: number): void {
    if (this.fired[index] === this.stamp) return;
    this.fired[index] = this.stamp;
    const atom = this.atoms[index]!;
    for (const rule of atom.waiting) this.ask(rule);
  }

  private ask(rule: number): void {
    if (this.asked[rule] === this.stamp) return;
    this.asked[rule] = this.stamp;
    this.candidates.push(rule);
  }

  private holds(tree: Tree): boolean {
    switch (tree.op) {
      case 'atom':
        return this.isTrue(tree.atom);
      case 'and':
        for (const part of tree.parts) if (!this.holds(part)) return false;
        return true;
      case 'or':
        for (const part of tree.parts) if (this.holds(part)) return true;
        return false;
      case 'not':
        return !this.holds(tree.part);
      case 'constant':
        return tree.value;
    }
  }

  private isTrue(index: number): boolean {
    if (this.known[index] === this.stamp) return this.truth[index] === 1;
    const truth = this.decide(index);
    this.known[index] = this.stamp;
    this.truth[index] = truth ? 1 : 0;
    return truth;
  }

  private decide(index: number): boolean {
    const { field, test, check, trigger, gated } = this.atoms[index]!;
    if (gated) {
      if (this.fired[index] !== this.stamp) return false;
      if ('decides' in trigger && trigger.decides) return true;
    }
    if (field === keyword) {
      for (const text of this.allTexts()) if (check(text, this.around)) return true;
      return false;
    }
    const there = this.valueStamp[field] === this.stamp;
    if (test.kind === 'exists') return there;
    if (test.kind === 'null') return !there || isNull(this.values[field]);
    if (!there) return false;
    for (const text of this.textsAt(field)) if (check(text, this.around)) return true;
    return false;
  }

  private textsAt(field: number): readonly Lazy[] {
    return (this.texts[field] ??= textsOf(this.values[field]));
  }

  private textsNamed(name: string): readonly string[] {
    const field = this.fieldIndex.get(name);
    if (field === undefined || this.valueStamp[field] !== this.stamp) return [];
    return this.textsAt(field).map(({ raw }) => raw);
  }

  private allTexts(): readonly Lazy[] {
    return (this.everything ??= isView(this.event)
      ? keywordFields.flatMap((field) => textsOf(this.event[field]))
      : textsWithin(this.event));
  }

  private collect(tree: Tree, spans: MatchSpan[]): void {
    if (spans.length >= mostSpans || tree.op === 'not' || tree.op === 'constant') return;
    if (tree.op !== 'atom') {
      for (const part of tree.parts) if (this.holds(part)) this.collect(part, spans);
      return;
    }
    const { field, test, check } = this.atoms[tree.atom]!;
    if (field === keyword || !this.isTrue(tree.atom) || this.valueStamp[field] !== this.stamp) return;
    for (const text of this.textsAt(field)) {
      const found = check(text, this.around) ? evidenceOf(test, text) : undefined;
      if (found) {
        spans.push({ field: this.fields[field]!, ...found });
        return;
      }
    }
  }

  private treeOf(expression: Expression, used: Set<number>): Tree {
    if (expression.op === 'constant') return expression;
    if (expression.op === 'not') return { op: 'not', part: this.treeOf(expression.part, used) };
    if (expression.op === 'test') {
      const atom = this.atomOf(expression.field, expression.test);
      used.add(atom);
      return { op: 'atom', atom };
    }
    const parts: Tree[] = [];
    for (const part of expression.parts) {
      const tree = this.treeOf(part, used);
      // One level where two of a kind stand inside one another.
      if (tree.op === expression.op) parts.push(...tree.parts);
      else parts.push(tree);
    }
    return { op: expression.op, parts: parts.sort((a, b) => this.weight(a) - this.weight(b)) };
  }

  /** What is quickly decided is asked first. */
  private weight(tree: Tree): number {
    if (tree.op === 'constant') return 0;
    if (tree.op === 'not') return this.weight(tree.part);
    if (tree.op !== 'atom') return tree.parts.reduce((sum, part) => sum + this.weight(part), 0);
    const { kind } = this.atoms[tree.atom]!.test;
    return kind === 'equals' || kind === 'null' || kind === 'exists'
      ? 1
      : kind === 'regex'
        ? 50
        : kind === 'glob'
          ? 10
          : 3;
  }

  private atomOf(name: string | undefined, test: Test): number {
    const field = name === undefined ? keyword : this.fieldOf(name);
    if (test.kind === 'fieldref') this.fieldOf(test.other);
    if (test.kind === 'template') for (const part of test.parts) if ('field' in part) this.fieldOf(part.field);
    const key = `${field} ${describe(test)}`;
    let index = this.atomIndex.get(key);
    if (index === undefined) {
      index = this.atoms.length;
      this.atomIndex.set(key, index);
      const trigger = triggerOf(test);
      this.atoms.push({ field, test, check: checkOf(test), trigger, gated: false, waiting: [], shared: 0 });
    }
    return index;
  }

  private fieldOf(name: string): number {
    let field = this.fieldIndex.get(name);
    if (field === undefined) {
      field = this.fields.length;
      this.fields.push(name);
      this.fieldIndex.set(name, field);
    }
    return field;
  }

  /** The rarest things of which one must be there for the tree to hold (or, negated, not to); undefined: nothing must. */
  private guardOf(tree: Tree, negated: boolean): Guard | undefined {
    switch (tree.op) {
      case 'constant':
        return tree.value === negated ? { atoms: [], cost: 0 } : undefined;
      case 'not':
        return this.guardOf(tree.part, !negated);
      case 'atom': {
        const { trigger, field, shared } = this.atoms[tree.atom]!;
        if (negated || trigger.by === 'none' || (field === keyword && trigger.by !== 'literal')) return undefined;
        return { atoms: [tree.atom], cost: triggerCost(trigger, shared) };
      }
      default: {
        const guards = tree.parts.map((part) => this.guardOf(part, negated));
        if ((tree.op === 'and') === negated) {
          const atoms: number[] = [];
          let cost = 0;
          for (const guard of guards) {
            if (!guard) return undefined;
            atoms.push(...guard.atoms);
            cost += guard.cost;
          }
          return { atoms: [...new Set(atoms)], cost };
        }
        return guards.reduce((best, guard) => (guard && (!best || guard.cost < best.cost) ? guard : best), undefined);
      }
    }
  }
}

/** A text whose folded form is made when asked for. */
class Lazy implements Text {
  private lower: string | undefined;
  constructor(readonly raw: string) {}
  get folded(): string {
    return (this.lower ??= fold(this.raw));
  }
}

const noTexts: readonly Lazy[] = [];

function textsOf(value: unknown): readonly Lazy[] {
  switch (typeof value) {
    case 'string':
      return [new Lazy(value)];
    case 'number':
    case 'boolean':
    case 'bigint':
      return [new Lazy(String(value))];
    case 'object':
      return Array.isArray(value) ? value.flatMap(textsOf) : noTexts;
    default:
      return noTexts;
  }
}

function isNull(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length > 0 && value.every((one) => one === null));
}

/** Every text of a record, however deep, for keywords. */
function textsWithin(value: unknown, depth = 0): Lazy[] {
  if (typeof value !== 'object' || value === null) return [...textsOf(value)];
  if (depth > 64) return [];
  return Object.values(value).flatMap((inner: unknown) => textsWithin(inner, depth + 1));
}

/** What lies at a dotted path; lists give the values of all their entries. */
function reach(value: unknown, path: string): unknown {
  if (Array.isArray(value)) {
    const found = value.map((entry: unknown) => reach(entry, path)).filter((one) => one !== undefined);
    return found.length > 0 ? found.flat() : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const own: Readonly<Record<string, unknown>> = { ...value };
  if (Object.hasOwn(own, path)) return own[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const key = path.slice(0, dot);
    const found = Object.hasOwn(own, key) ? reach(own[key], path.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `"007"` and `"7.0"` are the number 7, written otherwise. */
function plainNumber(text: string): string | undefined {
  if (!/^\s*[+-]?(\d|\.\d)/.test(text)) return undefined;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : String(number);
}

function describe(test: Test): string {
  if (test.kind !== 'regex') return JSON.stringify(test);
  const { pattern, flags } = test.regex;
  return JSON.stringify(['regex', pattern, flags]);
}
