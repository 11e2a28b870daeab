/** Writes the console's client from an OpenAPI document: `node apps/console/web/generate.mjs DOCUMENT FOLDER`. */
import { createClient } from '@hey-api/openapi-ts';

const [input, path] = process.argv.slice(2);
if (!input || !path) throw new Error('Usage: generate.mjs DOCUMENT FOLDER');
await createClient({
  input,
  output: { path, tsConfigPath: `${import.meta.dirname}/tsconfig.json` },
  plugins: ['@hey-api/typescript', '@hey-api/sdk', { name: '@hey-api/client-fetch', throwOnError: true }],
  logs: { level: 'warn', file: false },
});
