import { decode, decodeAll, recordLimit } from './decode.js';
import type { Event, OutputEvent, Rejection, StreamRecord } from './event.js';
import {
  cloudEvent,
  dataByType,
  feedbackData,
  logs,
  now,
  outputData,
  outputRecord,
  record,
  verdictData,
} from './fixtures/records.js';
import { rejectionReasons, type RejectionReason } from './rejection.js';

const minute = 60_000;
const day = 86_400_000;
const inference = 'gen_ai.client.inference.operation.details';
const evaluation = 'gen_ai.evaluation.result';
const said = { 'gen_ai.output.messages': { stringValue: 'hello' }, 'user.id': { stringValue: 'account-12' } };

function only(given: StreamRecord): Event | Rejection {
  const [first, ...rest] = decode(given, now);
  if (first === undefined || rest.length > 0) throw new Error(`found ${rest.length + 1} answers`);
  return first;
}

function output(given: StreamRecord): OutputEvent {
  const event = only(given);
  if (event.kind !== 'output') throw new Error(`found ${JSON.stringify(event)}`);
  return event;
}

function refused(given: StreamRecord): { reason: string; detail: string } {
  const answer = only(given);
  if (answer.kind !== 'rejection') throw new Error(`found ${answer.kind}`);
  return { reason: answer.reason, detail: answer.detail };
}

const binaryHeaders = {
  ce_specversion: '1.0',
  ce_type: Buffer.from('tocsin.output.v1'),
  ce_source: ['assistant/eu', 'ignored'],
  ce_id: 'out-1',
};

describe('rejections', () => {
  const without = { output: undefined };
  const cases: [RejectionReason, StreamRecord, string][] = [
    ['unreadable', record(null, { unreadable: 'zstd: bad magic' }), 'zstd: bad magic'],
    ['tombstone', record(null), 'the value is null'],
    ['too_large', record(Buffer.alloc(recordLimit + 1, 'a')), 'found 1048577 bytes, wanted at most 1048576'],
    ['invalid_utf8', record(Buffer.from([0x22, 0xc3, 0x28, 0x22])), 'found 4 bytes that are not UTF-8'],
    ['invalid_json', record(Buffer.from('{"specversion":')), 'found 15 bytes that are not JSON'],
    ['invalid_json', record(Buffer.alloc(0)), 'found 0 bytes that are not JSON'],
    [
      'unsupported_content_type',
      record(Buffer.from('binary'), { headers: { 'content-type': 'application/x-protobuf' } }),
      'wanted application/json, application/cloudevents+json or OpenTelemetry logs in JSON',
    ],
    [
      'unsupported_content_type',
      record(outputData, { headers: { ...binaryHeaders, 'content-type': 'text/plain' } }),
      'wanted application/json, application/cloudevents+json or OpenTelemetry logs in JSON',
    ],
    ['unsupported_version', outputRecord({}, { specversion: '0.3' }), 'specversion: wanted 1.0'],
    ['not_an_event', record({ hello: 'world' }), 'wanted a CloudEvent (specversion) or OpenTelemetry logs'],
    ['not_an_event', record([cloudEvent(outputData)]), 'wanted a CloudEvent (specversion) or OpenTelemetry logs'],
    ['no_event', record(logs({ name: 'session.start', attributes: {} })), 'found 1 log records, none a GenAI event'],
    ['no_event', record({ resourceLogs: 'none' }), 'found 0 log records, none a GenAI event'],
    [
      'unknown_type',
      outputRecord({}, { type: 'tocsin.output.v2' }),
      'type: found tocsin.output.v2, wanted tocsin.output.v1, tocsin.feedback.v1, tocsin.verdict.v1',
    ],
    ['missing_field', outputRecord(without), 'output: found nothing, and it is required'],
    ['missing_field', outputRecord({ account: {} }), 'account.id: found nothing, and it is required'],
    ['missing_field', outputRecord({ account: { id: '' } }), 'account.id: found an empty string, and it is required'],
    ['missing_field', outputRecord({}, { id: null }), 'id: found null, and it is required'],
    ['missing_field', outputRecord({}, { source: '' }), 'source: found an empty string, and it is required'],
    ['missing_field', record(cloudEvent(undefined)), 'data: found nothing, and it is required'],
    [
      'missing_field',
      record(outputData, { headers: { ce_id: 'a' } }),
      'specversion: found nothing, and it is required',
    ],
    [
      'missing_field',
      record(cloudEvent({ ...verdictData, score: undefined }, { type: 'tocsin.verdict.v1' })),
      'score: found nothing, and it is required',
    ],
    [
      'missing_field',
      record(logs({ name: inference, attributes: {} })),
      'gen_ai.response.id: found nothing, and it is required',
    ],
    ['invalid_field', outputRecord({ output: 7 }), 'output: found a number, wanted a string or a list of messages'],
    ['invalid_field', outputRecord({ prompt: [1] }), 'prompt[]: found a number, wanted a message'],
    [
      'invalid_field',
      outputRecord({ stage: 's'.repeat(513) }),
      'stage: found a string of 513 characters, wanted a string of at most 512 characters',
    ],
    [
      'invalid_field',
      outputRecord({}, { time: '2026-03-02 at ten' }),
      'time: found a string of 17 characters, wanted a date and time as in RFC 3339',
    ],
    [
      'invalid_field',
      outputRecord({ purpose: 'prod' }),
      'purpose: found a string of 4 characters, wanted one of production, red_team, evaluation, control',
    ],
    ['invalid_field', record(cloudEvent('{}')), 'data: found a string of 2 characters, wanted an object'],
    [
      'invalid_field',
      record(cloudEvent(undefined, { data_base64: '???' })),
      'data_base64: found a string of 3 characters, wanted JSON in base64',
    ],
    [
      'invalid_field',
      record(cloudEvent({ ...feedbackData, rating: 2 }, { type: 'tocsin.feedback.v1' })),
      'rating: found a number, wanted one of -1, 0, 1',
    ],
    [
      'invalid_field',
      record(cloudEvent({ ...verdictData, score: 1.5 }, { type: 'tocsin.verdict.v1' })),
      'score: found a number, wanted a number from 0 to 1',
    ],
  ];

  test.each(cases)('%s', (reason, given, detail) => {
    expect(refused(given)).toEqual({ reason, detail });
  });

  test('every reason of the list is given by one of these records', () => {
    expect(new Set(cases.map(([reason]) => reason))).toEqual(new Set(Object.keys(rejectionReasons)));
  });

  test('a detail holds nothing of what a field holds', () => {
    const secret = 'the secret sentence';
    for (const field of Object.keys(outputData)) {
      const [answer] = decode(outputRecord({ [field]: [secret, { [secret]: secret }] }, { type: secret }), now);
      expect(JSON.stringify(answer)).not.toContain(secret);
    }
  });
});

describe('what a record is', () => {
  test('binary mode takes attributes from the headers, text or bytes, the first where one is repeated', () => {
    const event = output(record(outputData, { headers: binaryHeaders }));
    expect(event).toMatchObject({ source: 'assistant/eu', id: 'out-1', model: 'tern-large', at: now - 30_000 });
  });

  test('a structured content type wins over attributes in headers', () => {
    const headers = { ...binaryHeaders, ce_id: 'other', 'content-type': 'Application/CloudEvents+JSON; charset=UTF-8' };
    expect(output(record(cloudEvent(outputData), { headers })).id).toBe('out-1');
  });

  test('data in base64, a byte order mark and attributes that are null are read', () => {
    const data = Buffer.from(JSON.stringify({ ...outputData, output: 'a\0b' })).toString('base64');
    const json = JSON.stringify(cloudEvent(undefined, { data_base64: data, time: null, retention: null }));
    const event = output(record(Buffer.from(`\ufeff${json}`)));
    expect(event).toMatchObject({ output: 'a\ufffdb', mended: 1, at: now - 30_000, ephemeral: false });
  });

  test('every optional field may be absent or null', () => {
    const absent = { account: { id: 'a' }, output: '' };
    const nulls = { ...Object.fromEntries(Object.keys(outputData).map((key) => [key, null])), ...absent };
    const expected = { account: { id: 'a' }, output: '', safety: {}, toolCalls: [], purpose: 'production' };
    for (const data of [absent, nulls]) {
      const event = output(record(cloudEvent(data)));
      expect(event).toMatchObject(expected);
      expect([event.model, event.version, event.stage, event.prompt, event.expected]).toEqual(Array(5).fill(undefined));
    }
  });

  test('any type is read from any topic, with its place in the log', () => {
    for (const [type, data] of Object.entries(dataByType)) {
      const answer = only(record(cloudEvent(data, { type }), { topic: 'tocsin.verdicts', partition: 9, offset: 7 }));
      expect(answer.kind).toBe(type.split('.')[1]);
      expect(answer.origin).toEqual({ topic: 'tocsin.verdicts', partition: 9, offset: 7, index: 0 });
    }
  });
});

describe('time', () => {
  const at = (time: string | undefined, timestamp = now) => {
    const { at, day } = output(record(cloudEvent(outputData, { time }), { timestamp }));
    return { at, day };
  };

  test('an event without time has the record’s', () => {
    expect(at(undefined, now - minute)).toEqual({ at: now - minute, day: '2026-03-02' });
  });

  test('time is clamped to 24 h before and 5 minutes after the record, its day stays as written', () => {
    expect(at('2026-02-20T23:30:00-02:00')).toEqual({ at: now - day, day: '2026-02-21' });
    expect(at('2026-03-01T10:00:00Z')).toEqual({ at: now - day, day: '2026-03-01' });
    expect(at('2026-03-02T10:05:00Z')).toEqual({ at: now + 5 * minute, day: '2026-03-02' });
    expect(at('2026-03-09T00:00:00Z')).toEqual({ at: now + 5 * minute, day: '2026-03-09' });
    expect(at('0001-01-01T00:00:00Z')).toEqual({ at: now - day, day: '0001-01-01' });
  });

  test.each([-1, 0, Number.NaN, now + 5 * minute + 1])(
    'a record timestamp of %p counts as now, and is counted',
    (timestamp) => {
      const given = record(cloudEvent(outputData, { time: undefined }), { timestamp });
      const decoded = decodeAll([given, record(null, { timestamp: now })], now);
      expect(decoded).toMatchObject({ untimed: 1, clamped: 0 });
      expect(decoded.events[0]).toMatchObject({ at: now, day: '2026-03-02' });
    },
  );

  test('a record 5 minutes ahead is believed, and moved times are counted', () => {
    const ahead = outputRecord({}, { time: '2026-03-02T10:05:00Z' });
    const late = outputRecord({}, { time: '2026-02-02T10:05:00Z' });
    const decoded = decodeAll([{ ...ahead, timestamp: now + 5 * minute }, late], now);
    expect(decoded).toMatchObject({ untimed: 0, clamped: 1 });
  });
});

describe('texts', () => {
  test('an output of 64 KiB is whole, a byte more is cut between two characters and marked', () => {
    const whole = 'é'.repeat(32_768);
    expect(output(outputRecord({ output: whole }))).toMatchObject({ output: whole, cut: false });
    expect(output(outputRecord({ output: `a${whole}` }))).toMatchObject({
      output: `a${'é'.repeat(32_767)}`,
      cut: true,
    });
    expect(decodeAll([outputRecord({ output: `a${whole}` })], now).cut).toBe(1);
  });

  test('a long prompt keeps its end, where the request stands', () => {
    const event = output(outputRecord({ prompt: `${'⛴'.repeat(30_000)} now the request` }));
    expect(Buffer.byteLength(event.prompt ?? '')).toBeLessThanOrEqual(65_536);
    expect(event.prompt?.endsWith('⛴ now the request')).toBe(true);
    expect(event.cut).toBe(false);
  });

  test('NUL and lone surrogates are replaced in every text and name, each text counted once', () => {
    const bad = 'a\0\ud800b\0';
    const good = 'a\ufffd\ufffdb\ufffd';
    const changes = {
      output: bad,
      prompt: bad,
      stage: bad,
      account: { id: bad },
      tool_calls: [{ name: bad, arguments: { a: bad } }],
    };
    const event = output(outputRecord(changes, { id: bad, source: 'x\u0001y' }));
    expect(event).toMatchObject({ id: good, source: 'x\ufffdy', output: good, prompt: good, stage: good, mended: 8 });
    expect(event.account.id).toBe(good);
    expect(event.toolCalls).toEqual([{ name: good, arguments: JSON.stringify({ a: good }) }]);
    expect(decodeAll([outputRecord(changes)], now).mended).toBe(6);
  });

  test('messages become their texts; thoughts, data and tool answers are left out, unknown parts with text are not', () => {
    const messages = [
      { role: 'assistant', parts: [{ type: 'reasoning', content: 'hidden' }, { type: 'text', content: 'one' }, 'two'] },
      { role: 'assistant', content: 'three', finish_reason: 'length' },
      { role: 'assistant', content: [{ type: 'text', text: 'four' }], parts: null },
      {
        parts: [
          { type: 'refusal', content: 'five' },
          { type: 'blob', content: 'AAAA' },
          { type: 'text', content: 6 },
          null,
        ],
      },
      { role: { toString: 1 }, parts: { type: 'text' } },
    ];
    const event = output(outputRecord({ output: messages, finish_reason: null }));
    expect(event).toMatchObject({ output: 'one\ntwo\nthree\nfour\nfive', finishReason: 'length' });
  });

  test('a prompt of messages is what was asked, not what the model and its tools said before', () => {
    const prompt = ['system', 'user', 'assistant', 'tool', 'user'].map((role, at) => ({
      role,
      parts: [{ type: 'text', content: `${role} ${at}` }],
    }));
    expect(output(outputRecord({ prompt })).prompt).toBe('system 0\nuser 1\nuser 4');
  });

  test('tool calls come from the messages and from tool_calls, arguments as text, 64 KiB in all', () => {
    const messages = [
      { role: 'assistant', parts: [{ type: 'tool_call', name: 'find', arguments: { q: 'a' } }, { type: 'tool_call' }] },
    ];
    const calls = [
      { name: 'send', arguments: 'x'.repeat(65_530) },
      { name: 'late', arguments: 'unread' },
      { name: 'bare' },
    ];
    const event = output(outputRecord({ output: messages, tool_calls: calls }));
    expect(event.toolCalls).toEqual([
      { name: 'find', arguments: '{"q":"a"}' },
      { name: '', arguments: '' },
      { name: 'send', arguments: 'x'.repeat(65_527) },
      { name: 'late', arguments: '' },
      { name: 'bare', arguments: '' },
    ]);
    expect(event.cut).toBe(true);
  });

  test('arguments nested without end are refused, not followed', () => {
    const json = JSON.stringify(cloudEvent({ ...outputData, tool_calls: [{ name: 'a', arguments: 'DEEP' }] }));
    const deep = json.replace('"DEEP"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(refused(record(Buffer.from(deep))).reason).toMatch(/^invalid_(field|json)$/);
  });
});

describe('retention: none', () => {
  test.each(['none', ' NONE '])('the attribute %p makes the event ephemeral, and its rejection too', (retention) => {
    expect(only(outputRecord({}, { retention })).ephemeral).toBe(true);
    expect(only(outputRecord({ output: 7 }, { retention })).ephemeral).toBe(true);
    expect(only(outputRecord({}, { retention: 'forever' })).ephemeral).toBe(false);
  });

  test('the header rules any record, one that does not decode too', () => {
    const headers = { ce_retention: Buffer.from('none') };
    const values = [null, Buffer.from('{'), Buffer.alloc(recordLimit + 1), cloudEvent(outputData), logs(), {}];
    for (const value of values) expect(only(record(value, { headers })).ephemeral).toBe(true);
    const both = logs({ name: inference, attributes: said }, { name: evaluation, attributes: {} });
    expect(decode(record(both, { headers }), now).map(({ ephemeral }) => ephemeral)).toEqual([true, true]);
  });
});

describe('OpenTelemetry logs', () => {
  const one = (attributes: object, more: { name?: string; time?: unknown } = {}) =>
    only(
      record(
        logs({
          name: inference,
          ...more,
          attributes: { ...said, 'gen_ai.response.id': { stringValue: 'r1' }, ...attributes },
        }),
      ),
    );

  test('each attribute falls back as the contract says, and numbers become names', () => {
    expect(one({})).toMatchObject({ source: 'assistant', id: 'r1', account: { id: 'account-12' }, output: 'hello' });
    expect(
      one({
        'service.namespace': { stringValue: 'eu' },
        'user.id': { intValue: '7' },
        'enduser.id': { stringValue: 'second' },
        'gen_ai.request.model': { stringValue: 'asked' },
        'tocsin.model.version': { doubleValue: 2.5 },
        'service.version': { stringValue: 'second' },
        'tocsin.stage': { stringValue: 'beta' },
        'deployment.environment.name': { stringValue: 'second' },
        'tocsin.account.audience': { stringValue: 'staff' },
        'tocsin.purpose': { stringValue: 'red_team' },
        'tocsin.retention': { stringValue: 'none' },
      }),
    ).toMatchObject({
      source: 'eu/assistant',
      account: { id: '7', audience: 'staff' },
      model: 'asked',
      version: '2.5',
      stage: 'beta',
      purpose: 'red_team',
      ephemeral: true,
    });
    const pseudo = { 'user.id': { stringValue: '' }, 'enduser.pseudo.id': { stringValue: 'third' } };
    expect(one(pseudo)).toMatchObject({ account: { id: 'third' } });
  });

  test('messages that an attribute limit cut in mid-JSON are judged as text', () => {
    const stringValue = '[{"role":"assistant","parts":[{"type":"text","content":"the ferry le';
    expect(one({ 'gen_ai.output.messages': { stringValue } })).toMatchObject({ output: stringValue });
  });

  test.each([
    ['1772445510999999999', now - 89_001],
    [1_772_445_510_000_000_000, now - 90_000],
    ['0', now - 30_000],
    [undefined, now - 90_000],
    [null, now - 30_000],
  ])('timeUnixNano %p', (time, at) => {
    expect(one({}, time === undefined ? {} : { time })).toMatchObject({ at });
  });

  test('a time that is no number of nanoseconds is refused', () => {
    expect(one({}, { time: '2026-03-02T10:00:00Z' })).toMatchObject({ kind: 'rejection', reason: 'invalid_field' });
  });

  test('an evaluation that failed is unchecked; one with a score alone is labelled by its name', () => {
    const attributes = { 'gen_ai.evaluation.name': { stringValue: 'Toxicity' } };
    const score = { 'gen_ai.evaluation.score.value': { doubleValue: 0.5 } };
    expect(one({ ...attributes, ...score }, { name: evaluation })).toMatchObject({ label: 'Toxicity', score: 0.5 });
    const failed = one({ ...attributes, 'error.type': { stringValue: 'timeout' } }, { name: evaluation });
    expect(failed).toMatchObject({ kind: 'verdict', detector: 'Toxicity', label: 'unchecked', output: { id: 'r1' } });
    expect(failed).toHaveProperty('score', undefined);
    const scale = { 'gen_ai.evaluation.score.value': { intValue: '4' } };
    expect(one({ ...attributes, ...scale }, { name: evaluation })).toMatchObject({ reason: 'invalid_field' });
  });

  test('events of one record keep their place, and what is no event is counted', () => {
    const given = logs(
      { name: 'other', attributes: {} },
      { name: inference, attributes: { ...said, 'gen_ai.response.id': { stringValue: 'r1' } } },
      { name: inference, attributes: said },
    );
    const { events, rejections, ignored } = decodeAll([record(given)], now);
    expect(events.map(({ origin }) => origin.index)).toEqual([1]);
    expect(rejections.map(({ origin, reason }) => [origin.index, reason])).toEqual([[2, 'missing_field']]);
    expect(ignored).toBe(1);
  });
});
