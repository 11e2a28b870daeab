/** Readiness: ready when every named check says so. A check answers a reason in words, or undefined when it is well. */

export interface Readiness {
  readonly ready: boolean;
  /** Check by name: `ok`, or why not. */
  readonly checks: Readonly<Record<string, string>>;
}

export class Health {
  private readonly checks = new Map<string, () => Promise<string | undefined> | string | undefined>();

  /** Adds a check; it answers undefined when well, else what is wrong and what to do. */
  add(name: string, check: () => Promise<string | undefined> | string | undefined): void {
    this.checks.set(name, check);
  }

  async readiness(): Promise<Readiness> {
    const answers = await Promise.all(
      [...this.checks].map(async ([name, check]): Promise<[string, string | undefined]> => {
        try {
          return [name, await check()];
        } catch (error) {
          return [name, error instanceof Error ? error.message : String(error)];
        }
      }),
    );
    return {
      ready: answers.every(([, reason]) => reason === undefined),
      checks: Object.fromEntries(answers.map(([name, reason]) => [name, reason ?? 'ok'])),
    };
  }
}
