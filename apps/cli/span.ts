/** Times as people type them: `7d`, `90m`, or an instant. */
import { Complaint } from './verb.js';

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds since 1970: so long ago, or that instant. Wrong usage where it is neither. */
export function instant(option: string, text: string, now = Date.now()): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * units[unit as keyof typeof units];
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/^\d{4}-/.test(text)) {
    throw new Complaint(
      `${option} is "${text}": wanted so long ago (7d, 90m) or a time such as 2026-11-24T09:00:00Z.`,
      2,
    );
  }
  return at;
}
