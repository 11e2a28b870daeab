/** A time span as Sigma writes it: a number and a unit, `15m`. */
import { Refusal } from './document.js';

const unitSeconds: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
  w: 604800,
  M: 2629746,
  y: 31556952,
};

/** Milliseconds. */
export function timespanOf(value: unknown, path: readonly string[]): number {
  const found = /^(\d+)\s*([smhdwMy])$/.exec(String(value ?? '').trim());
  const seconds = found ? Number(found[1]) * unitSeconds[found[2]!]! : 0;
  if (seconds > 0) return seconds * 1000;
  const what = value === undefined ? 'missing' : `found ${JSON.stringify(value)}`;
  throw new Refusal(path, `${path.join('.')}: ${what}, wanted a number and s, m, h or d, such as 15m`);
}
