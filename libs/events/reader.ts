/**
 * Reads the fields of one event out of parsed JSON. The first thing wrong is kept, not thrown: an event that is refused
 * is an expected outcome. Null counts as absent everywhere, because stock clients write it for what they do not know.
 */
import { describe, type RejectionReason } from './rejection.js';
import { firstBytes, mend, needsMending, overLimit } from './text.js';
import { parseTime } from './time.js';

export type Fields = Readonly<Record<string, unknown>>;

/** The longest name, id or label, in UTF-16 units: with three bytes each it still fits a B-tree index of PostgreSQL. */
export const nameLimit = 512;

export class Reader {
  /** Undefined as long as nothing is wrong. */
  reason: RejectionReason | undefined = undefined;
  detail = '';
  /** How many texts were mended. */
  mended = 0;
  /** True where the output, or a tool call's arguments, were longer than what is judged. */
  cut = false;
  private suspect = true;

  /** Begins an event. `suspect` is false where the record cannot hold a NUL or lone surrogate, so none is looked for. */
  begin(suspect: boolean): void {
    this.reason = undefined;
    this.detail = '';
    this.mended = 0;
    this.cut = false;
    this.suspect = suspect;
  }

  fail(reason: RejectionReason, detail: string): undefined {
    if (this.reason === undefined) {
      this.reason = reason;
      this.detail = detail;
    }
    return undefined;
  }

  invalid(value: unknown, field: string, wanted: string): undefined {
    return this.fail('invalid_field', `${field}: found ${describe(value)}, wanted ${wanted}`);
  }

  missing(value: unknown, field: string): undefined {
    return this.fail('missing_field', `${field}: found ${describe(value)}, and it is required`);
  }

  /** An id, name or label; an empty one counts as absent. U+0001 parts names inside ids, so none may hold it. */
  name(value: unknown, field: string): string | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string' || value.length > nameLimit) {
      return this.invalid(value, field, `a string of at most ${nameLimit} characters`);
    }
    if (!this.suspect || (!value.includes('\u0001') && !needsMending(value))) return value;
    this.mended++;
    return mend(value.replaceAll('\u0001', '\ufffd'));
  }

  /** As `name`, of a field that must be there; an empty string after a failure, which nobody reads. */
  requiredName(value: unknown, field: string): string {
    return this.name(value, field) ?? this.missing(value, field) ?? '';
  }

  /** A text without NUL and lone surrogates, as long as it came. */
  clean(text: string): string {
    if (!this.suspect || !needsMending(text)) return text;
    this.mended++;
    return mend(text);
  }

  /** A text beside the output: its first 64 KiB. */
  text(value: unknown, field: string): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') return this.invalid(value, field, 'a string');
    const text = this.clean(value);
    return overLimit(text) ? firstBytes(text) : text;
  }

  object(value: unknown, field: string): Fields | undefined {
    if (value === undefined || value === null) return undefined;
    return isObject(value) ? value : this.invalid(value, field, 'an object');
  }

  list(value: unknown, field: string): readonly unknown[] | undefined {
    if (value === undefined || value === null) return undefined;
    return Array.isArray(value) ? value : this.invalid(value, field, 'a list');
  }

  flag(value: unknown, field: string): boolean | undefined {
    if (value === undefined || value === null) return undefined;
    return typeof value === 'boolean' ? value : this.invalid(value, field, 'true or false');
  }

  /** A number from 0 to 1. */
  score(value: unknown, field: string): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    return this.invalid(value, field, 'a number from 0 to 1');
  }

  /** Milliseconds since 1970 of an RFC 3339 text. */
  time(value: unknown, field: string): number | undefined {
    if (value === undefined || value === null) return undefined;
    const time = typeof value === 'string' ? parseTime(value) : undefined;
    return time ?? this.invalid(value, field, 'a date and time as in RFC 3339');
  }

  oneOf<T extends string | number>(value: unknown, choices: readonly T[], field: string): T | undefined {
    if (value === undefined || value === null) return undefined;
    for (const choice of choices) if (value === choice) return choice;
    return this.invalid(value, field, `one of ${choices.join(', ')}`);
  }
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
