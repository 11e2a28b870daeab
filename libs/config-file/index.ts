/**
 * Config file: how every file of the configuration folder is read. It promises that any text gives a value or problems
 * and never an exception, that every problem stands at the line and column of the word to change, and that its message
 * says what was found, what was wanted and, for a slip of the pen, what was probably meant. It knows no field by name:
 * a lib that owns a file brings its zod schema.
 *
 *     const read = readYaml(planFile, text, 'plan.yml');
 *     if (read.value === undefined) return { problems: read.problems };
 *     read.problems.push(read.error(['steps', 0, 'notify'], `found ...`));   // checks across fields, same positions
 *
 * `readItems` reads a list that may also be JSON lines, `readDocuments` a file of several `---` documents.
 * A schema's own message (`error: '...'`) is kept as it is; all others are written here.
 */
export { readYaml, readDocuments, type Reading } from './read-yaml.js';
export { readItems, type Items } from './read-items.js';
export { formatProblem, hasErrors, inFileOrder, type Path, type Place, type Problem } from './problem.js';
export { suggest, didYouMean } from './suggest.js';
