/** What the two commands say: one line a step with how long it took, and one sentence when they cannot go on. */

/** Something the reader can mend: printed as it stands, without a stack, and the command ends with code 1. */
export class Sentence extends Error {}

/** Seconds after which a step that is still running says so, then every 15. */
const first = 5;
const next = 15;
const column = 38;

/**
 * Runs `work` as one step and prints one line when it is done; a step that takes long says so every few seconds.
 * @template T
 * @param {string} what
 * @param {(note: (text: string) => void) => Promise<T> | T} work may call `note` with what the line should add
 * @returns {Promise<T>}
 */
export async function step(what, work) {
  const started = performance.now();
  let note = '';
  let said = 0;
  const ticking = setInterval(() => {
    const passed = Math.round((performance.now() - started) / 1000);
    if (passed < (said === 0 ? first : said + next)) return;
    said = passed;
    say(`  ${what} ... ${passed} s`);
  }, 1_000);
  try {
    const result = await work((text) => (note = text));
    say(`  ${what.padEnd(column)} ${seconds(started).padStart(7)}${note ? `   ${note}` : ''}`);
    return result;
  } finally {
    clearInterval(ticking);
  }
}

let out = process.stdout;

/** From now on lines go there: a verb's stdout is its answer's alone. @param {NodeJS.WriteStream} stream */
export function speakOn(stream) {
  out = stream;
}

/** @param {string} line */
export function say(line) {
  out.write(`${line}\n`);
}

/** @param {number} started from performance.now() */
export function seconds(started, digits = 1) {
  return `${((performance.now() - started) / 1000).toFixed(digits)} s`;
}

/**
 * Runs a command's main; a Sentence ends it with code 1 and no stack.
 * @param {() => Promise<number | void>} main answers the exit code
 */
export async function run(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Sentence ? error.message : (error?.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}
