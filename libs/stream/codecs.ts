/**
 * Undoes what producers compress with: gzip, snappy (raw, and in the frames that Java writes), lz4 and zstd.
 * A failure here would leave the consumer through its fetch, where nothing can catch it, and come again for ever. So a
 * codec never throws: a batch that cannot be read becomes as many marker records as it holds, which are dead-lettered
 * by offset (promise 3). The library verifies no checksum; the docs say so.
 */
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import snappy from 'snappyjs';
import { logger } from '../telemetry/index.js';
import { unreadableBatches } from './stream-metrics.js';

type Undo = (compressed: Buffer) => Promise<Buffer> | Buffer;
type Do = (raw: Buffer) => Promise<Buffer> | Buffer;

/** A broker takes 1 MiB a batch by default: what inflates beyond this is meant to hurt. */
const largest = 128 * 1024 * 1024;
const limited = { maxOutputLength: largest };

/** Known to this process alone, so no producer can forge a marker. */
const markerHeader = `unreadable-${randomUUID()}`;
let failures = 0;

const say = logger('stream');

/** Replaces the library's codecs in this process; again is harmless. */
export function registerCodecs(): void {
  const { CompressionTypes: type, CompressionCodecs: codecs } = kafkajs;
  codecs[type.GZIP] = codec(
    'gzip',
    (raw) => promisify(gzip)(raw),
    (packed) => promisify(gunzip)(packed, limited),
  );
  codecs[type.Snappy] = codec('snappy', (raw) => Buffer.from(snappy.compress(raw)), unsnap);
  codecs[type.LZ4] = codec(
    'lz4',
    (raw) => compressFrame(raw),
    (packed) => decompressFrame(packed),
  );
  codecs[type.ZSTD] = codec(
    'zstd',
    (raw) => promisify(zstdCompress)(raw),
    (packed) => promisify(zstdDecompress)(packed, limited),
  );
}

/** Why the batch that this record stood in could not be read; undefined for every ordinary record. */
export function unreadableReason(headers: object): string | undefined {
  if (failures === 0) return undefined;
  const reason = (headers as Record<string, unknown>)[markerHeader];
  return Buffer.isBuffer(reason) ? reason.toString() : undefined;
}

function codec(name: string, pack: Do, unpack: Undo) {
  return () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => pack(buffer),
    async decompress(packed: Buffer): Promise<Buffer> {
      const frame = frameOf(packed);
      try {
        const raw = await unpack(packed);
        if (raw.length > largest) throw new Error(`it inflates to ${raw.length} bytes, the limit is ${largest}`);
        if (frame) walk(raw, frame.count);
        return raw;
      } catch (error) {
        if (!frame) throw error;
        failures++;
        unreadableBatches.inc({ codec: name });
        const reason = `${name}: ${error instanceof Error ? error.message : String(error)}`;
        say.warn({ codec: name, records: frame.count, reason }, 'a compressed batch cannot be read: dead letters');
        return markers(frame, reason);
      }
    },
  });
}

/**
 * How many records the batch holds and how far its offsets reach: the batch's header stands right before the
 * compressed bytes in the same memory (count at -4, last offset delta at -38, magic at -45). Undefined for the message
 * sets of Kafka before 0.11, which have no such header.
 */
function frameOf(packed: Buffer): { count: number; lastDelta: number } | undefined {
  if (packed.byteOffset < 61) return undefined;
  const header = Buffer.from(packed.buffer, packed.byteOffset - 61, 61);
  if (header.readInt8(16) !== 2) return undefined;
  return { count: header.readInt32BE(57), lastDelta: header.readInt32BE(23) };
}

/** Throws where the bytes are not `count` whole records: the library would fail on them outside of any catch. */
function walk(raw: Buffer, count: number): void {
  let at = 0;
  const varint = (longest = 5): number => {
    let value = 0;
    for (let i = 0; i < longest; i++) {
      const byte = raw[at++];
      if (byte === undefined) throw new Error('its records end before their time');
      if (i < 5) value |= (byte & 0x7f) << (i * 7);
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new Error('a length in its records has too many bytes');
  };
  const bytes = (): void => {
    const length = varint();
    if (length > 0) at += length;
  };
  for (let i = 0; i < count; i++) {
    const length = varint();
    const end = at + length;
    if (length <= 0 || end > raw.length) throw new Error('a record reaches beyond the batch');
    at++; // attributes
    varint(10); // timestamp
    varint(); // offset
    bytes();
    bytes();
    for (let headers = varint(); headers > 0; headers--) {
      bytes();
      bytes();
      if (at > end) break;
    }
    if (at !== end) throw new Error('a record does not fill its length');
  }
}

function markers({ count, lastDelta }: { count: number; lastDelta: number }, reason: string): Buffer {
  const name = Buffer.from(markerHeader);
  const text = Buffer.from(reason.slice(0, 200));
  const tail = Buffer.concat([
    Buffer.from([1, 1, 2]), // no key, no value, one header
    varintOf(name.length),
    name,
    varintOf(text.length),
    text,
  ]);
  const parts: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    // Compacted batches hold fewer records than offsets: the last one carries the position past all of them.
    const offset = varintOf(i === count - 1 ? lastDelta : i);
    parts.push(varintOf(2 + offset.length + tail.length), Buffer.from([0, 0]), offset, tail);
  }
  return Buffer.concat(parts);
}

function varintOf(value: number): Buffer {
  const out: number[] = [];
  for (let rest = ((value << 1) ^ (value >> 31)) >>> 0; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...out, rest]);
    out.push((rest & 0x7f) | 0x80);
  }
}

const xerial = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

/** Java's producers write snappy in frames of their own: a magic, two version words, then length and block in turn. */
function unsnap(packed: Buffer): Buffer {
  if (!packed.subarray(0, 8).equals(xerial)) return Buffer.from(snappy.uncompress(packed, largest));
  const blocks: Buffer[] = [];
  for (let at = 16; at < packed.length;) {
    const end = at + 4 + packed.readInt32BE(at);
    if (end > packed.length || end < at + 4) throw new Error('a snappy block reaches beyond its frame');
    blocks.push(Buffer.from(snappy.uncompress(packed.subarray(at + 4, end), largest)));
    at = end;
  }
  return Buffer.concat(blocks);
}
