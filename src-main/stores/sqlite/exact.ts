// Rows exactly as stored: storage class and bytes of every cell, text as bytes (it need not be valid Unicode), and how one row is
// named so that it can be found again. What undo, verification and recovery compare.

import type { SqliteReader, SqlRow, SqlTable, SqlValue } from '../backend.ts';
import { RowsDigest } from '../digest.ts';
import type { KnownCells } from '../known-cells.ts';
import { quoted } from './reader.ts';

export type Query = (sql: string, params: readonly SqlValue[]) => SqlRow[];

export interface ExactCell {
  readonly name: string;
  readonly storage: 'null' | 'integer' | 'real' | 'text' | 'blob';
  /** Text as its bytes in the database's encoding. */
  readonly value: null | bigint | number | Uint8Array;
}

/** Which of SQLite's names for the rowid no column of this table has taken; null for a table without one. */
export function rowidName(table: SqlTable): string | null {
  if (table.withoutRowid) return null;
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()));
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) ?? null;
}

/** The column that *is* the rowid, if there is one. */
export function rowidColumn(table: SqlTable): string | null {
  const keys = table.columns.filter((column) => column.pk > 0);
  const [key] = keys;
  return !table.withoutRowid && keys.length === 1 && key?.type.toUpperCase() === 'INTEGER' ? key.name : null;
}

/** `a = ? AND b IS NULL`: null matches only null. */
export function whereOf(identity: SqlRow): { sql: string; params: SqlValue[] } {
  const params: SqlValue[] = [];
  const terms = Object.entries(identity).map(([name, value]) => {
    if (value === null) return `${quoted(name)} IS NULL`;
    params.push(value);
    return `${quoted(name)} = ?`;
  });
  return { sql: terms.length === 0 ? '0' : terms.join(' AND '), params };
}

/** Selects one row exactly: for every column its storage class, then its value with text as bytes. */
export function exactSql(
  table: string,
  columns: readonly string[],
  identity: SqlRow,
): { sql: string; params: SqlValue[] } {
  const where = whereOf(identity);
  const cells = columns.map((name, i) => {
    const column = quoted(name);
    return `typeof(${column}) AS t${i}, CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END AS v${i}`;
  });
  return {
    sql: `SELECT ${cells.length === 0 ? '1 AS present' : cells.join(', ')} FROM ${quoted(table)} WHERE ${where.sql}`,
    params: where.params,
  };
}

const storages = new Set(['null', 'integer', 'real', 'text', 'blob']);

export function exactCells(columns: readonly string[], row: SqlRow): ExactCell[] {
  return columns.map((name, i) => {
    const storage = row[`t${i}`];
    const value = row[`v${i}`];
    if (!isStorage(storage) || value === undefined || typeof value === 'string') {
      throw new Error(`unexpected cell in ${name}`);
    }
    return { name, storage, value };
  });
}

function isStorage(value: SqlValue | undefined): value is ExactCell['storage'] {
  return typeof value === 'string' && storages.has(value);
}

/** Digest of an exact row, as `digestRows` gives it for the result of `exactSql`. */
export function exactDigest(row: SqlRow, known?: KnownCells): string {
  const digest = new RowsDigest(known);
  digest.add(row);
  return digest.digest();
}

export function cellBytes(cells: readonly ExactCell[]): number {
  return cells.reduce((sum, { value }) => {
    if (value === null) return sum;
    return sum + (value instanceof Uint8Array ? value.length : 8);
  }, 0);
}

/**
 * Names one stored row: by its primary key, which survives VACUUM and copying; by rowid only where there is no usable key (none
 * declared, a null in it, or text that a string cannot carry).
 */
export function identityOf(query: Query, table: SqlTable, rowid: bigint | null, known: SqlRow): SqlRow | null {
  const keys = table.columns.filter((column) => column.pk > 0).map((column) => column.name);
  const name = rowidName(table);
  const byRowid = rowid === null || name === null ? null : { [name]: rowid };
  if (keys.length > 0) {
    const where = whereOf(byRowid ?? known);
    const [row] = query(
      `SELECT ${keys.map(quoted).join(', ')} FROM ${quoted(table.name)} WHERE ${where.sql}`,
      where.params,
    );
    if (row !== undefined && Object.values(row).every((value) => value !== null)) {
      const again = whereOf(row);
      const found = query(`SELECT 1 FROM ${quoted(table.name)} WHERE ${again.sql} LIMIT 2`, again.params);
      if (found.length === 1) return row;
    }
  }
  return byRowid;
}

export function tableNamed(reader: Pick<SqliteReader, 'tables'>, name: string): SqlTable | null {
  return reader.tables().find((table) => table.name === name) ?? null;
}
