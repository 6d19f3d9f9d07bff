// One reading connection, in three ways: live (better-sqlite3, read-only), immutable (node:sqlite, which takes `immutable=1`), and
// live over a private copy. Which one is right is decided by `open.ts`; all three answer the same calls.

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import type { SqlRow, SqlValue } from '../backend.ts';

export type ArrayRow = readonly (null | number | string | Uint8Array)[];

/** What a reader needs of a driver. Errors are the driver's own; the reader turns them into sentences. */
export interface Connection {
  all(sql: string, params: readonly SqlValue[]): SqlRow[];
  get(sql: string, params: readonly SqlValue[]): SqlRow | null;
  iterate(sql: string, params: readonly SqlValue[]): IterableIterator<SqlRow>;
  allArrays(sql: string, params: readonly SqlValue[]): ArrayRow[];
  iterateArrays(sql: string, params: readonly SqlValue[]): IterableIterator<ArrayRow>;
  /** Differs after any commit by another connection. Does not wait: throws `SQLITE_BUSY` while a writer is committing. */
  dataVersion(): number;
  close(): void;
}

/** Milliseconds that a read waits for a writer that is just committing. */
export const readTimeout = 3000;
const statementsKept = 64;

/** What hostile schemas may not do; nothing here changes the file. */
export const safePragmas = ['trusted_schema=OFF', 'cell_size_check=ON', 'mmap_size=0'] as const;

/** Prepared statements by text, oldest dropped first; one that is still running is left alone and prepared anew. */
class StatementCache<S> {
  readonly #statements = new Map<string, S>();
  readonly #prepare: (sql: string) => S;

  constructor(prepare: (sql: string) => S) {
    this.#prepare = prepare;
  }

  take(sql: string): S {
    const known = this.#statements.get(sql);
    // Taken out while in use, so that a nested call with the same text gets its own.
    if (known !== undefined) this.#statements.delete(sql);
    return known ?? this.#prepare(sql);
  }

  give(sql: string, statement: S): void {
    this.#statements.set(sql, statement);
    if (this.#statements.size <= statementsKept) return;
    for (const oldest of this.#statements.keys()) {
      this.#statements.delete(oldest);
      break;
    }
  }
}

/** Live reading through better-sqlite3. `copy` opens read-write, so that SQLite may settle a crashed writer's journal in our own copy. */
export class LiveConnection implements Connection {
  readonly #database: Database.Database;
  readonly #rows: StatementCache<Database.Statement<SqlValue[], SqlRow>>;
  readonly #arrays: StatementCache<Database.Statement<SqlValue[], ArrayRow>>;

  constructor(path: string, place: 'original' | 'copy') {
    const database = new Database(path, {
      readonly: place === 'original',
      fileMustExist: true,
      timeout: readTimeout,
    });
    this.#database = database;
    try {
      for (const pragma of safePragmas) database.pragma(pragma);
      // Reads the first page, and settles a journal in a copy, before writing is forbidden.
      database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
      database.pragma('query_only=ON');
    } catch (thrown) {
      database.close();
      throw thrown;
    }
    this.#rows = new StatementCache((sql) => database.prepare<SqlValue[], SqlRow>(sql).safeIntegers(true));
    this.#arrays = new StatementCache((sql) =>
      database.prepare<SqlValue[], ArrayRow>(sql).safeIntegers(false).raw(true),
    );
  }

  all(sql: string, params: readonly SqlValue[]): SqlRow[] {
    const statement = this.#rows.take(sql);
    const rows = statement.all(...params);
    this.#rows.give(sql, statement);
    return rows;
  }

  get(sql: string, params: readonly SqlValue[]): SqlRow | null {
    const statement = this.#rows.take(sql);
    const row = statement.get(...params) ?? null;
    this.#rows.give(sql, statement);
    return row;
  }

  *iterate(sql: string, params: readonly SqlValue[]): IterableIterator<SqlRow> {
    const statement = this.#rows.take(sql);
    try {
      yield* statement.iterate(...params);
    } finally {
      this.#rows.give(sql, statement);
    }
  }

  allArrays(sql: string, params: readonly SqlValue[]): ArrayRow[] {
    const statement = this.#arrays.take(sql);
    const rows = statement.all(...params);
    this.#arrays.give(sql, statement);
    return rows;
  }

  *iterateArrays(sql: string, params: readonly SqlValue[]): IterableIterator<ArrayRow> {
    const statement = this.#arrays.take(sql);
    try {
      yield* statement.iterate(...params);
    } finally {
      this.#arrays.give(sql, statement);
    }
  }

  dataVersion(): number {
    this.#database.pragma('busy_timeout=0');
    try {
      return Number(this.#database.pragma('data_version', { simple: true }));
    } finally {
      this.#database.pragma(`busy_timeout=${readTimeout}`);
    }
  }

  close(): void {
    this.#database.close();
  }
}

/**
 * Reading of a file that lies where nothing can be written and that has no `-wal`: SQLite takes it as it stands, without locks and
 * without side files. The reader watches the file's identity and opens again when it changed.
 */
export class ImmutableConnection implements Connection {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    const url = pathToFileURL(path);
    url.searchParams.set('immutable', '1');
    this.#database = new DatabaseSync(url, { readOnly: true, timeout: readTimeout });
    try {
      for (const pragma of safePragmas) this.#database.exec(`PRAGMA ${pragma}`);
      this.#database.exec('PRAGMA query_only=ON');
      this.#database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
    } catch (thrown) {
      this.#database.close();
      throw thrown;
    }
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  }

  all(sql: string, params: readonly SqlValue[]): SqlRow[] {
    return this.#prepare(sql)
      .all(...params)
      .map((row) => ({ ...row }));
  }

  get(sql: string, params: readonly SqlValue[]): SqlRow | null {
    const row = this.#prepare(sql).get(...params);
    return row === undefined ? null : { ...row };
  }

  *iterate(sql: string, params: readonly SqlValue[]): IterableIterator<SqlRow> {
    for (const row of this.#prepare(sql).iterate(...params)) yield { ...row };
  }

  allArrays(sql: string, params: readonly SqlValue[]): ArrayRow[] {
    return [...this.iterateArrays(sql, params)];
  }

  *iterateArrays(sql: string, params: readonly SqlValue[]): IterableIterator<ArrayRow> {
    const names = this.#prepare(sql).columns();
    for (const row of this.iterate(sql, params)) {
      // Rows come as objects here, so columns of the same name would be one.
      if (Object.keys(row).length !== names.length) throw new Error('columns of one name in a scan by position');
      yield Object.values(row).map((value) => (typeof value === 'bigint' ? Number(value) : value));
    }
  }

  dataVersion(): number {
    return 0;
  }

  close(): void {
    this.#database.close();
  }
}
