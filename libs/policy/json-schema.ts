/** JSON Schemas of the folder's files, for editors: `# yaml-language-server: $schema=docs/schemas/policy.json`. */
import { z } from 'zod';
import { identitySchema, watchlistEntrySchema } from '../detection/index.js';
import { planSchema } from '../paging/index.js';
import { policyFile } from './schema.js';

const sources: Readonly<Record<string, z.ZodType>> = {
  'policy.json': policyFile,
  'plan.json': planSchema,
  'identities.json': z.array(identitySchema),
  'watchlist.json': z.array(watchlistEntrySchema),
};

/** JSON text by file name, as docs/schemas holds it. Checks across fields are `tocsin check`'s alone. */
export function schemaFiles(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(sources).map(([name, schema]) => {
      const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' });
      return [name, `${JSON.stringify(json, null, 2)}\n`];
    }),
  );
}
