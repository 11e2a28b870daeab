/** One line of a selection, `field|modifier|modifier: values`, made a tree of tests. */
import { didYouMean } from '../../config-file/index.js';
import { parseCidr } from './cidr.js';
import { fold } from './fold.js';
import { base64Offsets, dashVariants, encode, parseWildcards, plainText, type Encoding } from './pattern.js';
import { compileRegex } from './regex.js';
import type { Compare, DatePart, Expression, GlobPart, Place, TemplatePart, Test } from './rule.js';

// prettier-ignore
export const modifiers = [
  'contains', 'startswith', 'endswith', 'all', 'cased', 'exists', 'neq',
  're', 'i', 'm', 's',
  'windash', 'wide', 'utf16le', 'utf16be', 'utf16', 'base64', 'base64offset', 'expand', 'fieldref',
  'cidr', 'lt', 'lte', 'gt', 'gte',
  'minute', 'hour', 'day', 'week', 'month', 'year',
] as const;
export type Modifier = (typeof modifiers)[number];

export type Placeholders = Readonly<Record<string, readonly string[]>>;

export interface ItemContext {
  readonly placeholders: Placeholders;
  /** Something that works and is probably not meant. */
  warn(message: string): void;
}

/** The rule cannot be taken; the message says what was found and what was wanted. */
export class ItemError extends Error {}

type Scalar = string | number | boolean | null;

export function compileItem(key: string, value: unknown, context: ItemContext): Expression {
  const [name, ...words] = key.split('|');
  const field = name === '' ? undefined : name;
  const used = new Set(words.map(modifierOf));
  const values = scalars(value);
  if (used.has('exists')) return exists(field, values);
  checkCombination(used);
  if (values.length === 0) throw new ItemError('found no value, wanted at least one');
  if (used.has('all') && values.length === 1) context.warn('found "all" with a single value, where it changes nothing');

  const ordered = words.map(modifierOf);
  const parts = values.map((one) => compileValue(field, one, ordered, used, context));
  const joined: Expression = parts.length === 1 ? parts[0]! : { op: used.has('all') ? 'and' : 'or', parts };
  if (!used.has('neq')) return joined;
  // To be different a field has to be there: an event without it says nothing of the kind.
  const differs: Expression = { op: 'not', part: joined };
  return field === undefined
    ? differs
    : { op: 'and', parts: [{ op: 'test', field, test: { kind: 'exists' } }, differs] };
}

function modifierOf(word: string): Modifier {
  const lower = word.toLowerCase();
  const known = modifiers.find((modifier) => modifier === lower);
  if (known) return known;
  throw new ItemError(`found the unknown modifier "${word}"${didYouMean(word, modifiers)}`);
}

function scalars(value: unknown): Scalar[] {
  if (Array.isArray(value)) return value.flatMap(scalars);
  if (value === undefined) return [null];
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return [value];
  if (typeof value === 'bigint') return [String(value)];
  throw new ItemError('found fields where a value was wanted');
}

function exists(field: string | undefined, values: readonly Scalar[]): Expression {
  const [value] = values;
  const wanted =
    typeof value === 'string' ? { true: true, yes: true, false: false, no: false }[value.toLowerCase()] : value;
  if (field === undefined || values.length !== 1 || typeof wanted !== 'boolean') {
    throw new ItemError('found "exists" without a field and true or false, which is what it wants');
  }
  const test: Expression = { op: 'test', field, test: { kind: 'exists' } };
  return wanted ? test : { op: 'not', part: test };
}

const operators: readonly (readonly Modifier[])[] = [
  ['contains', 'startswith', 'endswith', 're', 'cidr', 'lt', 'lte', 'gt', 'gte'],
  ['utf16le', 'wide', 'utf16be', 'utf16'],
  ['base64', 'base64offset'],
  ['minute', 'hour', 'day', 'week', 'month', 'year'],
];

function checkCombination(used: ReadonlySet<Modifier>): void {
  for (const group of operators) {
    const found = group.filter((modifier) => used.has(modifier));
    if (found.length > 1) throw new ItemError(`found ${found.join(' and ')} together, wanted one of them`);
  }
  if (!used.has('re')) {
    const flag = (['i', 'm', 's'] as const).find((modifier) => used.has(modifier));
    if (flag) throw new ItemError(`found the modifier "${flag}" without "re", which it belongs to`);
  }
}

const compares = ['lt', 'lte', 'gt', 'gte'] as const;
const dateParts = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;

function compileValue(
  field: string | undefined,
  value: Scalar,
  ordered: readonly Modifier[],
  used: ReadonlySet<Modifier>,
  context: ItemContext,
): Expression {
  const cased = used.has('cased');
  const test = (one: Test): Expression => ({ op: 'test', field, test: one });
  const compare: Compare = compares.find((modifier) => used.has(modifier)) ?? 'eq';
  const part: DatePart | undefined = dateParts.find((modifier) => used.has(modifier));
  if (part) return test({ kind: 'date', part, compare, value: numberOf(value, part) });
  if (compare !== 'eq') return test({ kind: 'number', compare, value: numberOf(value, compare) });
  if (used.has('re')) return regexTest(field, textOf(value, 're'), used, context);
  if (used.has('cidr')) {
    const network = textOf(value, 'cidr');
    if (!parseCidr(network))
      throw new ItemError(`found "${network}", wanted a network such as 10.0.0.0/8 or fe80::/10`);
    return test({ kind: 'cidr', network });
  }
  const place = placeOf(used, field);
  if (used.has('fieldref')) return test({ kind: 'fieldref', place, other: textOf(value, 'fieldref'), cased });
  if (value === null) return test({ kind: 'null' });
  if (typeof value === 'boolean' && place === 'equals') {
    const texts = value ? ['true', '1', 'yes'] : ['false', '0', 'no'];
    return { op: 'or', parts: texts.map((text) => test({ kind: 'equals', text, cased: false })) };
  }
  if (typeof value === 'number' && place === 'equals') return test({ kind: 'number', compare: 'eq', value });

  const texts = transform(String(value), ordered, context);
  if (texts === 'template') return template(field, String(value), place, cased);
  const parts = texts.map((pattern) => test(textTest(pattern, place, cased)));
  return parts.length === 1 ? parts[0]! : { op: 'or', parts };
}

function placeOf(used: ReadonlySet<Modifier>, field: string | undefined): Place {
  const place = (['contains', 'startswith', 'endswith'] as const).find((modifier) => used.has(modifier));
  // A keyword is looked for anywhere in the values, and so is a text that base64 may begin at any offset.
  return place ?? (field === undefined || used.has('base64offset') ? 'contains' : 'equals');
}

/** Applies the modifiers that change a text, in the order written. */
function transform(text: string, ordered: readonly Modifier[], context: ItemContext): GlobPart[][] | 'template' {
  let patterns: GlobPart[][] = [parseWildcards(text)];
  let bytes: Buffer[] | undefined;
  const plain = (modifier: Modifier) =>
    patterns.map((pattern) => {
      const found = plainText(pattern);
      if (found === undefined) throw new ItemError(`found a wildcard in "${text}", wanted none with "${modifier}"`);
      return found;
    });
  for (const modifier of ordered) {
    if (modifier === 'expand') {
      const expanded = expand(text, context);
      if (!expanded) return 'template';
      patterns = expanded.map(parseWildcards);
    } else if (modifier === 'windash') {
      patterns = patterns.flatMap((pattern) => {
        const pieces = pattern.map((piece) => (typeof piece === 'string' ? dashVariants(piece) : [piece]));
        if (pieces.some((piece) => !piece))
          throw new ItemError(`found too many dashes in "${text}", wanted at most five`);
        return pieces.reduce<GlobPart[][]>(
          (all, choices) => all.flatMap((done) => choices!.map((choice) => [...done, choice])),
          [[]],
        );
      });
    } else if (modifier === 'wide' || modifier === 'utf16le' || modifier === 'utf16be' || modifier === 'utf16') {
      const encoding: Encoding = modifier === 'wide' ? 'utf16le' : modifier;
      bytes = plain(modifier).map((one) => encode(one, encoding));
      patterns = bytes.map((one) => [one.toString('latin1')]);
    } else if (modifier === 'base64' || modifier === 'base64offset') {
      const raw = bytes ?? plain(modifier).map((one) => Buffer.from(one, 'utf8'));
      const encoded = raw.flatMap((one) => (modifier === 'base64' ? [one.toString('base64')] : base64Offsets(one)));
      patterns = encoded.map((one) => [one]);
      bytes = undefined;
    }
  }
  return patterns;
}

const placeholder = /(?<!\\)%([^%\\\s]+)%/g;

/** Each placeholder's configured values; undefined where one has none. */
function expand(text: string, context: ItemContext): string[] | undefined {
  let texts = [''];
  let from = 0;
  for (const found of text.matchAll(placeholder)) {
    const values = context.placeholders[found[1]!];
    if (!values) {
      context.warn(
        `found the placeholder %${found[1]}% without values: it stands for the event's own field of that name`,
      );
      return undefined;
    }
    const before = text.slice(from, found.index);
    texts = texts.flatMap((start) => values.map((value) => start + before + value));
    from = found.index + found[0].length;
  }
  return texts.map((start) => (start + text.slice(from)).replace(/\\%/g, '%'));
}

function template(field: string | undefined, text: string, place: Place, cased: boolean): Expression {
  const parts: TemplatePart[] = [];
  let from = 0;
  for (const found of text.matchAll(placeholder)) {
    if (found.index > from) parts.push({ text: text.slice(from, found.index).replace(/\\%/g, '%') });
    parts.push({ field: found[1]! });
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from).replace(/\\%/g, '%') });
  return { op: 'test', field, test: { kind: 'template', place, parts, cased } };
}

/** A pattern at its place, as the simplest test that says the same. */
function textTest(pattern: readonly GlobPart[], place: Place, cased: boolean): Test {
  const parts: GlobPart[] = [];
  const add = (part: GlobPart) => {
    const last = parts.at(-1);
    if (typeof part !== 'string' && part.wild === 'any' && typeof last === 'object' && last.wild === 'any') return;
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
    else parts.push(part);
  };
  if (place === 'contains' || place === 'endswith') add({ wild: 'any' });
  for (const part of pattern) add(part);
  if (place === 'contains' || place === 'startswith') add({ wild: 'any' });

  const any = (part: GlobPart | undefined) => typeof part === 'object' && part.wild === 'any';
  const texts = parts.filter((part) => typeof part === 'string');
  const single = parts.every((part) => typeof part === 'string' || part.wild === 'any') && texts.length <= 1;
  if (single) {
    if (texts.length === 0) return parts.length === 0 ? { kind: 'equals', text: '', cased } : { kind: 'filled' };
    const text = cased ? texts[0]! : fold(texts[0]!);
    const open = any(parts[0]);
    const kind: Place =
      open && any(parts.at(-1)) ? 'contains' : open ? 'endswith' : any(parts.at(-1)) ? 'startswith' : 'equals';
    return { kind, text, cased };
  }
  return {
    kind: 'glob',
    parts: cased ? parts : parts.map((part) => (typeof part === 'string' ? fold(part) : part)),
    cased,
  };
}

function regexTest(
  field: string | undefined,
  pattern: string,
  used: ReadonlySet<Modifier>,
  context: ItemContext,
): Expression {
  const regex = compileRegex(pattern, { i: used.has('i'), m: used.has('m'), s: used.has('s') });
  if ('reason' in regex) throw new ItemError(`found a regular expression that is refused: ${regex.reason}`);
  if (regex.texts) {
    const { texts, cased } = regex.texts;
    const parts = texts.map((text): Expression => ({
      op: 'test',
      field,
      test: { kind: 'contains', text, cased: cased === true },
    }));
    return parts.length === 1 ? parts[0]! : { op: 'or', parts };
  }
  if (!regex.literals) {
    context.warn('found a regular expression without a fixed text: it runs on every event that has the field');
  }
  return { op: 'test', field, test: { kind: 'regex', regex } };
}

function textOf(value: Scalar, modifier: string): string {
  if (value === null) throw new ItemError(`found nothing, wanted a text for "${modifier}"`);
  return String(value);
}

function numberOf(value: Scalar, modifier: string): number {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
  if (Number.isNaN(number)) throw new ItemError(`found ${JSON.stringify(value)}, wanted a number for "${modifier}"`);
  return number;
}
