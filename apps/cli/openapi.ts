/** `tocsin openapi`: the API's OpenAPI document, made without any server; the console's client is generated from it. */
import { openApiWithoutServers } from '../api/openapi.js';
import type { Verb } from './verb.js';

export const verb: Verb = {
  usage: 'openapi',
  summary: 'Print the OpenAPI 3.1 document of the HTTP API',
  async run() {
    process.stdout.write(`${JSON.stringify(await openApiWithoutServers(), null, 2)}\n`);
    return 0;
  },
};
