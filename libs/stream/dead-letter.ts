/**
 * What could not be read or recorded, kept in the batch's own transaction (promise 3): the reason always, the content
 * for 14 days where the sender allows it. Content is never listed; to look at it is an audited act (promise 15).
 */
import { byteaArray, jsonArray, numberArray, textArray, type Query, type Tx } from '../database/index.js';
import type { Rejection, StreamRecord } from '../events/index.js';
import { logger } from '../telemetry/index.js';
import type { Kept } from './dead-letter.entity.js';
import type { Publisher } from './publisher.js';
import { deadLettersWritten } from './stream-metrics.js';

/** More than these a minute and partition keep offset and reason alone, so that a flood cannot fill the disk (promise 4). */
export const fullLettersAMinute = 1_000;

const contentDays = 14;
const letterDays = 90;

const countMinute = `
  insert into tocsin.dead_letter_minute as m (topic, partition, minute, letters)
  values ($1, $2, date_trunc('minute', $3::timestamptz), $4)
  on conflict (topic, partition, minute) do update set letters = m.letters + excluded.letters
  returning letters`;

const appendLetters = `
  insert into tocsin.dead_letter
         (topic, partition, record_offset, event_index, reason, detail, kept, headers, record_key, payload, appended_at)
  select $1, $2, l.record_offset, l.event_index, l.reason, l.detail, l.kept, l.headers, l.record_key, l.payload, $10
    from unnest($3::bigint[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::bytea[], $11::bytea[])
         as l (record_offset, event_index, reason, detail, kept, headers, record_key, payload)`;

const listLetters = `
  select id, topic, partition, record_offset as "offset", event_index as "index", reason, detail, kept,
         appended_at as "appendedAt", replayed_at as "replayedAt", replayed_by as "replayedBy"
    from tocsin.dead_letter
   where id > $1
   order by id
   limit $2`;

const revealLetter = `
  with seen as (
    insert into tocsin.dead_letter_reveal (dead_letter, who, why, at)
    select id, $2, $3, tocsin.now() from tocsin.dead_letter where id = $1
  )
  select topic, kept, headers, record_key as "key", payload from tocsin.dead_letter where id = $1`;

const lettersToReplay = `
  select id, topic, headers, record_key as "key", payload
    from tocsin.dead_letter
   where kept = 'all' and replayed_at is null and payload is not null
     and ($1::bigint[] is null or id = any ($1::bigint[])) and ($2::text is null or reason = $2)
   order by id
   limit $3
     for update skip locked`;

const markReplayed = `
  update tocsin.dead_letter set replayed_at = tocsin.now(), replayed_by = $2 where id = any ($1::bigint[])`;

const readLetters = `
  select id, topic, partition, record_offset as "offset", headers, record_key as "key", payload, appended_at as "appendedAt"
    from tocsin.dead_letter
   where id > $1 and kept = 'all' and replayed_at is null and payload is not null
   order by id
   limit $2`;

const dropContent = `
  update tocsin.dead_letter set kept = 'expired', payload = null, headers = null, record_key = null
   where id in (select id from tocsin.dead_letter
                 where kept = 'all' and appended_at <= tocsin.now() - make_interval(days => $1)
                 order by appended_at limit $2)`;

const dropLetters = `
  delete from tocsin.dead_letter
   where id in (select id from tocsin.dead_letter
                 where appended_at <= tocsin.now() - make_interval(days => $1) order by appended_at limit $2)`;

const dropMinutes = `delete from tocsin.dead_letter_minute where minute <= tocsin.now() - interval '1 day'`;

/** A dead letter as it may be shown to anyone who may see the queue: no content. */
export interface ListedDeadLetter {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly index: number;
  readonly reason: string;
  readonly detail: string | null;
  /** `all`: content is there; `place`: a flood, offset and reason only; `ephemeral`: the sender forbade it; `expired`. */
  readonly kept: Kept;
  readonly appendedAt: Date;
  readonly replayedAt: Date | null;
  readonly replayedBy: string | null;
}

interface Content {
  readonly topic: string;
  readonly kept: Kept;
  /** Values in base64; a header that was repeated has several. */
  readonly headers: Readonly<Record<string, readonly string[]>> | null;
  readonly key: Buffer | null;
  readonly payload: Buffer | null;
}

export class DeadLetters {
  /** Keeps rejections of one batch; `records` is that batch. Answers how many were kept without content for the flood. */
  async append(tx: Tx, rejections: readonly Rejection[], records: readonly StreamRecord[]): Promise<number> {
    if (rejections.length === 0) return 0;
    const { topic, partition } = rejections[0]!.origin;
    const [minute] = await tx.query<{ letters: number }>(countMinute, [topic, partition, tx.now, rejections.length]);
    const room = Math.max(0, fullLettersAMinute - (minute!.letters - rejections.length));
    const byOffset = new Map(records.map((record) => [record.offset, record]));
    const rows = rejections.map((rejection, i) => {
      const { offset, index } = rejection.origin;
      const record = byOffset.get(offset);
      const kept: Kept = i >= room ? 'place' : rejection.ephemeral ? 'ephemeral' : 'all';
      const content = kept === 'all' ? record : undefined;
      return {
        offset,
        index,
        kept,
        reason: mended(rejection.reason),
        detail: kept === 'place' ? null : mended(rejection.detail),
        headers: content ? headersOf(content) : null,
        key: content?.key ?? null,
        payload: content?.value ?? null,
      };
    });
    await tx.query(appendLetters, [
      topic,
      partition,
      numberArray(rows.map((row) => row.offset)),
      numberArray(rows.map((row) => row.index)),
      textArray(rows.map((row) => row.reason)),
      textArray(rows.map((row) => row.detail)),
      textArray(rows.map((row) => row.kept)),
      jsonArray(rows.map((row) => row.headers)),
      byteaArray(rows.map((row) => row.key)),
      tx.now,
      byteaArray(rows.map((row) => row.payload)),
    ]);
    for (const { reason } of rejections) deadLettersWritten.inc({ reason });
    const bare = Math.max(0, rejections.length - room);
    if (bare > 0) say.warn({ topic, partition, bare }, 'a flood of dead letters: only offsets and reasons are kept');
    return bare;
  }

  /** In the order of arrival, after letter `after` (0: from the first), without content. */
  async list(query: Query, after = 0, limit = 100): Promise<ListedDeadLetter[]> {
    return query.query<ListedDeadLetter>(listLetters, [after, limit]);
  }

  /** The content of one letter, and a row that says who looked and why; undefined where there is no such letter. */
  async reveal(tx: Tx, id: number, who: string, why: string): Promise<Content | undefined> {
    const [content] = await tx.query<Content>(revealLetter, [id, who, why]);
    return content;
  }

  /**
   * Produces letters to their topics again, as they were, and marks them: at least once, where the transaction fails
   * after the broker took them. Answers how many; call again until it answers 0.
   */
  async replay(
    tx: Tx,
    publisher: Publisher,
    who: string,
    which: { ids?: readonly number[]; reason?: string } = {},
  ): Promise<number> {
    const letters = await tx.query<Content & { id: number }>(lettersToReplay, [
      which.ids ? numberArray(which.ids) : null,
      which.reason ?? null,
      200,
    ]);
    for (const topic of new Set(letters.map((letter) => letter.topic)))
      await publisher.publishRecords(
        topic,
        letters
          .filter((letter) => letter.topic === topic)
          .map(({ key, payload, headers }) => ({ key, value: payload, headers: restored(headers) })),
      );
    if (letters.length > 0) await tx.execute(markReplayed, [numberArray(letters.map(({ id }) => id)), who]);
    return letters.length;
  }

  /** Letters not replayed yet, as the records that they were, for judging them in this process. */
  async read(
    query: Query,
    after: number,
    limit: number,
  ): Promise<{ readonly id: number; readonly record: StreamRecord }[]> {
    const rows = await query.query<Content & { id: number; partition: number; offset: number; appendedAt: Date }>(
      readLetters,
      [after, limit],
    );
    return rows.map(({ id, topic, partition, offset, key, payload, headers, appendedAt }) => ({
      id,
      record: {
        topic,
        partition,
        offset,
        timestamp: appendedAt.getTime(),
        key,
        value: payload,
        headers: restored(headers),
      },
    }));
  }

  async markReplayed(query: Query, ids: readonly number[], who: string): Promise<void> {
    if (ids.length > 0) await query.query(markReplayed, [numberArray(ids), who]);
  }

  /** Drops content after 14 days and the letter after 90, some thousands a call. Answers how many rows it touched. */
  async expire(tx: Tx): Promise<number> {
    await tx.execute(dropMinutes);
    return (await tx.execute(dropContent, [contentDays, 5_000])) + (await tx.execute(dropLetters, [letterDays, 5_000]));
  }
}

const say = logger('stream');

/** PostgreSQL takes no NUL, and half a surrogate pair only in disguise. */
function mended(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function headersOf({ headers }: StreamRecord): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      mended(name),
      (Array.isArray(value) ? value : [value]).map((one) => Buffer.from(one ?? '').toString('base64')),
    ]),
  );
}

function restored(headers: Content['headers']): Record<string, Buffer[]> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, values]) => [name, values.map((value) => Buffer.from(value, 'base64'))]),
  );
}
