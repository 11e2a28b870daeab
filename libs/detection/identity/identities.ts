/** Whom may nobody speak as? People, organisations, government bodies and products of `identities.yml`. */
import { z } from 'zod';
import { readItems, type Problem } from '../../config-file/index.js';

export const identityKinds = ['person', 'organisation', 'government', 'product'] as const;
export type IdentityKind = (typeof identityKinds)[number];

export interface Identity {
  readonly id: string;
  readonly kind: IdentityKind;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly domains: readonly string[];
  readonly handles: readonly string[];
  readonly phones: readonly string[];
  /** Accounts that may speak as it. */
  readonly accounts: readonly string[];
}

const names = z.array(z.string().trim().min(1).max(200)).max(500);
const domain = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[^\s/@:]+\.[^\s/@:]+$/u, 'found no domain name, wanted one such as example.org, without https:// or path');
const fields = {
  id: z.string().trim().min(1).max(200).optional(),
  kind: z.enum(identityKinds),
  name: z.string().trim().min(2).max(200),
  aliases: names.optional(),
  domains: z.array(domain).optional(),
  handles: names.optional(),
  phones: names.optional(),
  accounts: names.optional(),
};
export const identitySchema = z.strictObject(fields);
const looseSchema = z.looseObject({
  ...fields,
  id: z.union([z.string(), z.number()]).optional(),
  kind: z.string().optional(),
});

export interface IdentitiesReading {
  /** Absent where there is an error. */
  readonly identities?: readonly Identity[];
  readonly problems: readonly Problem[];
}

/** Reads identities; of a `file` handed to a verb unknown fields pass and `kind` may be absent. */
export function parseIdentities(
  text: string,
  file = 'identities.yml',
  from: 'folder' | 'file' = 'folder',
): IdentitiesReading {
  const read = readItems(from === 'folder' ? identitySchema : looseSchema, text, file);
  const problems = [...read.problems];
  if (!read.items) return { problems };
  const seen = new Set<string>();
  const identities = read.items.map((item, index): Identity => {
    const id = String(item.id ?? item.name);
    if (seen.has(id)) problems.push(read.error(index, ['id'], `found the id "${id}" a second time, wanted each once`));
    seen.add(id);
    return {
      id,
      kind: identityKinds.find((kind) => kind === item.kind) ?? 'organisation',
      name: item.name,
      aliases: item.aliases ?? [],
      domains: item.domains ?? [],
      handles: item.handles ?? [],
      phones: item.phones ?? [],
      accounts: item.accounts ?? [],
    };
  });
  return problems.some((problem) => problem.severity === 'error') ? { problems } : { identities, problems };
}
