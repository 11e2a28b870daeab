/** A batch as a handler gets it: the records of one partition, and the claim that moves its position. */
import type { KafkaMessage } from 'kafkajs';
import type { StreamRecord } from '../events/index.js';
import { unreadableReason } from './codecs.js';

/** What `Positions.advance` needs to move one partition by compare-and-swap. */
export interface Claim {
  readonly group: string;
  /** The topic as the broker knows it, after the prefix mapping. */
  readonly kafkaTopic: string;
  readonly partition: number;
  /** What this process last read or wrote: the row must still say so. */
  readonly expected: number;
  /** The offset after the last one that this batch stands for, control records and aborted ones included. */
  readonly next: number;
  readonly clusterId: string;
  /** Set by `advance`; a handler that returns without it has lost the batch, and that is a bug. */
  advanced: boolean;
}

/** Records of one partition in offset order, at least one. `topic` is logical: `tocsin.outputs` whatever the prefix. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly StreamRecord[];
  /** The partition's end as the broker said with this batch. */
  readonly highWatermark: number;
  /** 1 at first; counts on when a lost race or a lost connection makes the batch run again. */
  readonly attempt: number;
  readonly claim: Claim;
}

const noHeaders: StreamRecord['headers'] = Object.freeze({});

/** The broker library's messages as records; bytes and headers are passed through, nothing is copied. */
export function toRecords(topic: string, partition: number, messages: readonly KafkaMessage[]): StreamRecord[] {
  const records: StreamRecord[] = [];
  for (const message of messages) {
    const headers = message.headers ?? noHeaders;
    const unreadable = unreadableReason(headers);
    const record = {
      topic,
      partition,
      offset: Number(message.offset),
      timestamp: Number(message.timestamp),
      key: message.key,
      value: message.value,
      headers,
    };
    records.push(unreadable === undefined ? record : { ...record, value: null, headers: noHeaders, unreadable });
  }
  return records;
}
