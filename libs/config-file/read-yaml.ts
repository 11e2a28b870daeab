/**
 * Reads YAML text by a zod schema and says of each mistake where it stands. Syntax errors are told alone: what a
 * broken text would have meant is a guess, and guesses make noise. A key written twice is told beside the rest.
 */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
} from 'yaml';
import type { z } from 'zod';
import { describeIssues, unwritten, type Found } from './describe.js';
import { hasErrors, inFileOrder, type Path, type Place, type Problem } from './problem.js';

export interface Reading<T> {
  /** Absent where there is an error. */
  readonly value?: T;
  /** In the order of the file. A caller may add its own. */
  readonly problems: Problem[];
  /** Where the value at `path` stands, or the nearest thing around it that is there; with `key`, its name. */
  at(path: Path, part?: 'value' | 'key'): Place;
  error(path: Path, message: string): Problem;
  warning(path: Path, message: string): Problem;
}

/** One document; more than one is a problem. */
export function readYaml<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  file: string,
): Reading<z.output<Schema>> {
  const { documents, lines } = parse(text);
  const second = documents[1];
  const reading = readDocument(schema, documents[0], lines, file);
  if (!second) return reading;
  const place = placeOf(lines, second.range?.[0] ?? 0);
  const message = 'found a second document (after `---`), wanted one document in this file';
  const problems = [...reading.problems, { file, ...place, message, severity: 'error' as const }];
  return { problems, at: reading.at, error: reading.error, warning: reading.warning };
}

/** Every document of a text, each read by itself; an empty text has none. */
export function readDocuments<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  file: string,
): Reading<z.output<Schema>>[] {
  const { documents, lines } = parse(text);
  return documents
    .filter((document) => document.contents !== null || document.errors.length > 0)
    .map((document) => readDocument(schema, document, lines, file));
}

function parse(text: string): { documents: Document[]; lines: LineCounter } {
  const lines = new LineCounter();
  // A byte order mark is no content; the parser drops it, and so must the columns.
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const parsed = parseAllDocuments(plain, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  return { documents: [...parsed] as Document[], lines };
}

function readDocument<Schema extends z.ZodType>(
  schema: Schema,
  document: Document | undefined,
  lines: LineCounter,
  file: string,
): Reading<z.output<Schema>> {
  const problems: Problem[] = [];
  const at = (path: Path, part: 'value' | 'key' = 'value') => placeOf(lines, offsetOf(document, path, part));
  const say = (severity: Problem['severity']) => (path: Path, message: string) => ({
    file,
    ...at(path),
    message,
    severity,
  });
  const reading = { problems, at, error: say('error'), warning: say('warning') };

  for (const { pos, message } of document?.errors ?? []) {
    problems.push({ file, ...placeOf(lines, pos[0]), message: plainSyntax(message), severity: 'error' });
  }
  for (const { pos, message } of document?.warnings ?? []) {
    problems.push({ file, ...placeOf(lines, pos[0]), message: plainSyntax(message), severity: 'warning' });
  }
  if (document?.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return reading;

  let input: unknown;
  try {
    input = document?.toJS({ maxAliasCount: 100 }) ?? null;
  } catch (error) {
    // An alias without its anchor, aliases that multiply without end, or nesting deeper than the stack.
    const message = error instanceof ReferenceError ? error.message : 'found nesting too deep to read';
    return { ...reading, problems: [...problems, reading.error([], message)] };
  }

  const parsed = schema.safeParse(input, { error: () => unwritten, reportInput: true });
  if (!parsed.success) {
    const look = (path: Path): Found => found(document, path);
    for (const issue of describeIssues(schema, parsed.error.issues, look)) {
      problems.push({ file, ...at(issue.path, issue.part), message: issue.message, severity: 'error' });
    }
  }
  const ordered = inFileOrder(problems);
  if (!parsed.success || hasErrors(ordered)) return { ...reading, problems: ordered };
  return { ...reading, problems: ordered, value: parsed.data };
}

/** The parser's own words, on one line. */
function plainSyntax(message: string): string {
  if (message === 'Map keys must be unique') return 'found the same field a second time, wanted it once';
  return `not valid YAML: ${message.replace(/\s+/g, ' ').trim()}`;
}

function placeOf(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** What the file itself has at `path`: its text as written, for messages that quote it. */
function found(document: Document | undefined, path: Path): Found {
  const node = walk(document, path);
  if (!node.whole || !node.value) return {};
  return isScalar(node.value) && typeof node.value.source === 'string' ? { source: node.value.source } : {};
}

function offsetOf(document: Document | undefined, path: Path, part: 'value' | 'key'): number {
  const { key, value, whole } = walk(document, path);
  const node = whole && part === 'key' ? (key ?? value) : (value ?? key);
  // A field without a value has an empty scalar behind its colon: its name is the better place.
  const empty = node === value && isScalar(value) && value.value === null && value.source === '';
  return (empty && key ? key : node)?.range?.[0] ?? document?.contents?.range?.[0] ?? 0;
}

/** Goes down as far as the path leads; `whole` says that it was all of it. */
function walk(document: Document | undefined, path: Path): { key?: Node; value?: Node; whole: boolean } {
  let value: Node | undefined = document?.contents ?? undefined;
  let key: Node | undefined;
  for (const step of path) {
    const node: Node | undefined = isAlias(value) && document ? value.resolve(document) : value;
    if (isMap(node)) {
      // Of a name written twice the last one counts, as it does for its value.
      const pair = node.items.findLast((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return { key, value, whole: false };
      key = isNode(pair.key) ? pair.key : undefined;
      value = isNode(pair.value) ? pair.value : undefined;
    } else if (isSeq(node) && typeof step === 'number' && isNode(node.items[step])) {
      key = undefined;
      value = node.items[step];
    } else return { key, value, whole: false };
  }
  return { key, value, whole: true };
}
