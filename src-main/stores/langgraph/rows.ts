// Every statement that reads a LangGraph store, with columns by name: their order differs between files.

import { aesCipher } from './cell-key.ts';
import type { CellKey } from './cell-key.ts';
import { bytesOf, cipherOf, innerType, storageOf, textOf } from './cells.ts';
import { KeptRows } from './kept-rows.ts';
import type { Layout } from './layout.ts';
import { rowsAsked } from './older-routing.ts';
import type { Around } from './older-routing.ts';
import type { SqlRow, SqlValue, SqliteReader } from '../backend.ts';

/** One row of `checkpoints`. */
export interface CheckpointRow {
  readonly thread: string;
  readonly namespace: string;
  readonly id: string;
  readonly parent: string | null;
  /** Of the cell as it stands here: without the cipher where a key has opened it. */
  readonly type: string;
  readonly checkpoint: SqlValue;
  readonly metadata: SqlValue;
  /** The cipher that the cell is stored under, where a key has opened it. */
  readonly sealed: string | null;
  /** Where more can be learned about a checkpoint of an older version; null for a row that stands alone. */
  readonly around: Around | null;
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
  return `SELECT ${writeColumns(layout)} FROM writes WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ? ORDER BY task_path, task_id, idx`;
}

/** Writes to one channel at several points, whose ids are given as a JSON list. */
export function writesToSelect(layout: Layout): string {
  return `SELECT checkpoint_id, ${writeColumns(layout)} FROM writes WHERE thread_id = ? AND checkpoint_ns = ?
    AND checkpoint_id IN (SELECT value FROM json_each(?)) AND channel = ? ORDER BY checkpoint_id, task_path, task_id, idx`;
}

function writeColumns(layout: Layout): string {
  return `task_id, ${layout.taskPath ? 'task_path' : "'' AS task_path"}, idx, channel, type, value`;
}

export const pointWhere = 'WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?';

/** CROSS JOIN holds SQLite to one look-up per ancestor; left to itself it walks the whole thread for each. */
const ancestorsSelect = `WITH RECURSIVE line AS (
    SELECT * FROM (${checkpointSelect} ${pointWhere})
    UNION ALL
    SELECT c.thread_id, c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id, c.type, c.checkpoint, c.metadata
      FROM line CROSS JOIN checkpoints c
      ON c.thread_id = line.thread_id AND c.checkpoint_ns = line.checkpoint_ns AND c.checkpoint_id = line.parent_checkpoint_id
  ) SELECT * FROM line`;

interface Opened {
  readonly type: string;
  readonly value: SqlValue;
  readonly sealed: string | null;
}

/** A cell with the key that there is: opened if the key fits, else as it is stored. */
function opened(type: string, value: SqlValue, key: CellKey | null): Opened {
  if (key === null || cipherOf(type) !== aesCipher) return { type, value, sealed: null };
  const plain = key.open(bytesOf(value));
  return plain === null ? { type, value, sealed: null } : { type: innerType(type), value: plain, sealed: aesCipher };
}

export function checkpointOf(row: SqlRow, key: CellKey | null, around: AroundOf | null = null): CheckpointRow {
  const parent = row['parent_checkpoint_id'] ?? null;
  const cell = opened(textOf(row['type']), row['checkpoint'] ?? null, key);
  return {
    thread: textOf(row['thread_id']),
    namespace: textOf(row['checkpoint_ns']),
    id: textOf(row['checkpoint_id']),
    parent: parent === null ? null : textOf(parent),
    type: cell.type,
    checkpoint: cell.value,
    metadata: row['metadata'] ?? null,
    sealed: cell.sealed,
    around:
      around === null
        ? null
        : around(
            textOf(row['thread_id']),
            textOf(row['checkpoint_ns']),
            textOf(row['checkpoint_id']),
            parent === null ? null : textOf(parent),
          ),
  };
}

type AroundOf = (thread: string, namespace: string, id: string, parent: string | null) => Around;

export function writeOf(row: SqlRow, key: CellKey | null): WriteRow {
  const cell = opened(textOf(row['type']), row['value'] ?? null, key);
  return {
    task: textOf(row['task_id']),
    path: textOf(row['task_path']),
    idx: Number(row['idx'] ?? 0),
    channel: textOf(row['channel']),
    type: cell.type,
    value: cell.value,
  };
}

export interface RowReader {
  readonly layout: Layout;
  /** What encrypted cells are opened with. */
  readonly key: CellKey | null;
  /** Looks around a row, for checkpoints of older versions. */
  readonly around: AroundOf;
  checkpoint(thread: string, namespace: string, id: string): CheckpointRow | null;
  writes(thread: string, namespace: string, id: string): WriteRow[];
  /** Those to one channel at several points, by point, each in the same order. */
  writesTo(thread: string, namespace: string, ids: readonly string[], channel: string): Map<string, WriteRow[]>;
  /** A point's parent, its parent, and so on; a circle ends where it closes. */
  ancestors(thread: string, namespace: string, id: string): Generator<CheckpointRow, void, void>;
  metadata(thread: string, namespace: string, id: string): SqlValue;
  /** Ids of the children of a point, oldest first. */
  children(thread: string, namespace: string, id: string): string[];
  /** All namespaces of a thread. */
  namespaces(thread: string): string[];
  /** Newest id of a namespace by LangGraph's rule: the largest text. */
  head(thread: string, namespace: string): string | null;
}

const newestSql = `${checkpointSelect} WHERE thread_id = ? AND checkpoint_ns = ? ORDER BY checkpoint_id DESC LIMIT ${rowsAsked}`;
const childrenSql = `${checkpointSelect} WHERE thread_id = ? AND checkpoint_ns = ? AND parent_checkpoint_id = ? LIMIT ${rowsAsked}`;
/** One look-up in the primary key per namespace; DISTINCT would walk all checkpoints of the thread. */
const namespacesSql = `SELECT ns FROM (WITH RECURSIVE found(ns) AS (
    SELECT MIN(checkpoint_ns) FROM checkpoints WHERE thread_id = ?
    UNION ALL
    SELECT (SELECT MIN(checkpoint_ns) FROM checkpoints WHERE thread_id = ? AND checkpoint_ns > found.ns) FROM found WHERE found.ns IS NOT NULL
  ) SELECT ns FROM found WHERE ns IS NOT NULL)`;
/** In the order in which LangGraph.js takes what was sent (`ORDER BY idx`). */
const sendsSql = `SELECT task_id, '' AS task_path, idx, channel, type, value FROM writes ${pointWhere} AND channel = '__pregel_tasks' ORDER BY idx`;

/** Reads for looking around; plans read through `relyOnRows` with the same statements. */
export function rowReader(
  reader: SqliteReader,
  layout: Layout,
  token: () => string,
  key: CellKey | null = null,
): RowReader {
  const selectWrites = writesSelect(layout);
  const selectWritesTo = writesToSelect(layout);
  const kept = new KeptRows(token);
  let newest: { readonly of: string; readonly token: string; readonly rows: readonly CheckpointRow[] } | null = null;
  const around: AroundOf = (thread, namespace, id, parent) => ({
    newest() {
      const of = JSON.stringify([thread, namespace]);
      const now = token();
      if (newest?.of !== of || newest.token !== now) {
        const rows = reader.all(newestSql, [thread, namespace]).map((row) => checkpointOf(row, key));
        newest = { of, token: now, rows };
      }
      return newest.rows;
    },
    children: () => reader.all(childrenSql, [thread, namespace, id]).map((row) => checkpointOf(row, key)),
    parentSends: () =>
      parent === null ? [] : reader.all(sendsSql, [thread, namespace, parent]).map((row) => writeOf(row, key)),
  });
  return {
    layout,
    key,
    around,
    checkpoint(thread, namespace, id) {
      return kept.read(JSON.stringify([thread, namespace, id]), () => {
        const row = reader.get(`${checkpointSelect} ${pointWhere}`, [thread, namespace, id]);
        return row === null ? null : checkpointOf(row, key, around);
      });
    },
    writes(thread, namespace, id) {
      return reader.all(selectWrites, [thread, namespace, id]).map((row) => writeOf(row, key));
    },
    writesTo(thread, namespace, ids, channel) {
      const found = new Map<string, WriteRow[]>();
      for (const row of reader.all(selectWritesTo, [thread, namespace, JSON.stringify(ids), channel])) {
        const id = textOf(row['checkpoint_id']);
        const list = found.get(id);
        if (list === undefined) found.set(id, [writeOf(row, key)]);
        else list.push(writeOf(row, key));
      }
      return found;
    },
    *ancestors(thread, namespace, id) {
      const seen = new Set<string>();
      for (const row of reader.iterate(ancestorsSelect, [thread, namespace, id])) {
        const ancestor = checkpointOf(row, key, around);
        if (seen.has(ancestor.id)) return;
        seen.add(ancestor.id);
        if (ancestor.id !== id) yield ancestor;
      }
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
    namespaces(thread) {
      return reader.all(namespacesSql, [thread, thread]).map((row) => textOf(row['ns']));
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
