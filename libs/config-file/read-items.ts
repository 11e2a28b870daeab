/** Reads a list of entries, written as a YAML (or JSON) list or as JSON lines: one door for folder files and a verb's FILE. */
import { z } from 'zod';
import { inFileOrder, type Path, type Place, type Problem } from './problem.js';
import { readYaml } from './read-yaml.js';

export interface Items<T> {
  /** Absent where there is an error. */
  readonly items?: readonly T[];
  readonly problems: Problem[];
  /** Where the value at `path` inside entry `index` stands. */
  at(index: number, path?: Path): Place;
  error(index: number, path: Path, message: string): Problem;
  warning(index: number, path: Path, message: string): Problem;
}

/** JSON lines where the name ends in .jsonl or .ndjson or the text begins with `{`; a text without entries is an empty list. */
export function readItems<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  file: string,
): Items<z.output<Schema>> {
  const lines = /\.(jsonl|ndjson)$/i.test(file) || /^\uFEFF?\s*\{/.test(text);
  return lines ? readLines(schema, text, file) : readList(schema, text, file);
}

function readList<Schema extends z.ZodType>(schema: Schema, text: string, file: string): Items<z.output<Schema>> {
  const read = readYaml(z.array(schema).nullable(), text, file);
  const items = { problems: read.problems, ...placed(file, (index, path) => read.at([index, ...path])) };
  return read.value === undefined ? items : { ...items, items: read.value ?? [] };
}

function readLines<Schema extends z.ZodType>(schema: Schema, text: string, file: string): Items<z.output<Schema>> {
  const values: z.output<Schema>[] = [];
  const problems: Problem[] = [];
  const starts: { line: number; at: (path: Path) => Place }[] = [];
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, index) => {
      if (line.trim() === '') return;
      const value = parseJson(line);
      const good = value === undefined ? undefined : schema.safeParse(value.json);
      if (good?.success) {
        values.push(good.data);
        starts.push({ line: index + 1, at: (path) => readYaml(z.unknown(), line, file).at(path) });
        return;
      }
      // Only a bad line is read again, as the YAML that all JSON is, for its columns and messages.
      const read = readYaml(schema, line, file);
      starts.push({ line: index + 1, at: read.at });
      if (value === undefined) {
        const message = 'not valid JSON: wanted one JSON object on this line';
        problems.push({ file, line: index + 1, column: 1, message, severity: 'error' });
      } else problems.push(...read.problems.map((problem) => ({ ...problem, line: index + 1 })));
    });
  const place = (index: number, path: Path): Place => {
    const start = starts[index];
    return start ? { line: start.line, column: start.at(path).column } : { line: 1, column: 1 };
  };
  const items = { problems: inFileOrder(problems), ...placed(file, place) };
  return problems.length > 0 ? items : { ...items, items: values };
}

function parseJson(line: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(line) as unknown };
  } catch {
    return undefined;
  }
}

function placed(file: string, place: (index: number, path: Path) => Place) {
  const say = (severity: Problem['severity']) => (index: number, path: Path, message: string) => ({
    file,
    ...place(index, path),
    message,
    severity,
  });
  return { at: (index: number, path: Path = []) => place(index, path), error: say('error'), warning: say('warning') };
}
