/** Waits for a fact of another process. Time of Tocsin's own is moved by the database's clock, never waited for. */

/** Resolves with the first truthy answer of `ask`; after `withinMs` (default 20 s) fails with `what` and the last answer or error. */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  options: { withinMs?: number; everyMs?: number } = {},
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = performance.now() + (options.withinMs ?? 20_000);
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer) return answer as Exclude<NonNullable<T>, false>;
      last = answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50));
  } while (performance.now() < deadline);
  throw new Error(`waited ${options.withinMs ?? 20_000} ms for ${what}; last answer: ${String(last)}`);
}
