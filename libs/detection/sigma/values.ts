/** What a field holds, as texts to test: scalars as they are written, lists as all of their entries. */
import type { Text } from './atoms.js';
import { fold } from './fold.js';

/** A text whose folded form is made when asked for. */
export class Value implements Text {
  private lower: string | undefined;
  constructor(public raw: string) {}

  get folded(): string {
    return (this.lower ??= fold(this.raw));
  }

  /** The same object for another text: one a field serves all events. */
  become(raw: string): void {
    this.raw = raw;
    this.lower = undefined;
  }
}

/** A scalar as text; undefined for lists, objects and nothing. */
export function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return undefined;
  }
}

export function valuesOf(value: unknown): readonly Value[] {
  const text = scalarText(value);
  if (text !== undefined) return [new Value(text)];
  return Array.isArray(value) ? value.flatMap(valuesOf) : [];
}

/** Null, or a list of nothing but nulls. */
export function isNull(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length > 0 && value.every((one) => one === null));
}

/** Every text of a record, however deep, for keywords. */
export function valuesWithin(value: unknown, depth = 0): readonly Value[] {
  if (typeof value !== 'object' || value === null) return valuesOf(value);
  if (depth > 64) return [];
  return Object.values(value).flatMap((inner: unknown) => valuesWithin(inner, depth + 1));
}

/** What lies at a dotted path; lists give the values of all their entries. */
export function reach(value: unknown, path: string): unknown {
  if (Array.isArray(value)) {
    const found = value.map((entry: unknown) => reach(entry, path)).filter((one) => one !== undefined);
    return found.length > 0 ? found.flat() : undefined;
  }
  if (!isRecord(value)) return undefined;
  if (Object.hasOwn(value, path)) return value[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const key = path.slice(0, dot);
    const found = Object.hasOwn(value, key) ? reach(value[key], path.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** `"007"` and `"7.0"` are the number 7, written otherwise. */
export function plainNumber(text: string): string | undefined {
  if (!/^\s*[+-]?(\d|\.\d)/.test(text)) return undefined;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : String(number);
}
