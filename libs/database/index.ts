/**
 * Database: the one way to PostgreSQL. It promises that a transaction is READ COMMITTED, that its `now` is domain time
 * (`tocsin.now()`), that a frozen process loses its locks after 5 s, that an error leaves nothing behind, and that a
 * listener comes back by itself. It knows no table but the clock.
 */
export { createDataSource, Database, type DatabaseOptions } from './data-source.js';
export type { Tx, Query } from './transaction.js';
export { isConnectionLoss, isRetryable, sqlState } from './failure.js';
export { textArray, numberArray, timestampArray, booleanArray, jsonArray, byteaArray } from './bulk.js';
export { migrate, schemaState, type SchemaState } from './migrate.js';
export { listen, type Listener } from './listen.js';
