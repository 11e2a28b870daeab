import type { ChildProcess } from 'node:child_process';
import type { Identity } from './processes.mjs';

export interface Postgres {
  /** Of its `postgres` database, as a user who may create databases. */
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly who: Identity;
  urlOf(database: string): string;
  /** Ends open transactions by rollback and waits until it is down. */
  stop(): Promise<void>;
}

/** Starts PostgreSQL on `folder` (made on the first start), on a free port unless one is given. */
export function startPostgres(options: {
  folder: string;
  password: string;
  settings?: Readonly<Record<string, string | number>>;
  port?: number;
}): Promise<Postgres>;

/** Ends what a killed command left running on `folder`; answers whether there was something. */
export function endPostgres(folder: string): Promise<boolean>;

/** Removes the data of a stopped server, wherever it stands. */
export function removePostgres(folder: string): void;
