/** Sorts what PostgreSQL and its driver throw: wait, run again, or the caller's own fault. */

const lostMessages =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ECONNABORTED|terminated|not queryable|timeout exceeded when trying to connect|Query read timeout|Connection ended|Client has encountered a connection error|socket hang up|Connection is not established|pool after calling end/i;

/** The five-character SQLSTATE, or undefined where the error did not come from the server. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}

/**
 * True where the server is away, full or shutting down (SQLSTATE classes 08, 53, 57, or no SQLSTATE at all): to wait
 * and try again is right, and nothing is wrong with the data.
 */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  // 25P03 is the server ending a session that idled in its transaction: a frozen process that woke up.
  if (state !== undefined) return /^(08|53|57)/.test(state) || state === '25P03';
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return lostMessages.test(`${typeof code === 'string' ? code : ''} ${typeof message === 'string' ? message : ''}`);
}

/** True for a lost race (serialization, deadlock, unique violation, lock not available): the transaction runs again. */
export function isRetryable(error: unknown): boolean {
  return ['40001', '40P01', '23505', '55P03'].includes(sqlState(error) ?? '');
}
