/** Cursors of lists: where the page before ended, opaque to clients, refused when they are not ours. */

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Pass it back to read on; null at the end. */
  readonly next: string | null;
}

export interface PageRequest {
  readonly cursor?: string | undefined;
  /** 1 to 100; 50 unless said. */
  readonly limit?: number | undefined;
}

export class BadCursor extends Error {
  readonly code = 'TOCSIN_CURSOR';

  constructor() {
    super('the cursor is not one that this list gave: read from the beginning, without a cursor');
  }
}

export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The parts of a cursor of `kinds`; undefined where there is none. Throws BadCursor. */
export function decodeCursor(
  cursor: string | undefined,
  kinds: readonly ('string' | 'number')[],
): readonly (string | number)[] | undefined {
  if (cursor === undefined || cursor === '') return undefined;
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw new BadCursor();
  }
  if (!Array.isArray(parts) || parts.length !== kinds.length) throw new BadCursor();
  if (!parts.every((part, i) => typeof part === kinds[i] && !/\u0000/.test(String(part)))) throw new BadCursor();
  return parts as (string | number)[];
}

export function limitOf({ limit = 50 }: PageRequest): number {
  return Math.min(100, Math.max(1, Math.trunc(limit) || 50));
}

/** Cuts a list that was read one longer than asked. */
export function pageOf<Item>(
  rows: readonly Item[],
  limit: number,
  cursorOf: (last: Item) => readonly (string | number)[],
): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null };
}
