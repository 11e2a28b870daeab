import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { decode, decodeAll } from './decode.js';
import type { Event, Rejection, StreamRecord } from './event.js';
import { cloudEvent, dataByType, fixture, now, record } from './fixtures/records.js';
import { rejectionReasons } from './rejection.js';
import { dataSchemas } from './schema.js';
import { believedAhead, believedBehind, isUntimed } from './time.js';

const read = (file: string) => readFileSync(new URL(`./fixtures/${file}`, import.meta.url));
/** Fixed, so that a run is like any other; `TOCSIN_TEST_SEED` tries another. */
const seed = Number(process.env.TOCSIN_TEST_SEED ?? 20_260_302);

const types = Object.keys(dataByType) as (keyof typeof dataByType)[];
const stocked = ['collector-logs', 'python-otlp-logs', 'python2-structured-output', 'go-structured-feedback'];

/** Text with all that JSON can write, NUL and lone surrogates among it. */
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', 'none', 'unchecked', '1.0', '__proto__', 'toString', '2026-02-30T00:00:00Z', '9'.repeat(20)),
  fc.integer({ min: 500, max: 70_000 }).map((size) => 'é\0\ud800x'.repeat(size)),
);
const anyJson = fc.oneof(
  anyText,
  fc.double(),
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1e300, [], {}, [null], [[]], { toString: 1 }, { __proto__: null }),
  fc.jsonValue({ depthSize: 'small' }),
);
/** A way to a value inside JSON: which child to go down to, at each level. */
const anyPath = fc.array(fc.nat(30), { minLength: 1, maxLength: 12 });
const change = fc.record({ path: anyPath, put: anyJson, remove: fc.boolean() });

/** JSON with the value at a path replaced or removed; a path that ends early changes what it reached. */
function changed(json: unknown, changes: readonly { path: number[]; put: unknown; remove: boolean }[]): unknown {
  const copy: unknown = structuredClone(json);
  for (const { path, put, remove } of changes) {
    let holder = copy as Record<string, unknown>;
    for (const [step, choice] of path.entries()) {
      const keys = Object.keys(holder);
      const key = keys[choice % Math.max(1, keys.length)];
      if (key === undefined) break;
      const inner = holder[key];
      if (step < path.length - 1 && typeof inner === 'object' && inner !== null) {
        holder = inner as Record<string, unknown>;
        continue;
      }
      if (remove) delete holder[key];
      else holder[key] = put;
      break;
    }
  }
  return copy;
}

const changes = fc.array(change, { maxLength: 3 });
const changedData = fc
  .constantFrom(...types)
  .chain((type) => changes.map((list) => ({ type, data: changed(dataByType[type], list) })));
const changedEvent = fc.oneof(
  fc
    .constantFrom(...types)
    .chain((type) => changes.map((list) => changed(cloudEvent(dataByType[type], { type }), list))),
  fc.constantFrom(...stocked).chain((name) => changes.map((list) => changed(jsonOf(fixture(name, read)), list))),
);
const anyHeaders = fc.dictionary(
  fc.constantFrom('content-type', 'ce_specversion', 'ce_type', 'ce_id', 'ce_source', 'ce_time', 'ce_retention', 'x'),
  fc.oneof(
    fc.constantFrom('1.0', ...types, 'none', 'application/json', 'application/cloudevents+json', 'text/plain', ''),
    anyText,
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.constant<string[]>([]),
    fc.array(anyText, { maxLength: 2 }),
  ),
);
const anyTimestamp = fc.oneof(
  fc.constantFrom(-1, 0, Number.NaN, Infinity, -Infinity, now, now + believedAhead, now + believedAhead + 1),
  fc.maxSafeInteger(),
);
const anyValue = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  anyJson.map((json) => Buffer.from(JSON.stringify(json) ?? '')),
  changedEvent.map((json) => Buffer.from(JSON.stringify(json))),
);
const anyRecord: fc.Arbitrary<StreamRecord> = fc
  .record({ value: anyValue, headers: anyHeaders, timestamp: anyTimestamp, plain: fc.boolean() })
  .map(({ value, headers, timestamp, plain }) => record(value, { timestamp, headers: plain ? {} : headers }));

function jsonOf(given: StreamRecord): unknown {
  return JSON.parse(given.value?.toString() ?? 'null');
}

test('no record makes the decoder throw, and each event and rejection is complete and well formed', () => {
  fc.assert(
    fc.property(anyRecord, (given) => {
      const answers = decode(given, now);
      for (const answer of answers) expectSound(answer, given);
      if (answers.length === 0) throw new Error('a record without any answer');
    }),
    { seed, numRuns: 1500 },
  );
});

test('the same records and the same now give the same answer, whatever was decoded before', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 5 }), (records) => {
      const alone = records.map((given) => decode(given, now));
      const { events, rejections } = decodeAll(records, now);
      expect(events).toEqual(alone.flat().filter((answer) => answer.kind !== 'rejection'));
      expect(rejections).toEqual(alone.flat().filter((answer) => answer.kind === 'rejection'));
    }),
    { seed, numRuns: 300 },
  );
});

test('the decoder takes exactly the data that the published schemas take', () => {
  fc.assert(
    fc.property(changedData, ({ type, data }) => {
      const given = record(cloudEvent(data, { type }));
      fc.pre((given.value?.length ?? 0) <= 1_048_576);
      const answer = decode(given, now)[0];
      const valid = dataSchemas[type].safeParse(JSON.parse(JSON.stringify(data))).success;
      expect({ taken: answer?.kind !== 'rejection', answer }).toEqual({ taken: valid, answer });
    }),
    { seed, numRuns: 1500 },
  );
});

function expectSound(answer: Event | Rejection, given: StreamRecord): void {
  const { origin } = answer;
  const at = `${origin.topic} ${origin.partition} ${origin.offset}`;
  if (at !== `${given.topic} ${given.partition} ${given.offset}`) throw new Error(`origin ${at}`);
  if (answer.kind === 'rejection') {
    if (!Object.keys(rejectionReasons).includes(answer.reason)) throw new Error(`reason ${answer.reason}`);
    if (answer.detail === '' || answer.detail.length > 400) throw new Error(`detail ${answer.detail}`);
    return;
  }
  const logged = isUntimed(given.timestamp, now) ? now : given.timestamp;
  if (!(answer.at >= logged - believedBehind && answer.at <= logged + believedAhead))
    throw new Error(`at ${answer.at}`);
  if (!/^\d{4}-\d\d-\d\d$/.test(answer.day) || answer.day.startsWith('0000')) throw new Error(`day ${answer.day}`);
  if (answer.source === '' || answer.id === '') throw new Error('no identity');
  expectClean(answer);
  if (answer.kind === 'output') {
    if (Buffer.byteLength(answer.output) > 65_536) throw new Error('output over 64 KiB');
    if (answer.account.id === '') throw new Error('no account');
  }
  if (answer.kind === 'verdict' && (answer.label === 'unchecked') !== (answer.score === undefined)) {
    throw new Error('score');
  }
}

/** Every text anywhere in the event can be stored, and none is unbounded. */
function expectClean(value: unknown): void {
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) throw new Error('not clean');
  if (typeof value === 'string' && Buffer.byteLength(value) > 65_536) throw new Error('too long');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('not a number');
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectClean);
}
