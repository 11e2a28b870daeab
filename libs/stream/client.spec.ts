import { createServer } from 'node:net';
import type { StreamRecord } from '../events/index.js';
import { testKafka, type TestKafka } from '../../test/harness/kafka.js';
import { proxyTo } from '../../test/harness/proxy.js';
import { awaitBroker, ensureTopics, kafkaTopic, pingBroker, Publisher, readRange } from './index.js';

let kafka: TestKafka;
beforeAll(async () => {
  kafka = await testKafka();
});
afterAll(() => kafka.close());

async function read(topic: string, partition: number, from: number, to?: number): Promise<StreamRecord[]> {
  const found: StreamRecord[] = [];
  for await (const records of readRange(kafka.options, { topic, partition, from, ...(to === undefined ? {} : { to }) }))
    found.push(...records);
  return found;
}

test('a broker that is not there is a sentence after the deadline, never a wait without end', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  await new Promise((resolve) => taken.close(resolve));
  const gone = awaitBroker({ ...kafka.options, brokers: [`127.0.0.1:${port}`], startTimeoutMs: 1_000 });
  await expect(gone).rejects.toMatchObject({
    code: 'TOCSIN_KAFKA_UNREACHABLE',
    message: expect.stringMatching(
      /No Kafka broker answered at 127\.0\.0\.1:\d+ within 1 s .*ECONNREFUSED.*Check TOCSIN_KAFKA_BROKERS/s,
    ),
  });
});

test('a broker that comes within the deadline is found', async () => {
  const proxy = await proxyTo(kafka.options.brokers[0]!, { broker: true });
  await proxy.refuse();
  const waiting = awaitBroker({ ...kafka.options, brokers: [proxy.address], startTimeoutMs: 60_000 });
  await proxy.accept();
  await waiting;
  await proxy.close();
});

test('the prefix is the word before the dot of each topic', () => {
  expect(kafkaTopic('tocsin', 'tocsin.outputs')).toBe('tocsin.outputs');
  expect(kafkaTopic('acme', 'tocsin.verdicts')).toBe('acme.verdicts');
  expect(kafkaTopic('acme.eu', 'tocsin.feedback')).toBe('acme.eu.feedback');
});

test('missing topics are made with 4 partitions, and those that exist are left as they are', async () => {
  await kafka.create('tocsin.feedback', 2);
  const [one, two] = await Promise.all([ensureTopics(kafka.options), ensureTopics(kafka.options)]);
  expect([...new Set([...one, ...two])].toSorted()).toEqual([
    kafka.topic('tocsin.outputs'),
    kafka.topic('tocsin.verdicts'),
  ]);
  expect(await ensureTopics(kafka.options)).toEqual([]);
  const { topics } = await kafka.admin.fetchTopicMetadata({
    topics: ['tocsin.outputs', 'tocsin.feedback', 'tocsin.verdicts'].map(kafka.topic),
  });
  expect(Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]))).toEqual({
    [kafka.topic('tocsin.outputs')]: 4,
    [kafka.topic('tocsin.feedback')]: 2,
    [kafka.topic('tocsin.verdicts')]: 4,
  });
});

test('a published event is a CloudEvent in structured mode under its key', async () => {
  const publisher = new Publisher(kafka.options);
  await publisher.publish('tocsin.verdicts', [
    {
      type: 'tocsin.verdict.v1',
      source: 'tocsin/verifier',
      id: 'v1',
      key: 'acc-1',
      data: { label: 'unchecked' },
      extensions: { retention: 'none' },
    },
  ]);
  await publisher.close();
  const found = (await Promise.all([0, 1, 2, 3].map((partition) => read('tocsin.verdicts', partition, 0)))).flat();
  expect(found).toHaveLength(1);
  expect(found[0]!.key?.toString()).toBe('acc-1');
  expect(String(found[0]!.headers['content-type'])).toContain('application/cloudevents+json');
  expect(JSON.parse(found[0]!.value!.toString())).toEqual({
    specversion: '1.0',
    id: 'v1',
    datacontenttype: 'application/json',
    type: 'tocsin.verdict.v1',
    source: 'tocsin/verifier',
    retention: 'none',
    data: { label: 'unchecked' },
  });
});

test('a range is read without a group, from its first offset to before its last, and what is gone is left out', async () => {
  await kafka.send(
    'tocsin.outputs',
    Array.from({ length: 50 }, (_, i) => ({ partition: 1, value: `v${i}` })),
  );
  const offsets = async (from: number, to?: number) =>
    (await read('tocsin.outputs', 1, from, to)).map(({ offset }) => offset);
  expect(await offsets(10, 13)).toEqual([10, 11, 12]);
  expect(await offsets(48)).toEqual([48, 49]);
  expect(await offsets(50)).toEqual([]);
  expect(await offsets(0, 0)).toEqual([]);
  expect(await read('tocsin.outputs', 9, 0)).toEqual([]);
  await kafka.admin.deleteTopicRecords({
    topic: kafka.topic('tocsin.outputs'),
    partitions: [{ partition: 1, offset: '20' }],
  });
  expect(await offsets(18, 22)).toEqual([20, 21]);
  const { groups } = await kafka.admin.listGroups();
  expect(groups.some(({ groupId }) => groupId.includes(kafka.options.group))).toBe(false);
});

test('the doctor gets the id of the cluster it reached', async () => {
  expect(await pingBroker(kafka.options)).toEqual({ clusterId: expect.stringMatching(/.+/), brokers: 1 });
});
