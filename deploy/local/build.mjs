/** `npm run build`: dist/ as the commands make it, when sources changed. */
import { bootstrap } from './bootstrap.mjs';
import { say } from './say.mjs';

await bootstrap(async () => say('dist/ is up to date'), { console: true });
