/** Which offsets of a topic belong to a span of time: what a replay or backtest is to read. */
import { createKafka, kafkaTopic, type StreamOptions } from './client.js';
import type { Range } from './read-range.js';

/**
 * One range a partition that has any, from the first record at or after `since` (undefined: from the log's start) up to
 * the first at or after `until` (undefined: the end as it is now). Record timestamps decide, in milliseconds.
 */
export async function rangesOf(
  options: StreamOptions,
  topic: string,
  { since, until }: { readonly since?: number; readonly until?: number } = {},
): Promise<Required<Range>[]> {
  const name = kafkaTopic(options.prefix, topic);
  const admin = createKafka(options, { retries: 5 }).admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(name)) return [];
    const ends = await admin.fetchTopicOffsets(name);
    const at = async (time: number | undefined): Promise<ReadonlyMap<number, number>> =>
      time === undefined
        ? new Map()
        : new Map(
            (await admin.fetchTopicOffsetsByTimestamp(name, time)).map(({ partition, offset }) => [
              partition,
              Number(offset),
            ]),
          );
    const [from, to] = [await at(since), await at(until)];
    return ends.flatMap(({ partition, low, high }) => {
      // A time after the last record is answered by the end, or by -1.
      const first = Math.max(
        Number(low),
        known(from.get(partition)) ?? (since === undefined ? Number(low) : Number(high)),
      );
      const last = Math.min(Number(high), known(to.get(partition)) ?? Number(high));
      return first < last ? [{ topic, partition, from: first, to: last }] : [];
    });
  } finally {
    await admin.disconnect();
  }
}

function known(offset: number | undefined): number | undefined {
  return offset === undefined || offset < 0 ? undefined : offset;
}
