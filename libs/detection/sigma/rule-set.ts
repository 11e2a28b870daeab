/**
 * Which rules match an event. Cost grows with the rules that can match: one pass over the event's texts says which fixed
 * texts are there, a look-up a field which values, and only the rules that wait on these are asked.
 */
import type { Level } from '../../incidents/index.js';
import { evidenceOf, type Surroundings } from './atoms.js';
import type { Automaton } from './automaton.js';
import { anywhere, atEnd, atStart, decides, keyword, Plan, type Tree } from './plan.js';
import { levelOf, type SigmaRule } from './rule.js';
import { isNull, plainNumber, reach, scalarText, Value, valuesOf, valuesWithin } from './values.js';
import { isView, keywordFields, unfoldedSpan } from './view.js';

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

export type EventRecord = Readonly<Record<string, unknown>>;

const mostSpans = 8;

export class RuleSet {
  private readonly plan: Plan;
  // What is known of the event in hand: a stamp tells it from what earlier ones left.
  private stamp = 0;
  private scan = 0;
  private event: EventRecord = {};
  private readonly present: number[] = [];
  private readonly candidates: number[] = [];
  private readonly raw: unknown[];
  private readonly there: Uint32Array;
  /** The one value of a field, or where `several` has them, the first. */
  private readonly values: readonly Value[];
  private readonly several: (readonly Value[] | undefined)[];
  private readonly fired: Uint32Array;
  private readonly known: Uint32Array;
  private readonly truth: Uint8Array;
  private readonly asked: Uint32Array;
  private readonly literalSeen: Uint32Array;
  private everything: readonly Value[] | undefined;
  private readonly around: Surroundings = { textsOf: (field) => this.textsNamed(field) };

  constructor(readonly rules: readonly SigmaRule[]) {
    const plan = new Plan(rules);
    const fields = plan.fields.length;
    this.plan = plan;
    this.raw = Array.from({ length: fields }, () => undefined);
    this.there = new Uint32Array(fields);
    this.values = Array.from({ length: fields }, () => new Value(''));
    this.several = Array.from({ length: fields }, () => undefined);
    this.fired = new Uint32Array(plan.atoms.length);
    this.known = new Uint32Array(plan.atoms.length);
    this.truth = new Uint8Array(plan.atoms.length);
    this.asked = new Uint32Array(rules.length);
    this.literalSeen = new Uint32Array(plan.literalStart.length);
  }

  /** In the order of the rules. With `evidence: false` the matches carry no spans. */
  match(event: EventRecord, options: { evidence?: boolean } = {}): RuleMatch[] {
    this.begin(event);
    const { plan, candidates } = this;
    for (const rule of plan.always) this.ask(rule);
    if (isView(event)) this.readView(event);
    else this.readRecord(event);
    for (const field of this.present) this.visit(field);

    const matches: RuleMatch[] = [];
    if (candidates.length > 1) candidates.sort((a, b) => a - b);
    for (const index of candidates) {
      const tree = plan.trees[index]!;
      if (!this.holds(tree)) continue;
      const source = this.rules[index]!;
      const spans: MatchSpan[] = [];
      if (options.evidence !== false) this.collect(tree, spans);
      const { key: rule, title, shadow } = source;
      matches.push({ rule, title, level: levelOf(source.level), shadow, spans, source });
    }
    return matches;
  }

  /** How the rules are laid out, for benchmarks and `check`. */
  get statistics() {
    const { automaton, atoms, always } = this.plan;
    return {
      rules: this.rules.length,
      atoms: atoms.length,
      always: always.map((index) => this.rules[index]!.key),
      literals: this.plan.literalStart.length - 1,
      states: automaton ? automaton.table.length / automaton.classes : 0,
      bytes: automaton ? automaton.table.byteLength : 0,
    };
  }

  private begin(event: EventRecord): void {
    this.event = event;
    this.stamp++;
    this.present.length = 0;
    this.candidates.length = 0;
    this.everything = undefined;
    if (this.stamp < 0xffff_0000 && this.scan < 0xff00_0000) return;
    this.stamp = 1;
    this.scan = 0;
    for (const stamps of [this.there, this.fired, this.known, this.asked, this.literalSeen]) stamps.fill(0);
  }

  private readView(event: EventRecord): void {
    const { fields, fieldIndex, keywords } = this.plan;
    for (let field = 0; field < fields.length; field++) {
      const value = event[fields[field]!];
      if (value !== undefined) this.take(field, value);
    }
    if (!keywords) return;
    for (const name of keywordFields) if (!fieldIndex.has(name)) this.scanBeside(event[name]);
  }

  private readRecord(event: EventRecord): void {
    const { fieldIndex, inside, keywords } = this.plan;
    let nested: string[] | undefined;
    for (const key in event) {
      const value = event[key];
      const field = fieldIndex.get(key);
      if (field !== undefined && value !== undefined) this.take(field, value);
      if (keywords && (field === undefined || typeof value === 'object')) this.scanBeside(value);
      if (typeof value === 'object' && value !== null && inside.has(key)) (nested ??= []).push(key);
    }
    // A name written with its dots goes before the same name found by going inside.
    for (const key of nested ?? []) {
      for (const field of inside.get(key)!) {
        if (this.there[field] === this.stamp) continue;
        const value = reach(event[key], this.plan.fields[field]!.slice(key.length + 1));
        if (value !== undefined) this.take(field, value);
      }
    }
  }

  /** A value that no field's test reads, for keywords alone. */
  private scanBeside(value: unknown, depth = 0): void {
    const text = scalarText(value);
    if (text !== undefined) this.scanText(text, keyword);
    else if (typeof value === 'object' && value !== null && depth < 64) {
      for (const inner of Object.values(value)) this.scanBeside(inner, depth + 1);
    }
  }

  private take(field: number, value: unknown): void {
    this.raw[field] = value;
    this.there[field] = this.stamp;
    this.present.push(field);
    const text = scalarText(value);
    if (text === undefined) this.several[field] = valuesOf(value);
    else {
      this.several[field] = undefined;
      this.values[field]!.become(text);
    }
  }

  private visit(field: number): void {
    const waiting = this.plan.byPresence[field];
    if (waiting) for (const rule of waiting) this.ask(rule);
    const several = this.several[field];
    if (!several) this.visitValue(field, this.values[field]!);
    else for (const value of several) this.visitValue(field, value);
  }

  private visitValue(field: number, value: Value): void {
    const { byValue, numeric, scanned, keywords } = this.plan;
    if (scanned[field] || keywords) this.scanText(value.raw, field);
    const values = byValue[field];
    if (!values) return;
    this.fireAll(values.get(value.folded));
    if (!numeric[field]) return;
    const number = plainNumber(value.raw);
    if (number !== undefined && number !== value.raw) this.fireAll(values.get(number));
  }

  private fireAll(atoms: readonly number[] | undefined): void {
    if (atoms) for (const atom of atoms) this.fire(atom);
  }

  private scanText(text: string, field: number): void {
    const { automaton } = this.plan;
    if (!automaton) return;
    const { classOf, table, accepting } = automaton;
    this.scan++;
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      state = table[state + classOf[text.charCodeAt(i)]!]!;
      if (state >= accepting) this.hit(automaton, state, field, i + 1);
    }
    // What ends here ends with the text.
    if (state >= accepting) this.hitEnd(automaton, state, field);
  }

  private hit(automaton: Automaton, state: number, field: number, end: number): void {
    const { literalStart, literalUses } = this.plan;
    const at = (state - automaton.accepting) / automaton.classes;
    const last = automaton.outputStart[at + 1]!;
    for (let i = automaton.outputStart[at]!; i < last; i++) {
      const literal = automaton.outputs[i]!;
      if (this.literalSeen[literal] === this.scan) continue;
      this.literalSeen[literal] = this.scan;
      const stop = literalStart[literal + 1]!;
      for (let j = literalStart[literal]!; j < stop; j += 3) {
        const wanted = literalUses[j]!;
        if (wanted !== field && wanted !== keyword) continue;
        const where = literalUses[j + 2]!;
        // A text that stands at the start is met there first.
        if (where === anywhere || (where === atStart && automaton.lengths[literal] === end)) {
          this.fire(literalUses[j + 1]!);
        }
      }
    }
  }

  private hitEnd(automaton: Automaton, state: number, field: number): void {
    const { literalStart, literalUses } = this.plan;
    const at = (state - automaton.accepting) / automaton.classes;
    const last = automaton.outputStart[at + 1]!;
    for (let i = automaton.outputStart[at]!; i < last; i++) {
      const literal = automaton.outputs[i]!;
      const stop = literalStart[literal + 1]!;
      for (let j = literalStart[literal]!; j < stop; j += 3) {
        const wanted = literalUses[j]!;
        if (literalUses[j + 2] === atEnd && (wanted === field || wanted === keyword)) this.fire(literalUses[j + 1]!);
      }
    }
  }

  private fire(atom: number): void {
    if (this.fired[atom] === this.stamp) return;
    this.fired[atom] = this.stamp;
    const { waiting } = this.plan.atoms[atom]!;
    for (let i = 0; i < waiting.length; i++) this.ask(waiting[i]!);
  }

  private ask(rule: number): void {
    if (this.asked[rule] === this.stamp) return;
    this.asked[rule] = this.stamp;
    this.candidates.push(rule);
  }

  private holds(tree: Tree): boolean {
    switch (tree.op) {
      case 'any':
        for (const atom of tree.atoms) if (this.isTrue(atom)) return true;
        return false;
      case 'every':
        for (const atom of tree.atoms) if (!this.isTrue(atom)) return false;
        return true;
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
    const told = this.plan.told[index];
    if (told !== 0) {
      if (this.fired[index] !== this.stamp) return false;
      if (told === decides) return true;
    }
    if (this.known[index] === this.stamp) return this.truth[index] === 1;
    const truth = this.decide(index);
    this.known[index] = this.stamp;
    this.truth[index] = truth ? 1 : 0;
    return truth;
  }

  private decide(index: number): boolean {
    const { field, test, check } = this.plan.atoms[index]!;
    if (field === keyword) return this.allValues().some((value) => check(value, this.around));
    const there = this.there[field] === this.stamp;
    if (test.kind === 'exists') return there;
    if (test.kind === 'null') return !there || isNull(this.raw[field]);
    if (!there) return false;
    const several = this.several[field];
    return several ? several.some((value) => check(value, this.around)) : check(this.values[field]!, this.around);
  }

  private valuesAt(field: number): readonly Value[] {
    return this.several[field] ?? [this.values[field]!];
  }

  private textsNamed(name: string): readonly string[] {
    const field = this.plan.fieldIndex.get(name);
    return field === undefined || this.there[field] !== this.stamp ? [] : this.valuesAt(field).map(({ raw }) => raw);
  }

  private allValues(): readonly Value[] {
    return (this.everything ??= isView(this.event)
      ? keywordFields.flatMap((field) => valuesOf(this.event[field]))
      : valuesWithin(this.event));
  }

  /** What speaks for a tree that holds. */
  private collect(tree: Tree, spans: MatchSpan[]): void {
    if (tree.op === 'any' || tree.op === 'every') for (const atom of tree.atoms) this.collectAtom(atom, spans);
    else if (tree.op === 'atom') this.collectAtom(tree.atom, spans);
    else if (tree.op === 'and' || tree.op === 'or') {
      for (const part of tree.parts) if (this.holds(part)) this.collect(part, spans);
    }
  }

  private collectAtom(index: number, spans: MatchSpan[]): void {
    const { field, test, check } = this.plan.atoms[index]!;
    if (spans.length >= mostSpans || field === keyword || this.there[field] !== this.stamp || !this.isTrue(index))
      return;
    for (const value of this.valuesAt(field)) {
      const found = check(value, this.around) ? evidenceOf(test, value) : undefined;
      if (!found) continue;
      const span = { field: this.plan.fields[field]!, ...found };
      spans.push(isView(this.event) ? unfoldedSpan(this.event, span) : span);
      return;
    }
  }
}
