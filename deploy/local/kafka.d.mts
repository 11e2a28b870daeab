import type { ChildProcess } from 'node:child_process';
import type { Identity } from './processes.mjs';

export interface Kafka {
  /** host:port */
  readonly address: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly who: Identity;
  stop(options?: { withinMs?: number }): Promise<void>;
}

/** The folder of the jars; Maven fills it the first time. */
export function kafkaJars(): Promise<string>;

/** Starts Kafka on `folder` (formatted on the first start), on a free port unless one is given. */
export function startKafka(options: {
  folder: string;
  jars: string;
  port?: number;
  settings?: Readonly<Record<string, string | number>>;
  extra?: readonly string[];
}): Promise<Kafka>;

/** Ends what a killed command left running on `folder`; answers whether there was something. */
export function endKafka(folder: string): Promise<boolean>;
