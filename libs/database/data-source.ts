/** Opens the pool and runs transactions. TypeORM owns the pool; statements go straight to the driver's client. */
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm';
import pg from 'pg';
import type { Query, Tx } from './transaction.js';

export interface DatabaseOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly entities?: readonly (Function | EntitySchema)[];
  readonly migrations?: readonly (new () => MigrationInterface)[];
  /** Connections at most; default 8. */
  readonly poolSize?: number;
  /** How long a statement may go unanswered; default 60 s, and without end where there are migrations to run. */
  readonly queryTimeoutMs?: number;
}

// int8 as a number: offsets and counts stay far below 2^53.
pg.types.setTypeParser(20, Number);

export function createDataSource(options: DatabaseOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.url,
    schema: 'tocsin',
    applicationName: options.applicationName,
    entities: [...(options.entities ?? [])] as Function[],
    migrations: [...(options.migrations ?? [])] as Function[],
    migrationsTableName: 'migration',
    poolSize: options.poolSize ?? 8,
    connectTimeoutMS: 5_000,
    installExtensions: false,
    extra: {
      Client: HeardClient,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      // A server that vanished without a word answers nothing; a migration may take its time.
      ...(options.migrations ? {} : { query_timeout: options.queryTimeoutMs ?? 60_000 }),
      // A zombie frozen in mid-transaction keeps its row locks: the server ends it after 5 s (promise 1).
      options: '-c search_path=tocsin,public -c idle_in_transaction_session_timeout=5000 -c timezone=UTC',
    },
  });
}

/**
 * Between the pool's hand-over and the taker's own listener nobody hears a client, and an error event that nobody hears
 * ends the process: seen where the server's farewell came in one packet with the end of the login. The next statement
 * fails all the same.
 */
class HeardClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/** The pool, with transactions. Inject this by type; repositories take a `Tx` or a `Query`. */
export class Database implements Query {
  constructor(readonly dataSource: DataSource) {}

  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const runner = this.dataSource.createQueryRunner();
    let client: pg.PoolClient | undefined;
    try {
      client = (await runner.connect()) as pg.PoolClient;
      return (await client.query(sql, parameters as unknown[])).rows as Row[];
    } catch (error) {
      abandonUnanswered(client, error);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Domain time. */
  async now(): Promise<Date> {
    const [row] = await this.query<{ now: Date }>('select tocsin.now() as now');
    return row!.now;
  }

  /**
   * Runs `work` in one READ COMMITTED transaction: committed when it resolves, rolled back when it throws. The error
   * thrown is the first one; whether COMMIT itself took effect is unknown when COMMIT failed.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    let client: pg.PoolClient;
    try {
      client = (await runner.connect()) as pg.PoolClient;
    } catch (error) {
      await runner.release().catch(() => undefined);
      throw error;
    }
    try {
      // One round trip for both: the simple protocol takes several statements and answers with a result for each.
      const begun = (await client.query(
        'begin isolation level read committed; select tocsin.now() as now',
      )) as unknown as pg.QueryResult[];
      const tx = openTransaction(client, (begun[1]!.rows[0] as { now: Date }).now);
      const result = await work(tx);
      // PostgreSQL answers COMMIT with ROLLBACK, and no error, where a statement failed and the failure was swallowed.
      if ((await client.query('commit')).command !== 'COMMIT')
        throw new Error('a statement of the transaction failed unheeded: all of it is undone');
      return result;
    } catch (error) {
      if (!abandonUnanswered(client, error)) await client.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

/**
 * A connection with an unanswered statement is of no use to the next taker: its socket is closed, and the pool drops it.
 * True where that was so.
 */
function abandonUnanswered(client: pg.Client | pg.PoolClient | undefined, error: unknown): boolean {
  if (!client || (error as Error | null)?.message !== 'Query read timeout') return false;
  void (client as pg.Client).end().catch(() => undefined);
  return true;
}

function openTransaction(client: pg.PoolClient, now: Date): Tx {
  let depth = 0;
  return {
    now,
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      return (await client.query(sql, parameters as unknown[])).rows as Row[];
    },
    async execute(sql, parameters = []) {
      return (await client.query(sql, parameters as unknown[])).rowCount ?? 0;
    },
    async savepoint(work) {
      const name = `s${++depth}`;
      await client.query(`savepoint ${name}`);
      try {
        const result = await work();
        await client.query(`release savepoint ${name}`);
        return result;
      } catch (error) {
        await client.query(`rollback to savepoint ${name}`);
        throw error;
      }
    },
  };
}
