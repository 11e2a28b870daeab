/** Options of a verb, read by Node's own parser; what does not fit is wrong usage, said with the verb's usage line. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Complaint } from './verb.js';

export function optionsOf<Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  usage: string,
  options: Options,
  positionals: { readonly min?: number; readonly max?: number } = {},
) {
  const { min = 0, max = 0 } = positionals;
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (parsed.positionals.length < min || parsed.positionals.length > max) {
      throw new Error(
        `found ${parsed.positionals.length} argument(s), wanted ${min === max ? min : `${min} to ${max}`}`,
      );
    }
    return parsed;
  } catch (error) {
    throw new Complaint(`${(error as Error).message}\nUsage: tocsin ${usage}`, 2);
  }
}

/** The words of a line that stand for who did it in timelines and tables. */
export function operator(env: NodeJS.ProcessEnv): string {
  return `${env['SUDO_USER'] ?? env['USER'] ?? env['LOGNAME'] ?? 'operator'} (command line)`;
}
