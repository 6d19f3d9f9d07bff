// Values on their way into a table, and whether they arrived as they were.

import type { SqliteChange, SqlRow, SqlTable, SqlValue, StoredCell } from '../backend.ts';
import { readBlob } from '../bundle.ts';
import type { ExactCell } from './exact.ts';

/** A value of a statement, and the SQL that takes it. */
export interface Bound {
  readonly name: string;
  readonly sql: string;
  readonly value: SqlValue;
}

/** Values with the SQL that takes them; text that lies in a bundle goes in as bytes. */
export function bound(row: SqlRow, cells: Readonly<Record<string, StoredCell>> = {}): Bound[] {
  return [
    ...Object.entries(row).map(([name, value]) => ({ name, sql: '?', value })),
    ...Object.entries(cells).map(([name, cell]) => ({
      name,
      sql: cell.storage === 'text' ? 'CAST(? AS TEXT)' : '?',
      value: readBlob(cell.bundle, cell),
    })),
  ];
}

/** What an update makes of the columns that name its row. */
export function overlap(identity: SqlRow, set: SqlRow): SqlRow {
  return Object.fromEntries(Object.entries(set).filter(([name]) => Object.hasOwn(identity, name)));
}

/** The key of an inserted row as far as the change says it: how a row of a table without rowids is found again. */
export function keyOf(
  table: SqlTable,
  change: Extract<SqliteChange, { kind: 'insert' | 'copy' }>,
  encoding: string,
): SqlRow {
  const given: SqlRow = change.kind === 'insert' ? change.row : { ...change.identity, ...change.set };
  const cells = change.kind === 'insert' ? (change.cells ?? {}) : {};
  const key: Record<string, SqlValue> = {};
  for (const { name, pk } of table.columns) {
    const cell = cells[name];
    if (pk === 0) continue;
    if (Object.hasOwn(given, name)) key[name] = given[name] ?? null;
    else if (cell !== undefined) {
      const bytes = readBlob(cell.bundle, cell);
      key[name] = cell.storage === 'text' ? new TextDecoder(encoding).decode(bytes) : bytes;
    }
  }
  return key;
}

/** Whether a stored cell is exactly the value that was given, storage class included. */
export function same(cell: ExactCell, value: SqlValue, encoding: string): boolean {
  if (value === null) return cell.storage === 'null';
  if (typeof value === 'bigint') return cell.storage === 'integer' && cell.value === value;
  // NaN cannot be stored: SQLite makes NULL of it.
  if (typeof value === 'number') return cell.storage === 'real' && cell.value === value;
  if (!(cell.value instanceof Uint8Array)) return false;
  if (typeof value === 'string') return cell.storage === 'text' && textBytes(value, encoding).equals(cell.value);
  return cell.storage === 'blob' && Buffer.from(value.buffer, value.byteOffset, value.byteLength).equals(cell.value);
}

function textBytes(text: string, encoding: string): Buffer {
  if (encoding === 'UTF-8') return Buffer.from(text, 'utf8');
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'UTF-16be' ? bytes.swap16() : bytes;
}
