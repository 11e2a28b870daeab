/** What went wrong, in the API's own words where it gave some, and what to do about it. */
import type { Problem } from './client';

/** The API could not be reached at all, or answered something that is not its own. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** Every failed request becomes one of the two above; the client's own errors are told apart by having no response. */
export function asError(error: unknown, response: Response | undefined): Error {
  if (isProblem(error)) return new ApiError(error);
  if (response) {
    return new ApiError({ type: 'about:blank', title: 'Error', status: response.status, detail: response.statusText });
  }
  // An aborted read is not a failure: the query library wants to know it by name.
  if (error instanceof DOMException && error.name === 'AbortError') return error;
  return new Unreachable('The API could not be reached.', { cause: error });
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.problem.status === 401;
}

/** One sentence that says what happened, and one that says what to do. */
export function wordsOf(error: unknown): { readonly title: string; readonly advice: string } {
  if (error instanceof ApiError) {
    const { status, detail } = error.problem;
    if (status === 429) return { title: detail, advice: 'Wait a minute, then try again.' };
    if (status >= 500)
      return { title: detail, advice: 'This page tries again by itself; the api process has the cause in its log.' };
    return { title: detail, advice: 'Change what was asked, or go back.' };
  }
  return {
    title: 'Tocsin’s API cannot be reached.',
    advice: 'This page tries again by itself. Is the api process running, and is your network up?',
  };
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    typeof value.status === 'number' &&
    'detail' in value &&
    typeof value.detail === 'string'
  );
}
