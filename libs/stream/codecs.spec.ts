import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import type { StreamRecord } from '../events/index.js';
import { metricsText } from '../telemetry/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { runJava, testKafka, type TestKafka } from '../../test/harness/kafka.js';
import { proxyTo } from '../../test/harness/proxy.js';
import { until } from '../../test/harness/until.js';
import { registerCodecs } from './codecs.js';
import { BatchServer, Positions, readRange, type Batch } from './index.js';

const long = { withinMs: 60_000 };
const limit = 180_000;
let kafka: TestKafka;

beforeEach(async () => {
  kafka = await testKafka();
});
afterEach(() => kafka.close());

async function all(partition = 0, from = 0, options = kafka.options): Promise<StreamRecord[]> {
  const found: StreamRecord[] = [];
  for await (const records of readRange(options, { topic: 'tocsin.outputs', partition, from })) found.push(...records);
  return found;
}

/** Writes, in this order: for each codec 300 records, some with headers, a null value and a text of 200,000 letters. */
const everyCodec = `
import java.util.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.*;
public class Main {
  public static void main(String[] args) throws Exception {
    for (String codec : args[2].split(",")) {
      Properties p = new Properties();
      p.put("bootstrap.servers", args[0]);
      p.put("compression.type", codec);
      p.put("linger.ms", "50");
      p.put("batch.size", "400000");
      try (KafkaProducer<String, String> producer = new KafkaProducer<>(p, new StringSerializer(), new StringSerializer())) {
        for (int i = 0; i < 300; i++) {
          String value = i == 7 ? null : i == 8 ? "x".repeat(200000) : codec + " " + i + " caf\\u00e9 ".repeat(i % 20);
          ProducerRecord<String, String> record = new ProducerRecord<>(args[1], 0, "key" + i, value);
          if (i % 10 == 0) record.headers().add("ce_type", "tocsin.output.v1".getBytes()).add("twice", "a".getBytes()).add("twice", "b".getBytes());
          producer.send(record);
        }
      }
    }
  }
}`;

test(
  'what a Java producer compresses with gzip, snappy, lz4 and zstd is read as it was written',
  async () => {
    await kafka.create('tocsin.outputs');
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
    await runJava(everyCodec, [kafka.options.brokers[0]!, kafka.topic('tocsin.outputs'), codecs.join()]);
    const records = await all();
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 1_500 }, (_, i) => i));
    for (const [c, codec] of codecs.entries())
      for (let i = 0; i < 300; i++) {
        const record = records[c * 300 + i]!;
        const value = i === 7 ? null : i === 8 ? 'x'.repeat(200_000) : `${codec} ${i}${' café '.repeat(i % 20)}`;
        expect(record.key?.toString()).toBe(`key${i}`);
        expect(record.value?.toString() ?? null).toBe(value);
        expect(record.unreadable).toBeUndefined();
        expect(Object.keys(record.headers)).toEqual(i % 10 === 0 ? ['ce_type', 'twice'] : []);
      }
    expect(records[10]!.headers['twice']).toEqual([Buffer.from('a'), Buffer.from('b')]);
  },
  limit,
);

test('what our own producer compresses is read again', async () => {
  registerCodecs();
  await kafka.create('tocsin.outputs');
  const producer = kafka.producer();
  await producer.connect();
  for (const compression of Object.values(kafkajs.CompressionTypes).filter((type) => typeof type === 'number'))
    await producer.send({
      topic: kafka.topic('tocsin.outputs'),
      compression,
      messages: [{ value: `codec ${compression}`, headers: { ce_id: '1' } }, { value: null }],
    });
  await producer.disconnect();
  expect((await all()).map(({ value }) => value?.toString() ?? null)).toEqual(
    [0, 1, 2, 3, 4].flatMap((codec) => [`codec ${codec}`, null]),
  );
});

/** A record batch of Kafka's format 2 around a payload: header of 61 bytes, then the payload. */
function batchAround(payload: Buffer, codec: number, count: number, lastDelta: number): Buffer {
  const batch = Buffer.alloc(61 + payload.length);
  batch.writeInt32BE(49 + payload.length, 8);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(codec, 21);
  batch.writeInt32BE(lastDelta, 23);
  batch.writeInt32BE(count, 57);
  payload.copy(batch, 61);
  return batch;
}

async function undo(codec: number, payload: Buffer, count = 3, lastDelta = 2): Promise<Buffer> {
  registerCodecs();
  const codecs: Record<number, () => { decompress(packed: Buffer): Promise<Buffer> }> = kafkajs.CompressionCodecs;
  const { decompress } = codecs[codec]!();
  return decompress(batchAround(payload, codec, count, lastDelta).subarray(61));
}

test.each([
  ['cut gzip', 1, gzipSync('a long enough text').subarray(0, 12)],
  ['gzip of no records', 1, gzipSync('not records at all')],
  ['another format', 1, brotliCompressSync('text')],
  ['empty snappy', 2, Buffer.alloc(0)],
  ['snappy frame with a length beyond it', 2, Buffer.from('82534e415050590000000001000000017fffffff00', 'hex')],
  ['snappy that claims a huge text', 2, Buffer.from('ffffffff0f00', 'hex')],
  ['no lz4 frame', 3, Buffer.from('0102030405', 'hex')],
  ['cut zstd', 4, zstdCompressSync('a long enough text').subarray(0, 9)],
  ['zstd of a bomb', 4, zstdCompressSync(Buffer.alloc(130 * 1024 * 1024))],
])('a batch that no codec can undo becomes markers, never an error: %s', async (_, codec, payload) => {
  const markers = await undo(codec, payload);
  expect(markers.length).toBeGreaterThan(3 * 40);
  expect(markers.toString('latin1').match(/unreadable-/g)).toHaveLength(3);
});

test('an unreadable batch on the wire is dead letters by offset, and the partition goes on', async () => {
  await kafka.create('tocsin.outputs');
  const producer = kafka.producer();
  await producer.connect();
  const send = (compression: number, texts: string[]) =>
    producer.send({
      topic: kafka.topic('tocsin.outputs'),
      compression,
      messages: texts.map((value) => ({ value })),
    });
  await send(0, ['before']);
  await send(1, ['one', 'two', 'three']);
  await send(0, ['after']);
  await producer.disconnect();
  const magic = Buffer.from([0x1f, 0x8b, 0x08]);
  const proxy = await proxyTo(kafka.options.brokers[0]!, {
    broker: true,
    answer(chunk) {
      const at = chunk.indexOf(magic);
      if (at >= 0) chunk.fill(0xff, at + 12, at + 20);
      return chunk;
    },
  });
  const records = await all(0, 0, { ...kafka.options, brokers: [proxy.address] });
  await proxy.close();
  expect(
    records.map(({ offset, value, unreadable }) => [offset, value?.toString() ?? null, unreadable?.split(':')[0]]),
  ).toEqual([
    [0, 'before', undefined],
    [1, null, 'gzip'],
    [2, null, 'gzip'],
    [3, null, 'gzip'],
    [4, 'after', undefined],
  ]);
});

/** Transactions of five records each: committed, aborted, committed, and an aborted one at the very end. */
const transactions = `
import java.util.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.*;
public class Main {
  public static void main(String[] args) throws Exception {
    Properties p = new Properties();
    p.put("bootstrap.servers", args[0]);
    p.put("transactional.id", args[1]);
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(p, new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      for (int t = 0; t < 9; t++) {
        producer.beginTransaction();
        for (int i = 0; i < 5; i++) producer.send(new ProducerRecord<>(args[1], 0, null, (t % 3 == 2 ? "aborted " : "kept ") + t + "." + i));
        producer.flush();
        if (t % 3 == 2) producer.abortTransaction(); else producer.commitTransaction();
      }
    }
  }
}`;

describe('with a transactional producer', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
    await db.database.query('create table seen (record_offset bigint, value text)');
  });
  afterAll(() => db.drop());

  test(
    'aborted records are never seen, kept ones once, and a tail of markers shows no lag',
    async () => {
      await kafka.create('tocsin.outputs');
      const positions = new Positions();
      const listening = async (): Promise<BatchServer> => {
        const server = new BatchServer(kafka.options, db.database, { upkeepMs: 200, onFatal: () => undefined });
        server.addHandler(
          'tocsin.outputs',
          (batch: Batch) =>
            db.database.transaction(async (tx) => {
              await positions.advance(tx, batch);
              for (const { offset, value } of batch.records)
                await tx.query('insert into seen values ($1, $2)', [offset, value?.toString()]);
            }),
          true,
        );
        await new Promise<void>((resolve, reject) => server.listen((error) => (error ? reject(error) : resolve())));
        return server;
      };
      const lag = async (): Promise<string | undefined> =>
        /tocsin_stream_lag_records\{topic="tocsin.outputs",partition="0"\} (\d+)/.exec((await metricsText()).body)?.[1];
      const texts = async () =>
        (await db.database.query<{ value: string }>('select value from seen order by record_offset')).map(
          (r) => r.value,
        );
      const kept = [0, 1, 3, 4, 6, 7].flatMap((t) => [0, 1, 2, 3, 4].map((i) => `kept ${t}.${i}`));

      const first = await listening();
      await runJava(transactions, [kafka.options.brokers[0]!, kafka.topic('tocsin.outputs')]);
      await until('the kept records', async () => (await texts()).length >= kept.length, long);
      await until('no lag', async () => (await lag()) === '0', long);
      await first.close();

      const second = await listening();
      await until('no lag after a restart', async () => (await lag()) === '0', long);
      await kafka.send('tocsin.outputs', [{ partition: 0, value: 'later' }]);
      await until('the later record', async () => (await texts()).at(-1) === 'later', long);
      await second.close();
      expect(await texts()).toEqual([...kept, 'later']);
    },
    limit,
  );
});
