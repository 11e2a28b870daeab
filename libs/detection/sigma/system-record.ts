/**
 * Windows events as converters write them, `{ Event: { System, EventData } }`, under the names that Sigma rules use:
 * what stands in EventData and UserData by itself, of System the usual ones. Every other event is left as it is.
 */
import type { EventRecord } from './rule-set.js';

export function systemRecord(event: EventRecord): EventRecord {
  const outer = isRecord(event.Event) ? event.Event : event;
  const { System: system, EventData: data, UserData: user } = outer;
  if (!isRecord(system)) return event;
  const record: Record<string, unknown> = { ...event };
  const put = (name: string, value: unknown) => {
    if (value !== undefined && !Object.hasOwn(record, name)) record[name] = value;
  };
  for (const [name, value] of Object.entries(isRecord(data) ? data : {})) if (name !== '#attributes') put(name, value);
  for (const inner of Object.values(isRecord(user) ? user : {})) {
    if (isRecord(inner))
      for (const [name, value] of Object.entries(inner)) if (name !== '#attributes') put(name, value);
  }
  for (const [name, value] of Object.entries(system)) {
    const attributes = isRecord(value) ? value['#attributes'] : undefined;
    if (isRecord(attributes)) {
      for (const [attribute, inner] of Object.entries(attributes)) put(`${name}_${attribute}`, inner);
    }
    if (!isRecord(value)) put(name, value);
    else if (value['#text'] !== undefined) put(name, value['#text']);
  }
  put('UtcTime', record.TimeCreated_SystemTime);
  return record;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
