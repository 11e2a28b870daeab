/** A rule document on its way to a rule: what all three kinds have in common, and how one is refused. */
import { didYouMean, type Path, type Reading } from '../../config-file/index.js';
import type { Placeholders } from './item.js';
import { sigmaLevels, type SigmaLevel } from './rule.js';

export type Fields = Readonly<Record<string, unknown>>;

/** The document is left out; told at `path`. */
export class Refusal extends Error {
  constructor(
    readonly path: Path,
    message: string,
  ) {
    super(message);
  }
}

export interface DocumentContext {
  readonly file: string;
  readonly reading: Reading<unknown>;
  readonly placeholders: Placeholders;
  warn(path: Path, message: string): void;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// prettier-ignore
export const topFields = [
  'title', 'id', 'related', 'name', 'taxonomy', 'status', 'description', 'license', 'author', 'references', 'date',
  'modified', 'logsource', 'detection', 'correlation', 'filter', 'fields', 'falsepositives', 'level', 'tags', 'scope',
  'generate', 'tocsin',
];

export type Common = ReturnType<typeof readCommon>;

export function readCommon(document: Fields, context: DocumentContext) {
  const { file, reading } = context;
  const text = (field: string) => {
    const value = document[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'object') throw new Refusal([field], `${field}: found a list or fields, wanted a text`);
    return String(value);
  };
  const id = text('id');
  const title = text('title');
  const name = text('name');
  const settings = document.tocsin;
  if (settings !== undefined && !isFields(settings))
    throw new Refusal(['tocsin'], 'tocsin: wanted fields (name: value)');
  for (const [field, value] of Object.entries(settings ?? {})) {
    if (field !== 'shadow') {
      throw new Refusal(
        ['tocsin', field],
        `tocsin: found the unknown field "${field}"${didYouMean(field, ['shadow'])}`,
      );
    }
    if (typeof value !== 'boolean') throw new Refusal(['tocsin', field], 'tocsin.shadow: wanted true or false');
  }
  return {
    key: id ?? title ?? file,
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    title: title ?? id ?? file,
    file,
    line: reading.at([]).line,
    shadow: settings?.shadow === true,
  };
}

export function readLevel(document: Fields): SigmaLevel {
  const { level } = document;
  if (level === undefined || level === null) return 'medium';
  const known = sigmaLevels.find((one) => one === String(level).toLowerCase());
  if (known) return known;
  const wanted = `wanted one of ${sigmaLevels.join(', ')}`;
  throw new Refusal(
    ['level'],
    `level: found ${JSON.stringify(level)}, ${wanted}${didYouMean(String(level), sigmaLevels)}`,
  );
}
