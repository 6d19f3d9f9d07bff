// Tables in memory, for formats that are read whole: filled once, then read as any SQLite file is.

import Database from 'better-sqlite3';
import type { SqliteReader, SqlRow, SqlTable, SqlTrigger, SqlValue } from '../backend.ts';
import type { ArrayRow } from './connection.ts';
import { tablesFrom } from './reader.ts';

export class MemoryReader implements SqliteReader {
  readonly kind = 'sqlite';
  readonly path: string;
  readonly #database: Database.Database;

  /** `schema` makes the tables; `rows` are inserted in their order, one table and one row each. `path` names the place they came from. */
  constructor(path: string, schema: string, rows: Iterable<readonly [table: string, row: SqlRow]>) {
    this.path = path;
    this.#database = new Database(':memory:');
    try {
      this.#database.exec(schema);
      const statements = new Map<string, Database.Statement<SqlValue[]>>();
      this.#database.transaction(() => {
        for (const [table, row] of rows) {
          const columns = Object.keys(row);
          const sql = `INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
          const statement = statements.get(sql) ?? this.#database.prepare<SqlValue[]>(sql);
          statements.set(sql, statement);
          statement.run(...Object.values(row));
        }
      })();
      this.#database.pragma('query_only=ON');
    } catch (thrown) {
      this.#database.close();
      throw thrown;
    }
  }

  tables(): readonly SqlTable[] {
    return tablesFrom((sql, params) => this.all(sql, params));
  }

  triggers(): readonly SqlTrigger[] {
    return [];
  }

  all(sql: string, params: readonly SqlValue[] = []): SqlRow[] {
    return this.#database
      .prepare<SqlValue[], SqlRow>(sql)
      .safeIntegers(true)
      .all(...params);
  }

  get(sql: string, params: readonly SqlValue[] = []): SqlRow | null {
    return (
      this.#database
        .prepare<SqlValue[], SqlRow>(sql)
        .safeIntegers(true)
        .get(...params) ?? null
    );
  }

  iterate(sql: string, params: readonly SqlValue[] = []): IterableIterator<SqlRow> {
    return this.all(sql, params).values();
  }

  allArrays(sql: string, params: readonly SqlValue[] = []): ArrayRow[] {
    return this.#database
      .prepare<SqlValue[], ArrayRow>(sql)
      .safeIntegers(false)
      .raw(true)
      .all(...params);
  }

  iterateArrays(sql: string, params: readonly SqlValue[] = []): IterableIterator<ArrayRow> {
    return this.allArrays(sql, params).values();
  }

  close(): void {
    this.#database.close();
  }
}
