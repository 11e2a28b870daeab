export interface Line {
  readonly topic: string;
  readonly as?: string;
  readonly seconds_ago?: number;
  readonly key?: string;
  readonly type: string;
  readonly source: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly output?: unknown };
}

export interface SampleEvent {
  readonly type: string;
  readonly source: string;
  readonly id: string;
  readonly time: string;
  readonly key: string | null;
  readonly data: Readonly<Record<string, unknown>> & { readonly output?: unknown };
}

export function readSample(file: 'hits.jsonl' | 'near-misses.jsonl'): Line[];

/** Events by topic, as they are published. */
export function makeEvents(lines: readonly Line[], now: number, newId?: () => string): Map<string, SampleEvent[]>;
