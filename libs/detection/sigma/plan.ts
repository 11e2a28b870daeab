/**
 * Rules laid out for matching. Each different test is an atom, asked at most once an event. Each rule waits on the rarest
 * things of which it needs one (values, fixed texts, fields): the atoms of its guard.
 */
import { checkOf, triggerCost, triggerOf, type Check, type Trigger } from './atoms.js';
import { buildAutomaton, type Automaton } from './automaton.js';
import type { Expression, SigmaRule, Test } from './rule.js';

/** Of a field: a text without one, looked for in every value. */
export const keyword = -1;

export interface Atom {
  /** Index of its field, or `keyword`. */
  readonly field: number;
  readonly test: Test;
  readonly check: Check;
  readonly trigger: Trigger;
  /** False without its trigger. */
  readonly gated: boolean;
  /** True with its trigger. */
  readonly decided: boolean;
  /** Rules that wait on it. */
  readonly waiting: number[];
  /** How many rules ask it. */
  shared: number;
}

export type Tree =
  | { readonly op: 'and' | 'or'; readonly parts: readonly Tree[] }
  /** Parts that are atoms and nothing else, for a quick look. */
  | { readonly op: 'any' | 'every'; readonly atoms: Int32Array }
  | { readonly op: 'not'; readonly part: Tree }
  | { readonly op: 'atom'; readonly atom: number }
  | { readonly op: 'constant'; readonly value: boolean };

interface Guard {
  readonly atoms: readonly number[];
  readonly cost: number;
}

export const gates = 1;
export const decides = 2;

export const anywhere = 0;
export const atStart = 1;
export const atEnd = 2;

export class Plan {
  readonly trees: readonly Tree[];
  /** Atom -> what its trigger tells: nothing, that it may hold, that it does. */
  readonly told: Uint8Array;
  readonly atoms: Atom[] = [];
  readonly fields: string[] = [];
  readonly fieldIndex = new Map<string, number>();
  /** For a name before a dot: the fields that may lie inside it. */
  readonly inside = new Map<string, number[]>();
  /** Rules that wait on nothing. */
  readonly always: number[] = [];
  /** Field -> rules that wait for it to be there. */
  readonly byPresence: (number[] | undefined)[];
  /** Field -> folded value -> atoms. */
  readonly byValue: (Map<string, number[]> | undefined)[];
  /** Fields whose values are compared with numbers. */
  readonly numeric: boolean[];
  /** Fields in which literals are looked for. */
  readonly scanned: boolean[];
  /** True where a literal is looked for in all values. */
  readonly keywords: boolean;
  readonly automaton: Automaton | undefined;
  /** Literal -> triples of field, atom and where in `literalUses`, from `literalStart`. */
  readonly literalStart: Int32Array;
  readonly literalUses: Int32Array;
  private readonly atomIndex = new Map<string, number>();

  constructor(rules: readonly SigmaRule[]) {
    const trees = rules.map((rule) => {
      const used = new Set<number>();
      const tree = this.treeOf(rule.expression, used);
      for (const atom of used) this.atoms[atom]!.shared++;
      return tree;
    });
    this.layFields();
    trees.forEach((tree, rule) => {
      const guard = this.guardOf(tree, false);
      if (guard) for (const atom of guard.atoms) this.atoms[atom]!.waiting.push(rule);
      else this.always.push(rule);
    });
    this.trees = trees.map(flattened);

    this.told = Uint8Array.from(this.atoms, ({ gated, decided }) => (decided ? decides : gated ? gates : 0));
    const count = this.fields.length;
    this.byPresence = Array.from({ length: count }, () => undefined);
    this.byValue = Array.from({ length: count }, () => undefined);
    this.numeric = Array.from({ length: count }, () => false);
    this.scanned = Array.from({ length: count }, () => false);
    const uses = new Map<string, number[]>();
    this.atoms.forEach((atom, index) => this.layAtom(atom, index, uses));
    this.keywords = this.atoms.some((atom) => atom.field === keyword && atom.gated);
    const literals = [...uses.keys()];
    this.automaton = literals.length > 0 ? buildAutomaton(literals) : undefined;
    this.literalStart = new Int32Array(literals.length + 1);
    this.literalUses = Int32Array.from(
      literals.flatMap((literal, index) => {
        const own = uses.get(literal)!;
        this.literalStart[index + 1] = this.literalStart[index]! + own.length;
        return own;
      }),
    );
  }

  private layFields(): void {
    this.fields.forEach((field, index) => {
      for (let dot = field.indexOf('.'); dot > 0; dot = field.indexOf('.', dot + 1)) {
        const outer = field.slice(0, dot);
        this.inside.set(outer, [...(this.inside.get(outer) ?? []), index]);
      }
    });
  }

  private layAtom(atom: Atom, index: number, uses: Map<string, number[]>): void {
    const { trigger, field } = atom;
    if (trigger.by === 'literal') {
      const where = { any: anywhere, start: atStart, end: atEnd }[trigger.where];
      for (const literal of trigger.literals) {
        const list = uses.get(literal);
        if (list) list.push(field, index, where);
        else uses.set(literal, [field, index, where]);
      }
      if (field !== keyword) this.scanned[field] = true;
    } else if (field !== keyword && trigger.by === 'value') {
      const values = (this.byValue[field] ??= new Map<string, number[]>());
      const atoms = values.get(trigger.text);
      if (atoms) atoms.push(index);
      else values.set(trigger.text, [index]);
      if (atom.test.kind === 'number') this.numeric[field] = true;
    } else if (field !== keyword && atom.waiting.length > 0) {
      (this.byPresence[field] ??= []).push(...atom.waiting);
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
    if (parts.length === 1) return parts[0]!;
    return { op: expression.op, parts: parts.sort((a, b) => this.effort(a) - this.effort(b)) };
  }

  /** What is quickly decided is asked first. */
  private effort(tree: Tree): number {
    switch (tree.op) {
      case 'constant':
        return 0;
      case 'not':
        return this.effort(tree.part);
      case 'and':
      case 'or':
        return tree.parts.reduce((sum, part) => sum + this.effort(part), 0);
      case 'atom': {
        const { decided, test } = this.atoms[tree.atom]!;
        return decided ? 1 : test.kind === 'regex' ? 50 : 5;
      }
      default:
        return 0;
    }
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
      const gated = trigger.by === 'literal' || (trigger.by === 'value' && field !== keyword);
      const decided = gated && trigger.decides;
      this.atoms.push({ field, test, check: checkOf(test), trigger, gated, decided, waiting: [], shared: 0 });
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

  /** The rarest things of which one must be there for the tree to hold (negated: not to hold); undefined: nothing must. */
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
      case 'and':
      case 'or': {
        const guards = tree.parts.map((part) => this.guardOf(part, negated));
        if ((tree.op === 'and') !== negated) {
          return guards.reduce((best, guard) => (guard && (!best || guard.cost < best.cost) ? guard : best), undefined);
        }
        const atoms = new Set<number>();
        let cost = 0;
        for (const guard of guards) {
          if (!guard) return undefined;
          for (const atom of guard.atoms) atoms.add(atom);
          cost += guard.cost;
        }
        return { atoms: [...atoms], cost };
      }
      default:
        return undefined;
    }
  }
}

function flattened(tree: Tree): Tree {
  if (tree.op === 'not') return { op: 'not', part: flattened(tree.part) };
  if (tree.op !== 'and' && tree.op !== 'or') return tree;
  const atoms = tree.parts.flatMap((part) => (part.op === 'atom' ? [part.atom] : []));
  if (atoms.length < 2) return { op: tree.op, parts: tree.parts.map(flattened) };
  const leaves: Tree = { op: tree.op === 'or' ? 'any' : 'every', atoms: Int32Array.from(atoms) };
  const others = tree.parts.filter((part) => part.op !== 'atom').map(flattened);
  return others.length === 0 ? leaves : { op: tree.op, parts: [leaves, ...others] };
}

function describe(test: Test): string {
  if (test.kind !== 'regex') return JSON.stringify(test);
  const { pattern, flags } = test.regex;
  return JSON.stringify(['regex', pattern, flags]);
}
