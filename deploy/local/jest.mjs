/** Runs jest on files and counts; a file that failed is run once more by itself, and both outcomes are printed. */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './paths.mjs';
import { Sentence, say, seconds } from './say.mjs';

const rerunAtMost = 10;

/**
 * @param {{ folder: string, env: NodeJS.ProcessEnv, onStop: (work: () => void) => void }} place
 * @param {string[]} args files and jest's own options, as given on the command line
 * @param {string} config jest's configuration
 */
export function runJest(place, args, config = 'jest.config.mjs') {
  /** What each file said last. @type {Map<string, { passed: number, failed: number }>} */
  const results = new Map();
  const options = args.filter((arg) => arg.startsWith('-'));
  const patterns = args.filter((arg) => !arg.startsWith('-'));

  const jest = (more, stdio) => {
    const child = spawn(
      process.execPath,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        '--disable-warning=TimeoutNegativeWarning',
        join(root, 'node_modules/jest/bin/jest.js'),
        `--config=${join(root, config)}`,
        ...more,
      ],
      { cwd: root, env: place.env, stdio },
    );
    place.onStop(() => child.kill('SIGTERM'));
    return child;
  };

  /** Runs the files and keeps what they said; answers those that failed. */
  const runFiles = async (files, more) => {
    const outputFile = join(place.folder, `result-${results.size}-${Math.round(performance.now())}.json`);
    const child = jest(
      ['--json', `--outputFile=${outputFile}`, '--forceExit', ...more, ...options, '--runTestsByPath', ...files],
      ['ignore', 'ignore', 'inherit'],
    );
    const code = await new Promise((resolve) => child.once('close', resolve));
    for (const file of files) results.set(file, { passed: 0, failed: 1 }); // unless jest says otherwise
    const seen = readJson(outputFile);
    for (const { name, status, message, assertionResults } of seen?.testResults ?? []) {
      const passed = assertionResults.filter((one) => one.status === 'passed').length;
      const failed = assertionResults.filter((one) => one.status === 'failed').length;
      results.set(name, { passed, failed: failed === 0 && status === 'failed' ? 1 : failed });
      if (status === 'failed' && assertionResults.length === 0) say(message);
    }
    rmSync(outputFile, { force: true });
    if (!seen) say(`jest ended with ${code} and said nothing`);
    return files.filter((file) => results.get(file).failed > 0);
  };

  return {
    /** Runs one file without showing or counting it; answers the exit code and what jest printed. */
    async quietly(file) {
      const child = jest(['--runInBand', '--forceExit', '--runTestsByPath', file], ['ignore', 'pipe', 'pipe']);
      let output = '';
      child.stdout.on('data', (chunk) => (output += chunk));
      child.stderr.on('data', (chunk) => (output += chunk));
      return { code: await new Promise((resolve) => child.once('close', resolve)), output };
    },
    /** The files that the command line means. */
    async list() {
      const child = jest(['--listTests', '--json', ...patterns], ['ignore', 'pipe', 'inherit']);
      let output = '';
      child.stdout.on('data', (chunk) => (output += chunk));
      const code = await new Promise((resolve) => child.once('close', resolve));
      if (code !== 0 && !output.startsWith('[')) throw new Sentence(`jest could not list the tests (code ${code}).`);
      return JSON.parse(output).sort();
    },
    async run(what, files, more) {
      if (files.length === 0) return;
      const started = performance.now();
      say(`${what}: ${files.length} files`);
      const failed = await runFiles(files, more);
      say(`${what}: ${files.length - failed.length} files passed, ${failed.length} failed, ${seconds(started, 0)}`);
    },
    /** Runs each failed file by itself once more, and says so; answers those that failed again. */
    async again() {
      const failed = [...results].filter(([, { failed }]) => failed > 0).map(([file]) => file);
      if (failed.length > rerunAtMost) {
        say(`${failed.length} files failed, too many to run again`);
        return failed;
      }
      const still = [];
      for (const file of failed) {
        const bad = await runFiles([file], ['--runInBand']);
        say(`ran again by itself: ${relative(root, file)} ${bad.length > 0 ? 'failed' : 'passed'}`);
        still.push(...bad);
      }
      return still;
    },
    /** Tests by their final outcome; also told to the file that TOCSIN_COUNTS names. */
    counts() {
      let passed = 0;
      let failures = 0;
      for (const one of results.values()) {
        passed += one.passed;
        failures += one.failed;
      }
      tellCounts(passed, failures);
      return { passed, failures };
    },
  };
}

/** One line for whoever sums up several commands. */
export function tellCounts(passed, failed) {
  const file = process.env.TOCSIN_COUNTS;
  if (file) appendFileSync(file, `${passed} ${failed}\n`);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
