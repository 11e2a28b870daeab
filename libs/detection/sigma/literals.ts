/**
 * Which texts must stand in a text for a regular expression to match it: the key to asking the expression only where
 * it can match. Of a sequence one part is enough, of an alternation every branch gives its own.
 */
import { foldedAlike, foldUnit, fold } from './fold.js';
import type { CharSet, Node } from './regex-syntax.js';

/** More exact texts than this are cut into required ones. */
const mostTexts = 48;

/** Every text a node can match, where they are few. Texts of parts that ignore case are folded. */
export interface Exact {
  readonly texts: readonly string[];
  /** 'both' where case counts in one part and not in another: then the texts serve as folded literals alone. */
  readonly cased: boolean | 'both';
}

interface Known {
  readonly exact?: Exact;
  /** Folded; one of them stands in every matching text. */
  readonly required?: readonly string[];
}

export function requiredLiterals(node: Node): readonly string[] | undefined {
  const known = analyse(node);
  return better(known.required, known.exact && usable(known.exact));
}

export function exactTexts(node: Node): Exact | undefined {
  return analyse(node).exact;
}

/** The lower the rarer: how often one of the literals is to be expected in a text. */
export function literalCost(literals: readonly string[]): number {
  let cost = 0;
  for (const literal of literals) cost += 0.5 ** (Math.min(literal.length, 24) * 0.6);
  return cost;
}

function analyse(node: Node): Known {
  switch (node.type) {
    case 'text': {
      // Letters of two units have case pairs that folding by units does not know.
      if (node.ignoreCase && /[\ud800-\udfff]/.test(node.text)) return {};
      return { exact: { texts: [node.ignoreCase ? fold(node.text) : node.text], cased: !node.ignoreCase } };
    }
    case 'class': {
      const units = smallSet(node.set);
      return units ? { exact: { texts: units, cased: !node.set.ignoreCase } } : {};
    }
    case 'assert':
      return { exact: { texts: [''], cased: true } };
    case 'other':
      return {};
    case 'repeat': {
      const inner = analyse(node.part);
      if (node.min === 1 && node.max === 1) return inner;
      if (node.min === 0 && node.max === 1 && inner.exact) {
        return { exact: { texts: ['', ...inner.exact.texts], cased: inner.exact.cased } };
      }
      if (node.min === node.max && inner.exact && node.min <= 8) {
        let power: Exact | undefined = { texts: [''], cased: inner.exact.cased };
        for (let i = 0; i < node.min && power; i++) power = product(power, inner.exact);
        if (power) return { exact: power };
      }
      return node.min === 0 ? {} : { required: better(inner.required, inner.exact && usable(inner.exact)) };
    }
    case 'alt': {
      const branches = node.parts.map(analyse);
      const texts = branches.flatMap((branch) => branch.exact?.texts ?? []);
      if (branches.every((branch) => branch.exact) && texts.length <= mostTexts * 4) {
        return { exact: { texts: [...new Set(texts)], cased: mixed(branches.map((branch) => branch.exact!)) } };
      }
      const each = branches.map((branch) => better(branch.required, branch.exact && usable(branch.exact)));
      return each.every((literals) => literals)
        ? { required: [...new Set(each.flatMap((literals) => literals!))] }
        : {};
    }
    case 'cat': {
      let exact: Exact | undefined = { texts: [''], cased: true };
      let required: readonly string[] | undefined;
      let whole = true;
      let started = false;
      for (const part of node.parts) {
        const known = analyse(part);
        const joined: Exact | undefined = known.exact && exact && (started ? product(exact, known.exact) : known.exact);
        if (joined) {
          exact = joined;
          started ||= part.type !== 'assert';
          continue;
        }
        whole = false;
        required = better(required, better(exact && usable(exact), known.required));
        exact = known.exact ?? { texts: [''], cased: true };
        started = known.exact !== undefined;
      }
      return whole ? { exact } : { required: better(required, exact && usable(exact)) };
    }
  }
}

function mixed(sets: readonly Exact[]): boolean | 'both' {
  const kinds = new Set(sets.filter(({ texts }) => texts.some((text) => text !== '')).map(({ cased }) => cased));
  return kinds.size === 0 ? true : kinds.size === 1 ? [...kinds][0]! : 'both';
}

function product(a: Exact, b: Exact): Exact | undefined {
  if (a.texts.length * b.texts.length > mostTexts) return undefined;
  return { texts: a.texts.flatMap((left) => b.texts.map((right) => left + right)), cased: mixed([a, b]) };
}

/** As literals, folded; undefined where one is too short to tell anything: empty, or a single letter, digit or space. */
function usable(exact: Exact): readonly string[] | undefined {
  if (exact.texts.length === 0 || exact.texts.some((text) => text.length < 2 && /^[\p{L}\p{N}\s]?$/u.test(text)))
    return undefined;
  return [...new Set(exact.texts.map(fold))];
}

function better(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (!a || !b) return a ?? b;
  return literalCost(b) < literalCost(a) ? b : a;
}

/** The characters of a set of up to eight, one for each pair of cases where case is ignored. */
function smallSet(set: CharSet): string[] | undefined {
  if (set.inverted) return undefined;
  const units = new Set<number>();
  for (const [from, to] of set.ranges) {
    if (to - from > 16) return undefined;
    for (let code = from; code <= to; code++) units.add(set.ignoreCase ? foldUnit(code) : code);
  }
  return units.size > 0 && units.size <= 8 ? [...units].map((code) => String.fromCharCode(code)) : undefined;
}

/** A quick test of a set's membership by unit. */
export function memberOf(set: CharSet): (code: number) => boolean {
  const inRanges = (code: number) => set.ranges.some(([from, to]) => code >= from && code <= to);
  const within = (code: number) =>
    (set.ignoreCase ? foldedAlike(foldUnit(code)).some(inRanges) : inRanges(code)) !== set.inverted;
  const ascii = Array.from({ length: 128 }, (_, code) => within(code));
  return (code) => (code < 128 ? ascii[code]! : within(code));
}
