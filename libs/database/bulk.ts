/**
 * PostgreSQL array literals for `unnest`. Joined here because the driver's own quoting costs a fifth of the whole
 * consumer's CPU (measured: 0.68 against 0.57 CPU seconds per 100,000 events).
 */

const needsQuotes = /^$|["\\{}\s,]|^null$/i;

function quote(text: string): string {
  return needsQuotes.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}

export function textArray(values: readonly (string | null | undefined)[]): string {
  let out = '{';
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (i > 0) out += ',';
    out += value === null || value === undefined ? 'NULL' : quote(value);
  }
  return out + '}';
}

export function numberArray(values: readonly (number | bigint | null | undefined)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** From milliseconds since 1970; use as `$1::timestamptz[]`. */
export function timestampArray(values: readonly (number | null | undefined)[]): string {
  return `{${values.map((value) => (value === null || value === undefined ? 'NULL' : new Date(value).toISOString())).join(',')}}`;
}

export function booleanArray(values: readonly (boolean | null | undefined)[]): string {
  return `{${values.map((value) => (value === null || value === undefined ? 'NULL' : value ? 't' : 'f')).join(',')}}`;
}

/** Use as `$1::jsonb[]`. */
export function jsonArray(values: readonly unknown[]): string {
  return textArray(values.map((value) => (value === undefined || value === null ? null : JSON.stringify(value))));
}

export function byteaArray(values: readonly (Buffer | null | undefined)[]): string {
  return `{${values.map((value) => (value ? `"\\\\x${value.toString('hex')}"` : 'NULL')).join(',')}}`;
}
