/** What each app is given and gives back; `apps/run.ts` starts any of them side by side in one process. */
import type { Health } from '../libs/telemetry/index.js';
import type { Config } from './config.js';

export interface AppContext {
  readonly config: Config;
  /** Readiness of the whole process: each app adds its checks under names of its own. */
  readonly health: Health;
  /** For what an app cannot get over by itself: logs the error and ends the process with code 1, after the others drained. */
  fail(error: unknown): void;
}

export interface RunningApp {
  /** Drains: what is in flight commits, nothing new is taken. */
  close(): Promise<void>;
}

/** Resolves once the app takes work; rejects with a sentence where it cannot. */
export type StartApp = (context: AppContext) => Promise<RunningApp>;
