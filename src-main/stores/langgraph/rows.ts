// Every statement that reads a LangGraph store, with columns by name: their order differs between files.

import { bytesOf, storageOf, textOf } from './cells.ts';
import { KeptRows } from './kept-rows.ts';
import type { Layout } from './layout.ts';
import type { SqlRow, SqlValue, SqliteReader } from '../backend.ts';

/** One row of `checkpoints`. */
export interface CheckpointRow {
  readonly thread: string;
  readonly namespace: string;
  readonly id: string;
  readonly parent: string | null;
  readonly type: string;
  readonly checkpoint: SqlValue;
  readonly metadata: SqlValue;
}

/** One row of `writes`. */
export interface WriteRow {
  readonly task: string;
  /** `''` where the column is missing. */
  readonly path: string;
  readonly idx: number;
  readonly channel: string;
  readonly type: string;
  readonly value: SqlValue;
}

export const checkpointSelect =
  'SELECT thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata FROM checkpoints';

/** Order of pending writes as LangGraph applies them since checkpoint-sqlite 3.1.2: `''` first. */
export function writesSelect(layout: Layout): string {
  const path = layout.taskPath ? 'task_path' : "'' AS task_path";
  return `SELECT task_id, ${path}, idx, channel, type, value FROM writes WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ? ORDER BY task_path, task_id, idx`;
}

export const pointWhere = 'WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?';

export function checkpointOf(row: SqlRow): CheckpointRow {
  const parent = row['parent_checkpoint_id'] ?? null;
  return {
    thread: textOf(row['thread_id']),
    namespace: textOf(row['checkpoint_ns']),
    id: textOf(row['checkpoint_id']),
    parent: parent === null ? null : textOf(parent),
    type: textOf(row['type']),
    checkpoint: row['checkpoint'] ?? null,
    metadata: row['metadata'] ?? null,
  };
}

export function writeOf(row: SqlRow): WriteRow {
  return {
    task: textOf(row['task_id']),
    path: textOf(row['task_path']),
    idx: Number(row['idx'] ?? 0),
    channel: textOf(row['channel']),
    type: textOf(row['type']),
    value: row['value'] ?? null,
  };
}

export interface RowReader {
  readonly layout: Layout;
  checkpoint(thread: string, namespace: string, id: string): CheckpointRow | null;
  writes(thread: string, namespace: string, id: string): WriteRow[];
  metadata(thread: string, namespace: string, id: string): SqlValue;
  /** Ids of the children of a point, oldest first. */
  children(thread: string, namespace: string, id: string): string[];
  /** Newest id of a namespace by LangGraph's rule: the largest text. */
  head(thread: string, namespace: string): string | null;
}

/** Reads for looking around; plans read through `relyOnRows` with the same statements. */
export function rowReader(reader: SqliteReader, layout: Layout, token: () => string): RowReader {
  const selectWrites = writesSelect(layout);
  const kept = new KeptRows(token);
  return {
    layout,
    checkpoint(thread, namespace, id) {
      return kept.read(JSON.stringify([thread, namespace, id]), () => {
        const row = reader.get(`${checkpointSelect} ${pointWhere}`, [thread, namespace, id]);
        return row === null ? null : checkpointOf(row);
      });
    },
    writes(thread, namespace, id) {
      return reader.all(selectWrites, [thread, namespace, id]).map(writeOf);
    },
    metadata(thread, namespace, id) {
      return (
        reader.get(`SELECT metadata FROM checkpoints ${pointWhere}`, [thread, namespace, id])?.['metadata'] ?? null
      );
    },
    children(thread, namespace, id) {
      return reader
        .all(
          'SELECT checkpoint_id FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ? AND parent_checkpoint_id = ? ORDER BY checkpoint_id',
          [thread, namespace, id],
        )
        .map((row) => textOf(row['checkpoint_id']));
    },
    head(thread, namespace) {
      const row = reader.get(
        'SELECT MAX(checkpoint_id) AS id FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ?',
        [thread, namespace],
      );
      const id = row?.['id'] ?? null;
      return id === null ? null : textOf(id);
    },
  };
}

/** Stored size of the cells of a row. */
export function sizeOf(row: CheckpointRow): number {
  return bytesOf(row.checkpoint).length + bytesOf(row.metadata).length;
}

export interface StoredCell {
  readonly name: string;
  readonly storage: 'null' | 'integer' | 'real' | 'text' | 'blob';
  readonly bytes: Uint8Array;
}

/** All cells of a row as stored, in the order of the table. */
export function cellsOf(row: SqlRow, columns: readonly string[]): StoredCell[] {
  return columns.map((name) => {
    const value = row[name] ?? null;
    return { name, storage: storageOf(value), bytes: bytesOf(value) };
  });
}
