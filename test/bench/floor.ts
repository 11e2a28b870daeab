/**
 * The floor that the monitor is measured against: kafkajs `eachBatch` and `JSON.parse`, nothing else. Prints a line when
 * it has joined and one when it has read what it was told to.
 */
import { Kafka, logLevel } from 'kafkajs';

const [brokers, topic, group, wanted] = process.argv.slice(2) as [string, string, string, string];
const kafka = new Kafka({ brokers: [brokers], clientId: 'floor', logLevel: logLevel.NOTHING });
// The monitor's own settings, so that the difference is what the monitor does with a batch.
const consumer = kafka.consumer({
  groupId: group,
  sessionTimeout: 10_000,
  heartbeatInterval: 1_000,
  maxWaitTimeInMs: 200,
  minBytes: 1,
  maxBytesPerPartition: 2 * 1024 * 1024,
});
let read = 0;
let bytes = 0;
consumer.on(consumer.events.GROUP_JOIN, () => process.stdout.write('joined\n'));
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  eachBatchAutoResolve: true,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch, heartbeat }) => {
    for (const { value } of batch.messages) {
      const event = JSON.parse((value ?? '').toString()) as { data: { output: string } };
      bytes += event.data.output.length;
    }
    read += batch.messages.length;
    await heartbeat();
    if (read >= Number(wanted)) process.stdout.write(`done ${read} ${bytes}\n`);
  },
});
process.on('SIGTERM', () => void consumer.disconnect().then(() => process.exit(0)));
