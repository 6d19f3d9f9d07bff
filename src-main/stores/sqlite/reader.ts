// Reads of a SQLite file for formats: short statements on whatever connection the source gives.

import type { SqliteReader, SqlRow, SqlTable, SqlTrigger, SqlValue } from '../backend.ts';
import type { ArrayRow, Connection } from './connection.ts';
import type { ConnectionSource } from './source.ts';

/** A name as SQL takes it, whatever is in it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const none: readonly SqlValue[] = [];

export class SourceReader implements SqliteReader {
  readonly kind = 'sqlite';
  readonly path: string;
  readonly #source: ConnectionSource;
  /** Tables by connection, with the version of the schema that they were read at: formats ask for them again and again. */
  readonly #tables = new WeakMap<Connection, { readonly version: string; readonly tables: readonly SqlTable[] }>();

  constructor(source: ConnectionSource) {
    this.path = source.path;
    this.#source = source;
  }

  tables(): readonly SqlTable[] {
    return this.#source.use((connection) => {
      const version = String(connection.get('PRAGMA schema_version', none)?.['schema_version']);
      const known = this.#tables.get(connection);
      if (known?.version === version) return known.tables;
      const tables = tablesFrom((sql, params) => connection.all(sql, params));
      this.#tables.set(connection, { version, tables });
      return tables;
    });
  }

  triggers(): readonly SqlTrigger[] {
    return this.all(
      `SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' AND sql IS NOT NULL ORDER BY rowid`,
    ).map((row) => ({ name: String(row['name']), table: String(row['tbl_name']), sql: String(row['sql']) }));
  }

  all(sql: string, params: readonly SqlValue[] = none): SqlRow[] {
    return this.#source.use((connection) => connection.all(sql, params));
  }

  get(sql: string, params: readonly SqlValue[] = none): SqlRow | null {
    return this.#source.use((connection) => connection.get(sql, params));
  }

  iterate(sql: string, params: readonly SqlValue[] = none): IterableIterator<SqlRow> {
    return this.#source.loop((connection) => connection.iterate(sql, params));
  }

  allArrays(sql: string, params: readonly SqlValue[] = none): ArrayRow[] {
    return this.#source.use((connection) => connection.allArrays(sql, params));
  }

  iterateArrays(sql: string, params: readonly SqlValue[] = none): IterableIterator<ArrayRow> {
    return this.#source.loop((connection) => connection.iterateArrays(sql, params));
  }
}

/** Tables in schema order, SQLite's own left out. `pragma_table_info` leaves out generated columns, which nobody can write. */
export function tablesFrom(all: (sql: string, params: readonly SqlValue[]) => SqlRow[]): readonly SqlTable[] {
  const rows = all(
    `SELECT s.rowid AS position, s.name AS name, s.sql AS sql, l.wr AS wr FROM sqlite_schema AS s
     LEFT JOIN pragma_table_list AS l ON l.name = s.name AND l.schema = 'main'
     WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY s.rowid`,
    none,
  );
  return rows.map((row) => {
    const name = String(row['name']);
    return {
      name,
      columns: all(`SELECT name, type, pk, "notnull" AS required FROM pragma_table_info(?)`, [name]).map((column) => ({
        name: String(column['name']),
        type: String(column['type']),
        pk: Number(column['pk']),
        notNull: column['required'] === 1n,
      })),
      sql: String(row['sql']),
      withoutRowid: row['wr'] === 1n,
    };
  });
}
