/** What a verb of the command line is; each stands in a file of its own and `verbs.ts` lists them. */

/** A sentence for the person at the terminal, printed without a stack; ends the process with `exitCode`. */
export class Complaint extends Error {
  constructor(
    message: string,
    /** 1: found something wrong, or cannot run. 2: wrong usage. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
    this.name = 'Complaint';
  }
}

export interface Verb {
  /** After `tocsin `, as the help prints it. */
  readonly usage: string;
  readonly summary: string;
  /** Answers the exit code; throws a `Complaint` for what the person can mend. */
  run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number>;
}
