/** One test of one field as the matcher keeps it: each once, however many rules ask it. */
import { inNetwork, parseCidr } from './cidr.js';
import { datePart } from './date-part.js';
import { fold } from './fold.js';
import { literalCost } from './literals.js';
import { globRuns, runsMatch } from './pattern.js';
import { findRegex, regexMatches } from './regex.js';
import type { Compare, Place, Test } from './rule.js';

/** How an event tells that a test may hold, without asking it. */
export type Trigger =
  /** The field's value, folded, is this text. */
  | { readonly by: 'value'; readonly text: string; readonly decides: boolean }
  /** One of these texts stands in the field, folded: anywhere, at its start or at its end. */
  | {
      readonly by: 'literal';
      readonly where: Where;
      readonly literals: readonly string[];
      readonly decides: boolean;
    }
  /** The field is there. */
  | { readonly by: 'presence' }
  /** Nothing: it can hold of an event that lacks the field. */
  | { readonly by: 'none' };

export type Where = 'any' | 'start' | 'end';

/** Longer texts are found by a part of this length, and then compared: it bounds the automaton. */
const longest = 32;

/** What a test may ask of the event beside its own value. */
export interface Surroundings {
  textsOf(field: string): readonly string[];
}

export interface Text {
  readonly raw: string;
  readonly folded: string;
}

export type Check = (text: Text, around: Surroundings) => boolean;

export function triggerOf(test: Test): Trigger {
  switch (test.kind) {
    case 'equals':
      return { by: 'value', text: fold(test.text), decides: !test.cased };
    case 'contains':
    case 'startswith':
    case 'endswith': {
      const text = fold(test.text);
      const where = test.kind === 'contains' ? 'any' : test.kind === 'startswith' ? 'start' : 'end';
      const part = where === 'end' ? text.slice(-longest) : text.slice(0, longest);
      return { by: 'literal', where, literals: [part], decides: !test.cased && text.length <= longest };
    }
    case 'glob': {
      const texts = test.parts.filter((part) => typeof part === 'string').map(fold);
      const best = texts.reduce((most, text) => (text.length > most.length ? text : most), '');
      return best ? anywhere([best]) : { by: 'presence' };
    }
    case 'regex':
      return test.regex.literals ? anywhere(test.regex.literals) : { by: 'presence' };
    case 'number':
      return test.compare === 'eq' ? { by: 'value', text: String(test.value), decides: true } : { by: 'presence' };
    case 'null':
      return { by: 'none' };
    default:
      return { by: 'presence' };
  }
}

function anywhere(literals: readonly string[]): Trigger {
  return { by: 'literal', where: 'any', literals: literals.map((one) => one.slice(0, longest)), decides: false };
}

/** How many events in a hundred or so the trigger lets through, roughly; `shared` is how many rules ask the same. */
export function triggerCost(trigger: Trigger, shared: number): number {
  const popular = shared * 0.002;
  if (trigger.by === 'value') return Math.max(0.01, literalCost([trigger.text])) + popular;
  if (trigger.by === 'literal') return literalCost(trigger.literals) + popular * trigger.literals.length;
  return trigger.by === 'presence' ? 10 : Infinity;
}

/** The test of one text; tests that need no text (`null`, `exists`, `filled`) are the matcher's own. */
export function checkOf(test: Test): Check {
  switch (test.kind) {
    case 'equals':
    case 'contains':
    case 'startswith':
    case 'endswith': {
      const { kind, text, cased } = test;
      return cased ? (value) => stands(kind, value.raw, text) : (value) => stands(kind, value.folded, text);
    }
    case 'glob': {
      const runs = globRuns(test.parts, test.cased);
      return test.cased ? (value) => runsMatch(runs, value.raw) : (value) => runsMatch(runs, value.folded);
    }
    case 'regex': {
      const { regex } = test;
      return (value) => regexMatches(regex, value.raw, () => value.folded);
    }
    case 'number': {
      const { compare, value: bound } = test;
      return ({ raw }) => raw.trim() !== '' && compares(compare, Number(raw), bound);
    }
    case 'date': {
      const { part, compare, value: bound } = test;
      return ({ raw }) => {
        const found = datePart(raw, part);
        return found !== undefined && compares(compare, found, bound);
      };
    }
    case 'cidr': {
      const network = parseCidr(test.network)!;
      return ({ raw }) => inNetwork(network, raw);
    }
    case 'fieldref': {
      const { place, other, cased } = test;
      return (value, around) =>
        around
          .textsOf(other)
          .some((text) => (cased ? stands(place, value.raw, text) : stands(place, value.folded, fold(text))));
    }
    case 'template': {
      const { place, parts, cased } = test;
      return (value, around) => {
        let text = '';
        for (const part of parts) {
          const piece = 'text' in part ? part.text : around.textsOf(part.field)[0];
          if (piece === undefined) return false;
          text += piece;
        }
        return cased ? stands(place, value.raw, text) : stands(place, value.folded, fold(text));
      };
    }
    default:
      return () => true;
  }
}

function stands(place: Place, value: string, text: string): boolean {
  switch (place) {
    case 'equals':
      return value === text;
    case 'contains':
      return value.includes(text);
    case 'startswith':
      return value.startsWith(text);
    case 'endswith':
      return value.endsWith(text);
  }
}

export function compares(compare: Compare | 'neq', value: number, bound: number): boolean {
  switch (compare) {
    case 'eq':
      return value === bound;
    case 'neq':
      return value !== bound && !Number.isNaN(value);
    case 'lt':
      return value < bound;
    case 'lte':
      return value <= bound;
    case 'gt':
      return value > bound;
    case 'gte':
      return value >= bound;
  }
}

/** Which part of a text speaks for a test that holds; undefined where no part does. */
export function evidenceOf(test: Test, text: Text): { start: number; end: number; why: string } | undefined {
  switch (test.kind) {
    case 'equals':
      return { start: 0, end: text.raw.length, why: `is "${short(test.text)}"` };
    case 'contains':
    case 'startswith':
    case 'endswith': {
      const within = test.cased ? text.raw : text.folded;
      const start = test.kind === 'endswith' ? within.length - test.text.length : within.indexOf(test.text);
      return start < 0
        ? undefined
        : { start, end: start + test.text.length, why: `${test.kind} "${short(test.text)}"` };
    }
    case 'glob': {
      const longest = test.parts
        .filter((part) => typeof part === 'string')
        .reduce((best, part) => (part.length > best.length ? part : best), '');
      const start = (test.cased ? text.raw : text.folded).indexOf(longest);
      return start < 0
        ? undefined
        : { start, end: start + longest.length, why: `fits a pattern with "${short(longest)}"` };
    }
    case 'regex': {
      const found = findRegex(test.regex, text.raw);
      return found && { ...found, why: `matches /${short(test.regex.pattern)}/` };
    }
    default:
      return undefined;
  }
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
