/** What is wrong in a configuration file, and where: the one form in which every part of the folder complains. */

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

export interface Problem extends Place {
  /** As the folder names it, with forward slashes: `policy.yml`, `rules/phishing.yml`. */
  readonly file: string;
  /** What was found, what was wanted, what to do. */
  readonly message: string;
  /** An error keeps the folder from being applied; a warning does not. */
  readonly severity: 'error' | 'warning';
}

/** The way to a value: field names and list indexes, from the top of its document. */
export type Path = readonly (string | number)[];

/** `file:line:column message`, a warning marked as one. */
export function formatProblem({ file, line, column, message, severity }: Problem): string {
  return `${file}:${line}:${column} ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

/** By file, line and column; what stands at one place keeps its order. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}

/** `release_stages[0].name`, for a reader; empty for the document itself. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text ? `.${part}` : part;
  return text;
}
