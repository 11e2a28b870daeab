/** The headers of a record as text. A client may repeat one: the first counts. */
import type { StreamRecord } from './event.js';

/** The text of a header; its name is matched as written. Undefined where it is absent or empty. */
export function headerText(record: StreamRecord, name: string): string | undefined {
  const value = record.headers[name];
  const first = Array.isArray(value) ? value[0] : value;
  if (first === undefined || first === null) return undefined;
  const text = typeof first === 'string' ? first : first.toString('utf8');
  return text === '' ? undefined : text;
}

/** The media type of the record's value in lower case, without parameters. */
export function mediaType(record: StreamRecord): string | undefined {
  const text = headerText(record, 'content-type') ?? headerText(record, 'Content-Type');
  return text?.split(';', 1)[0]?.trim().toLowerCase();
}

/** True where `retention` asks that nothing of the content is kept. */
export function isNone(retention: unknown): boolean {
  return typeof retention === 'string' && retention.trim().toLowerCase() === 'none';
}
