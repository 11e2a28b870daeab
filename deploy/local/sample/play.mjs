/**
 * Plays the bundled sample traffic through the public topics. The files beside this one hold what is said; ids and
 * times are made here, fresh at each play, so nothing anywhere can know them.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dist } from '../paths.mjs';

const files = ['near-misses.jsonl', 'hits.jsonl'];

/**
 * A line of a file: `as` names an output for a later line's `data.output.id` (written `$name`), `seconds_ago` places it
 * in time.
 * @typedef {{ topic: string, as?: string, seconds_ago?: number, key?: string, type: string, source: string, data: any }} Line
 */

/** @returns {Line[]} */
export function readSample(file) {
  return readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line));
}

/** Events by topic, as they are published. @param {Line[]} lines @param {number} now */
export function makeEvents(lines, now, newId = randomUUID) {
  const ids = new Map();
  const events = new Map();
  for (const { topic, as, seconds_ago = 0, key, type, source, data } of lines) {
    const id = newId();
    if (as) ids.set(as, { id, source });
    const event = { type, source, id, time: new Date(now - seconds_ago * 1000).toISOString(), data: refer(data, ids) };
    events.set(topic, [...(events.get(topic) ?? []), { ...event, key: key ?? data.account?.id ?? null }]);
  }
  return events;
}

/** Answers what was played, in words. */
export async function play(env) {
  const { Publisher } = await import(pathToFileURL(join(dist, 'libs/stream/index.js')).href);
  const publisher = new Publisher({
    brokers: env.TOCSIN_KAFKA_BROKERS.split(','),
    tls: false,
    prefix: env.TOCSIN_TOPIC_PREFIX || 'tocsin',
    group: 'tocsin-sample',
    clientId: 'tocsin-sample',
  });
  try {
    let count = 0;
    for (const [topic, events] of makeEvents(files.flatMap(readSample), Date.now())) {
      await publisher.publish(topic, events);
      count += events.length;
    }
    return `${count} events`;
  } finally {
    await publisher.close();
  }
}

export const hasPlayed = (folder) => existsSync(join(folder, 'sample-played'));

export function markPlayed(folder) {
  writeFileSync(join(folder, 'sample-played'), `${new Date().toISOString()}\n`, { mode: 0o600 });
}

function refer(data, ids) {
  const name = data.output?.id;
  if (typeof name !== 'string' || !name.startsWith('$')) return data;
  const known = ids.get(name.slice(1));
  if (!known) throw new Error(`The sample refers to ${name}, which no earlier line names`);
  return { ...data, output: known };
}
