#!/usr/bin/env node
/** The entry of every process: refuses a Node it was not built for, then hands over to the verb. */

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `Tocsin runs on Node 24 or later and this is ${process.version}: use \`npx tocsin\`, which brings its own.\n`,
  );
  process.exit(1);
}
const { verb } = await import('./cli/verbs.js');
process.exitCode = await verb(process.argv.slice(2));
