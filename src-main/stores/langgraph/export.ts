// The rows of one thread as the store holds them, for the thread document: every cell with its storage class.

import { cellsOf } from './rows.ts';
import type { Layout } from './layout.ts';
import type { SqliteReader, SqlTable } from '../backend.ts';
import type { ThreadRecord } from '../store.ts';

export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function* tableRecords(
  reader: SqliteReader,
  table: SqlTable,
  kind: string,
  thread: string,
): Generator<ThreadRecord, void, void> {
  const columns = table.columns.map((c) => c.name);
  const name = quotedName(table.name);
  // Row numbers first (from the index alone), then row by row: cells may be large, and no statement stays open between records.
  const numbers: number[] = [];
  for (const [n] of reader.iterateArrays(`SELECT rowid FROM ${name} WHERE thread_id = ? ORDER BY rowid`, [thread])) {
    numbers.push(Number(n));
  }
  const select = `SELECT ${columns.map(quotedName).join(', ')} FROM ${name} WHERE rowid = ? AND +thread_id = ?`;
  for (const n of numbers) {
    const row = reader.get(select, [BigInt(n), thread]);
    if (row !== null) yield { kind, cells: cellsOf(row, columns) };
  }
}

/** Checkpoints in the order they were written, then writes. */
export function* exportThread(
  reader: SqliteReader,
  layout: Layout,
  thread: string,
): Generator<ThreadRecord, void, void> {
  yield* tableRecords(reader, layout.checkpoints, 'checkpoints', thread);
  yield* tableRecords(reader, layout.writes, 'writes', thread);
}
