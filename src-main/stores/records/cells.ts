// Cells of SQLite rows as the formats read them, and a row's cells as raw parts.

import type { SqliteReader, SqlRow, SqlValue } from '../backend.ts';
import type { RawPart } from '../store.ts';

/** The text of a cell; null for every other storage class. */
export function textCell(value: SqlValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** A number for counts, lengths and row numbers; 0 for what is none. */
export function numberCell(value: SqlValue | undefined): number {
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : 0;
}

/** The exact bytes of a cell that was selected as BLOB; text as UTF-8, numbers as they print, NULL as nothing. */
export function bytesCell(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return new TextEncoder().encode(value === null || value === undefined ? '' : String(value));
}

function storageOf(value: SqlValue): RawPart['storage'] {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return 'real';
  return typeof value === 'string' ? 'text' : 'blob';
}

/** @param where `checkpoints`, `messages[2]`: what stands before the column's name */
export function rawParts(where: string, row: SqlRow): RawPart[] {
  return Object.entries(row).map(([column, value]) => ({
    where: `${where}.${column}`,
    storage: storageOf(value),
    bytes: bytesCell(value),
  }));
}

/** Tables that are not the format's own, quoted for a sentence. */
export function foreignTables(reader: SqliteReader, own: ReadonlySet<string>): readonly string[] {
  return reader
    .tables()
    .filter((table) => !own.has(table.name))
    .map((table) => `\`${table.name}\``);
}
