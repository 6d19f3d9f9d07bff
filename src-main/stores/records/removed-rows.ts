// Removing all rows that a thread has in a table of SQLite: each by its key, recorded as relied on.

import type { BackendReader, RelyingReader, SqliteChange, SqlRow, SqlTable, SqlValue } from '../backend.ts';
import { quoted } from '../sqlite/reader.ts';

export interface RowsOf {
  readonly table: SqlTable;
  /** For people: "the records of run `a`". */
  readonly describe: string;
  /** A condition on the columns of the table, without WHERE. */
  readonly where: string;
  readonly params: readonly SqlValue[];
  /** Key of the checkpoint that a row stands for. */
  readonly keyOf?: (row: SqlRow) => string | null;
  /** Columns that `keyOf` looks at besides those of the primary key. */
  readonly more?: readonly string[];
}

/** Rows of `WITHOUT ROWID` tables, too. A row is named by its primary key where that has no NULL in it, else by its rowid. */
export function removedRows(relying: RelyingReader<BackendReader>, rows: RowsOf): SqliteChange[] {
  const { table, describe, where, params, keyOf } = rows;
  const keys = table.columns.filter((column) => column.pk > 0).map((column) => column.name);
  const columns = [...new Set([...keys, ...(rows.more ?? [])])];
  const place = table.withoutRowid ? 'NULL' : 'rowid';
  // Sizes stand in for contents: the rows themselves are read by the commit, which keeps each of them for undo.
  const bytes = table.columns.map(({ name }) => `coalesce(octet_length(${quoted(name)}), 0)`).join(' + ');
  const selection = [`${place} AS "forkpoint place"`, `${bytes} AS "forkpoint bytes"`, ...columns.map(quoted)].join(
    ', ',
  );
  const order = table.withoutRowid ? keys.map(quoted).join(', ') : 'rowid';
  const found = relying.relyOnRows(
    describe,
    `SELECT ${selection} FROM ${quoted(table.name)} WHERE ${where} ORDER BY ${order}`,
    params,
  );
  return found.map((row) => {
    const size = row['forkpoint bytes'];
    return {
      kind: 'delete',
      table: table.name,
      identity: identityIn(row, keys),
      bytes: typeof size === 'bigint' ? Number(size) : 0,
      key: keyOf?.(row) ?? null,
    };
  });
}

function identityIn(row: SqlRow, keys: readonly string[]): SqlRow {
  const values = keys.map((name): [string, SqlValue] => [name, row[name] ?? null]);
  if (keys.length > 0 && values.every(([, value]) => value !== null)) return Object.fromEntries(values);
  return { rowid: row['forkpoint place'] ?? null };
}

/** The same rows, not removed but given to another thread. */
export function movedRows(removed: readonly SqliteChange[], set: SqlRow): SqliteChange[] {
  return removed.map((change) => {
    if (change.kind !== 'delete') throw new TypeError('only rows that would be removed can be moved');
    return { ...change, kind: 'update', set };
  });
}
