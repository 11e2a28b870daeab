/** Puts a schema's complaints in words: what was found, what was wanted, what was probably meant. */
import { z } from 'zod';
import { formatPath, type Path } from './problem.js';
import { didYouMean } from './suggest.js';

/** What the per-parse error map answers, so that a schema's own message can be told from one still to be written. */
export const unwritten = '\u0000';

export interface Found {
  /** The scalar as the file has it, without its quotes. */
  readonly source?: string;
}

export interface Described {
  readonly path: Path;
  readonly part: 'value' | 'key';
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

export function describeIssues(
  schema: z.ZodType,
  issues: readonly Issue[],
  look: (path: Path) => Found,
  base: Path = [],
): Described[] {
  return issues.flatMap((issue): Described[] => {
    const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
    const say = (message: string): Described => ({ path, part: 'value', message: named(path, message) });
    if (issue.code === 'unrecognized_keys') {
      const known = fieldsAt(schema, path);
      return issue.keys.map((key) => ({
        path: [...path, key],
        part: 'key',
        message: named(path, `found the unknown field "${key}", ${wantedFields(known)}${didYouMean(key, known)}`),
      }));
    }
    if (issue.message !== unwritten && issue.message !== '') return [say(issue.message)];
    if (issue.code === 'invalid_union')
      return describeUnion(schema, issue, look, path) ?? [say(oneOf(issue, look(path)))];
    if (issue.code === 'invalid_key') {
      const key = String(path.at(-1));
      const known = issue.issues.flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []));
      const message = `found the unknown field "${key}", wanted ${wantedOf(issue.issues)}${didYouMean(key, known)}`;
      return [{ path, part: 'key', message: named(path.slice(0, -1), message) }];
    }
    return [say(oneOf(issue, look(path)))];
  });
}

/** Of a union's branches, the one that came furthest: of those that took the value's type, the one with fewest complaints. */
function describeUnion(
  schema: z.ZodType,
  issue: z.core.$ZodIssueInvalidUnion,
  look: (path: Path) => Found,
  path: Path,
): Described[] | undefined {
  const entered = issue.errors.filter(
    (branch) => branch.length > 0 && !branch.some(({ path: at, code }) => at.length === 0 && code === 'invalid_type'),
  );
  const best = entered.toSorted((a, b) => a.length - b.length)[0];
  return best && describeIssues(schema, best, look, path);
}

function named(path: Path, message: string): string {
  const where = formatPath(path);
  return where ? `${where}: ${message}` : message;
}

/** `found ..., wanted ...` for one complaint. */
function oneOf(issue: Issue, found: Found): string {
  const was = shown(issue.input, found.source);
  if (issue.input === undefined) return `missing, wanted ${wanted(issue)}`;
  switch (issue.code) {
    case 'invalid_value': {
      const known = issue.values.map(String);
      const hint = typeof issue.input === 'string' ? didYouMean(issue.input, known) : '';
      return `found ${was}, wanted ${wanted(issue)}${hint}`;
    }
    case 'invalid_type': {
      const bare = issue.expected === 'string' && ['number', 'boolean'].includes(typeof issue.input);
      const hint = bare ? `; put it in quotes: "${found.source ?? String(issue.input)}"` : '';
      return `found ${was}, wanted ${wanted(issue)}${hint}`;
    }
    default:
      return `found ${was}, wanted ${wanted(issue)}`;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields (name: value)',
  record: 'fields (name: value)',
  null: 'nothing',
};

function wanted(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1
        ? JSON.stringify(issue.values[0])
        : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin, issue.maximum)}`;
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? `a text of the form ${issue.pattern}`
        : `a valid ${issue.format.replaceAll('_', ' ')}`;
    case 'invalid_union':
      return wantedOf(issue.errors.flat());
    default:
      return 'another value';
  }
}

function wantedOf(issues: readonly Issue[]): string {
  const all = issues.map((issue) => (issue.message === unwritten ? wanted(issue) : issue.message));
  return [...new Set(all)].join(' or ') || 'another value';
}

function unit(origin: string, count: number | bigint): string {
  if (origin === 'string') return Number(count) === 1 ? ' character' : ' characters';
  if (origin === 'array' || origin === 'set') return Number(count) === 1 ? ' entry' : ' entries';
  return '';
}

function wantedFields(known: readonly string[]): string {
  return known.length > 0 ? `wanted one of ${known.join(', ')}` : 'wanted no such field';
}

/** The value as a reader knows it again: short, on one line. */
function shown(input: unknown, source?: string): string {
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return input.length === 0 ? 'an empty list' : 'a list';
  if (typeof input === 'object') return 'fields (name: value)';
  if (typeof input === 'string') return JSON.stringify(input.length > 60 ? `${input.slice(0, 59)}…` : input);
  return source ?? String(input);
}

/** The names that may stand at `path` of the schema; of a union, those of every branch. */
export function fieldsAt(schema: z.core.$ZodType, path: Path): string[] {
  return [...new Set(schemasAt(schema, path).flatMap(namesOf))];
}

function namesOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.core.$ZodRecord) {
    const key = schema._zod.def.keyType;
    return key instanceof z.core.$ZodEnum ? Object.values(key._zod.def.entries).map(String) : [];
  }
  return Object.keys(shapeOf(schema) ?? {});
}

function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  return schema instanceof z.core.$ZodObject ? schema._zod.def.shape : undefined;
}

function schemasAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType[] {
  const inner = innerOf(schema);
  if (inner) return inner.flatMap((part) => schemasAt(part, path));
  const [step, ...rest] = path;
  if (step === undefined) return [schema];
  if (schema instanceof z.core.$ZodArray) return schemasAt(schema._zod.def.element, rest);
  if (schema instanceof z.core.$ZodRecord) return schemasAt(schema._zod.def.valueType, rest);
  const field = shapeOf(schema)?.[String(step)];
  return field ? schemasAt(field, rest) : [];
}

/** What a wrapping schema wraps, undefined for one that does not wrap. */
function innerOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] | undefined {
  if (schema instanceof z.core.$ZodUnion) return schema._zod.def.options;
  if (schema instanceof z.core.$ZodIntersection) return [schema._zod.def.left, schema._zod.def.right];
  if (schema instanceof z.core.$ZodPipe) return [schema._zod.def.in, schema._zod.def.out];
  if (schema instanceof z.core.$ZodLazy) return [schema._zod.def.getter()];
  if (
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodNullable ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodPrefault ||
    schema instanceof z.core.$ZodReadonly ||
    schema instanceof z.core.$ZodCatch
  ) {
    return [schema._zod.def.innerType];
  }
  return undefined;
}
