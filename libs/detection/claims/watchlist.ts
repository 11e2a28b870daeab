/**
 * What is on the watchlist: known false claims and narratives, each with who put it there and whether it may page.
 * Read from `watchlist.yml` of the folder, or from a FILE of a verb, which may leave out all but the claim.
 */
import { z } from 'zod';
import { readItems, type Problem } from '../../config-file/index.js';
import { levels, type Level } from '../../incidents/index.js';

export type EntryStatus = 'shadow' | 'active' | 'contested';

export interface WatchlistEntry {
  readonly id: string;
  readonly claim: string;
  readonly aliases: readonly string[];
  readonly narrative?: string;
  readonly languages: readonly string[];
  readonly links: readonly string[];
  /** Milliseconds since 1970; judged by the event's time. */
  readonly validFrom?: number;
  readonly validTo?: number;
  /** The level of a finding that promotes it; `high` where nothing is said. */
  readonly level: Level;
  readonly status: EntryStatus;
  readonly addedBy?: string;
  readonly reviewedBy?: string;
  readonly source?: string;
  /** Milliseconds since 1970. */
  readonly reviewBy?: number;
}

const day = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).transform((text) => Date.parse(text));
const words = z.array(z.string().trim().min(1));
const severities = { SEV1: 'critical', SEV2: 'high', SEV3: 'medium', SEV4: 'low' } as const;
const severity = z
  .enum([...levels, 'SEV1', 'SEV2', 'SEV3', 'SEV4'])
  .transform((value): Level => (value in severities ? severities[value as keyof typeof severities] : (value as Level)));
const provenance = {
  added_by: z.string().min(1).optional(),
  reviewed_by: z.string().min(1).optional(),
  source: z.string().min(1).optional(),
  status: z.enum(['shadow', 'active', 'contested']).optional(),
  review_by: day.optional(),
};
const entry = {
  id: z.string().trim().min(1).max(200).optional(),
  claim: z.string().trim().min(1).max(2000),
  aliases: words.max(200).optional(),
  narrative: z.string().min(1).optional(),
  languages: words.optional(),
  links: words.optional(),
  valid_from: day.optional(),
  valid_to: day.optional(),
  severity: severity.optional(),
};
/** Provenance may stand in a field of that name or beside the claim. */
export const watchlistEntrySchema = z.strictObject({
  ...entry,
  ...provenance,
  provenance: z.strictObject(provenance).optional(),
});
const looseSchema = z.looseObject({
  ...entry,
  id: z.union([z.string(), z.number()]).optional(),
  ...provenance,
  provenance: z.looseObject(provenance).optional(),
});

export interface WatchlistReading {
  /** Absent where there is an error. */
  readonly entries?: readonly WatchlistEntry[];
  readonly problems: readonly Problem[];
}

/**
 * Reads a watchlist. `from` says which rules hold: of the `folder` every field is known, and an entry without status is
 * active only when a second person reviewed it; of a `file` handed to a verb, unknown fields pass and status is active.
 */
export function parseWatchlist(
  text: string,
  file = 'watchlist.yml',
  from: 'folder' | 'file' = 'folder',
): WatchlistReading {
  const read = readItems(from === 'folder' ? watchlistEntrySchema : looseSchema, text, file);
  const problems = [...read.problems];
  if (!read.items) return { problems };
  const seen = new Set<string>();
  const entries = read.items.map((item, index): WatchlistEntry => {
    const told = { ...defined(item), ...defined(item.provenance ?? {}) } as typeof item;
    const id = String(item.id ?? item.claim);
    if (seen.has(id)) problems.push(read.error(index, ['id'], `found the id "${id}" a second time, wanted each once`));
    seen.add(id);
    if (item.valid_from !== undefined && item.valid_to !== undefined && item.valid_from >= item.valid_to) {
      problems.push(read.error(index, ['valid_to'], 'found an end that is not after `valid_from`, wanted a later day'));
    }
    if (from === 'folder' && told.status === undefined) {
      const message = 'found no status, taken as `active`; wanted `status: active`, `shadow` or `contested`';
      problems.push(read.warning(index, [], message));
    }
    return {
      id,
      claim: item.claim,
      aliases: item.aliases ?? [],
      narrative: item.narrative,
      languages: item.languages ?? [],
      links: item.links ?? [],
      validFrom: item.valid_from,
      validTo: item.valid_to,
      level: item.severity ?? 'high',
      status: told.status ?? 'active',
      addedBy: told.added_by,
      reviewedBy: told.reviewed_by,
      source: told.source,
      reviewBy: told.review_by,
    };
  });
  return problems.some((problem) => problem.severity === 'error') ? { problems } : { entries, problems };
}

/**
 * May a finding of this entry page? Shadow entries are kept apart; one of the folder that nobody but its author has
 * read, or that is contested, goes to review.
 */
export function standing(entry: WatchlistEntry): 'pages' | 'review' | 'shadow' {
  if (entry.status === 'shadow') return 'shadow';
  if (entry.status === 'contested') return 'review';
  const alone = entry.addedBy !== undefined && (entry.reviewedBy === undefined || entry.reviewedBy === entry.addedBy);
  return alone ? 'review' : 'pages';
}

export function validAt(entry: WatchlistEntry, at: number): boolean {
  return (
    (entry.validFrom === undefined || at >= entry.validFrom) && (entry.validTo === undefined || at < entry.validTo)
  );
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Partial<T>;
}
