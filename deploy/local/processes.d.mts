/** A process, told apart from a later one of the same number. */
export interface Identity {
  readonly pid: number;
  readonly began: string;
  readonly what: string;
}

export function identity(pid: number, what: string): Identity;
export function alive(who: Identity | undefined): boolean;
export function readPidFile(file: string): Identity | undefined;

/** Ends a process group: asks, waits, then kills. */
export function end(who: Identity | undefined, options?: { signal?: NodeJS.Signals; withinMs?: number }): Promise<void>;
