/** A process, told apart from a later one of the same number. */
export interface Identity {
  readonly pid: number;
  readonly began: string;
  readonly what: string;
}

/** When a process began, in words that no later process of the same number shares; undefined when there is none. */
export function began(pid: number): string | undefined;
export function identity(pid: number, what: string): Identity;
export function alive(who: Identity | undefined): boolean;
export function readPidFile(file: string): Identity | undefined;

/** Ends a process group: asks, waits, then kills. */
export function end(who: Identity | undefined, options?: { signal?: NodeJS.Signals; withinMs?: number }): Promise<void>;

/** Takes a file as a lock for this process; answers undefined when taken, else who holds it. */
export function hold(file: string, what: string): Identity | undefined;
export function letGo(file: string): void;
