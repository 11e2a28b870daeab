/** What repositories are given: the only way to speak SQL, inside a transaction or outside of one. */

export interface Query {
  /** Runs one statement and gives its rows. Parameters are sent apart from the text, always. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** An open transaction. */
export interface Tx extends Query {
  /** Domain time at its beginning, from `tocsin.now()`. */
  readonly now: Date;
  /** Rows a statement changed; for `update` and `delete` without `returning`. */
  execute(sql: string, parameters?: readonly unknown[]): Promise<number>;
  /** Runs `work` inside a savepoint: an error in it undoes that much and is thrown on. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
}
