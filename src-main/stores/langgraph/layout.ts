// Which LangGraph layout a SQLite file has, told from its schema and the beginnings of its rows.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { openCell, unreadableType, bytesOf, textOf } from './cells.ts';
import { bodyOf } from './cells.ts';
import type { WriterDialect } from './ids.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Detection } from '../store.ts';
import type { SqliteReader, SqlTable } from '../backend.ts';

const checkpointColumns = [
  'thread_id',
  'checkpoint_ns',
  'checkpoint_id',
  'parent_checkpoint_id',
  'type',
  'checkpoint',
  'metadata',
] as const;
const writeColumns = [
  'thread_id',
  'checkpoint_ns',
  'checkpoint_id',
  'task_id',
  'idx',
  'channel',
  'type',
  'value',
] as const;

export interface Layout {
  readonly checkpoints: SqlTable;
  readonly writes: SqlTable;
  /** `writes.task_path`, since checkpoint-sqlite 3.1.2; an older file gets it as its last column. */
  readonly taskPath: boolean;
}

const tableNamed = (tables: readonly SqlTable[], name: string): SqlTable | undefined =>
  tables.find((t) => t.name.toLowerCase() === name);

function missing(table: SqlTable, wanted: readonly string[]): string[] {
  const have = new Set(table.columns.map((c) => c.name));
  return wanted.filter((c) => !have.has(c));
}

/** The two tables of the current layout, or null. */
export function layoutOf(tables: readonly SqlTable[]): Layout | null {
  const checkpoints = tableNamed(tables, 'checkpoints');
  const writes = tableNamed(tables, 'writes');
  if (checkpoints === undefined || writes === undefined) return null;
  if (missing(checkpoints, checkpointColumns).length > 0 || missing(writes, writeColumns).length > 0) return null;
  if (checkpoints.withoutRowid || writes.withoutRowid) return null;
  return { checkpoints, writes, taskPath: writes.columns.some((c) => c.name === 'task_path') };
}

/**
 * The format version `v` of a checkpoint cell, null where there is none to read. Every writer puts `v` first, so that
 * the first bytes of the cell are enough and a blob of any size is not read.
 */
export function versionInHead(type: string, head: Uint8Array): number | null {
  if (type === 'msgpack') {
    // A map header, then `A1 76` ("v") and a small integer.
    const first = head[0] ?? 0;
    const at = first === 0xde ? 3 : first === 0xdf ? 5 : (first & 0xf0) === 0x80 ? 1 : -1;
    if (at < 0 || head[at] !== 0xa1 || head[at + 1] !== 0x76) return null;
    const v = head[at + 2] ?? 0xff;
    return v < 0x80 ? v : null;
  }
  if (type === 'json') {
    const match = /^\s*\{\s*"v"\s*:\s*(\d+)/.exec(new TextDecoder().decode(head));
    return match?.[1] === undefined ? null : Number(match[1]);
  }
  return null;
}

/** Bytes of a cell that are read to tell its version. */
export const headBytes = 64;

/** `python` or `js` for a row that we read; null for any other type. */
export function dialectOfType(type: string): WriterDialect | null {
  return type === 'msgpack' ? 'python' : type === 'json' ? 'js' : null;
}

const headSelect = `SELECT type, substr(checkpoint, 1, ${headBytes}) AS head FROM checkpoints`;

interface Newest {
  readonly dialect: WriterDialect | null;
  readonly rows: boolean;
  readonly seen: string | null;
}

/** Eras seen at the newest row that holds version 4; empty when no row does. */
function newestCurrent(reader: SqliteReader): Newest {
  try {
    return firstCurrent(reader, 'DESC');
  } catch (error) {
    // Damaged pages among the newest rows must not keep the others from being seen.
    if (!(error instanceof ForkpointError) || error.code !== 'corrupt') throw error;
    return firstCurrent(reader, 'ASC');
  }
}

function firstCurrent(reader: SqliteReader, order: 'ASC' | 'DESC'): Newest {
  let rows = false;
  let seen: string | null = null;
  for (const row of reader.iterate(`${headSelect} ORDER BY rowid ${order}`)) {
    rows = true;
    const type = textOf(row['type'] ?? null);
    const version = versionInHead(type, bytesOf(row['head']));
    if (version !== null && version >= 4) {
      const dialect = dialectOfType(type);
      if (dialect !== null) return { dialect, rows, seen };
    }
    seen ??=
      unreadableType(type) === null
        ? version === null
          ? `its newest checkpoint has no format version that can be read`
          : `its checkpoints are of version ${version}, written by ${type === 'json' ? 'LangGraph.js before 0.4 or Python of 2024' : 'LangGraph before 0.5'}`
        : `its newest checkpoint cannot be read: ${unreadableType(type)}`;
  }
  return { dialect: null, rows, seen };
}

/** What detection found, for the opening that follows: SQLite reads a row of 100 MB whole to give its first bytes. */
const detected = new WeakMap<SqliteReader, WriterDialect>();

/** The dialect of the newest current row when the store was recognized, null for a store without rows. */
export function storeDialect(reader: SqliteReader): WriterDialect | null {
  return detected.get(reader) ?? newestCurrent(reader).dialect;
}

export function detectLayout(reader: SqliteReader): Detection {
  const tables = reader.tables();
  const checkpoints = tableNamed(tables, 'checkpoints');
  if (checkpoints === undefined) return { verdict: 'no', reason: 'it has no table `checkpoints`' };
  const names = new Set(checkpoints.columns.map((c) => c.name));
  if (!names.has('thread_id') || !names.has('checkpoint')) {
    return { verdict: 'no', reason: 'its table `checkpoints` is not one of LangGraph' };
  }
  if (names.has('thread_ts') || names.has('parent_id') || checkpoints.columns.length === 2) {
    return {
      verdict: 'refused',
      reason:
        'This is a LangGraph store of the layout before August 2024 (`thread_ts`), which Forkpoint does not read. Nothing was changed. Current LangGraph does not read it either.',
    };
  }
  if (!names.has('checkpoint_id')) {
    return {
      verdict: 'refused',
      reason:
        'This is a shallow LangGraph store: it keeps only the newest checkpoint of a thread, so there is no history to show or to fork. Nothing was changed.',
    };
  }
  const layout = layoutOf(tables);
  if (layout === null) {
    return { verdict: 'no', reason: 'its tables `checkpoints` and `writes` are not those of LangGraph' };
  }
  const { dialect, rows, seen } = newestCurrent(reader);
  if (!rows) return { verdict: 'yes', eras: [] };
  if (dialect === null) {
    return {
      verdict: 'refused',
      reason: `This LangGraph store holds no checkpoint that Forkpoint can read: ${seen ?? 'no version was found'}. Nothing was changed. Forkpoint reads checkpoints of version 4, unencrypted.`,
    };
  }
  detected.set(reader, dialect);
  return { verdict: 'yes', eras: [`${dialect}-v4`] };
}

/** The map of a checkpoint cell, checked once; or what a damaged or foreign cell is, as a sentence. */
export function openBody(
  type: string,
  cell: Uint8Array,
): { readonly root: Cursor | null; readonly problem: string | null } {
  const cannot = (problem: string) => ({ root: null, problem });
  const unreadable = unreadableType(type);
  if (unreadable !== null) return cannot(`This checkpoint cannot be shown: ${unreadable}.`);
  if (cell.length === 0) return cannot('This checkpoint is damaged: its cell is empty.');
  try {
    const body = bodyOf(openCell(type, cell));
    if (body.kind === 'string') {
      return cannot(
        'This checkpoint is damaged: LangGraph.js could not serialize the state (a bigint or a circular reference in it) and stored a message in its place.',
      );
    }
    if (body.kind !== 'map')
      return cannot(
        `This checkpoint is damaged: its cell holds no map but ${/^[aeio]/.test(body.kind) ? 'an' : 'a'} ${body.kind}.`,
      );
    return { root: body, problem: null };
  } catch {
    return cannot(`This checkpoint is damaged: its bytes are not valid ${type}.`);
  }
}
