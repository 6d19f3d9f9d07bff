// Which LangGraph layout a SQLite file has, told from its schema and the beginnings of its rows.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { bodyOf, bytesOf, cipherOf, innerType, openCell, textOf, unreadableType } from './cells.ts';
import type { WriterDialect } from './ids.ts';
import { olderLayoutOf, shallowReason } from './older-layout.ts';
import type { OlderLayout } from './older-layout.ts';
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
  /** Set for tables from before August 2024, which are read as if they were the current ones; nothing is written to them. */
  readonly older: OlderLayout | null;
}

const tableNamed = (tables: readonly SqlTable[], name: string): SqlTable | undefined =>
  tables.find((t) => t.name.toLowerCase() === name);

function missing(table: SqlTable, wanted: readonly string[]): string[] {
  const have = new Set(table.columns.map((c) => c.name));
  return wanted.filter((c) => !have.has(c));
}

/** The two tables of the current layout, or of one before it; null for any others. */
export function layoutOf(tables: readonly SqlTable[]): Layout | null {
  const checkpoints = tableNamed(tables, 'checkpoints');
  const writes = tableNamed(tables, 'writes');
  if (checkpoints === undefined || checkpoints.withoutRowid || writes?.withoutRowid === true) return null;
  const older = olderLayoutOf(checkpoints, writes ?? null);
  if (older !== null) return { ...older.seenAs, taskPath: false, older };
  if (writes === undefined) return null;
  if (missing(checkpoints, checkpointColumns).length > 0 || missing(writes, writeColumns).length > 0) return null;
  return { checkpoints, writes, taskPath: writes.columns.some((c) => c.name === 'task_path'), older: null };
}

/** A small integer behind the key `v` at the beginning of a pickled dict, in protocols 2 and 4. */
// oxlint-disable-next-line no-control-regex -- opcodes of a pickle, read as latin1
const pickledVersion = /(?:X\x01\0\0\0|\x8c\x01)v(?:q.|\x94)K([\s\S])/;

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
  if (type === 'pickle') {
    const v = pickledVersion.exec(Buffer.from(head).toString('latin1'))?.[1];
    return v === undefined ? null : v.charCodeAt(0);
  }
  return null;
}

/** Bytes of a cell that are read to tell its version. */
export const headBytes = 64;

/** `json.dumps` puts a space behind the colon of a key, `JSON.stringify` none. */
const spaced = /^\s*\{\s*"[^"\\]*":\s/;

/**
 * Which library wrote a checkpoint cell; null where neither its type nor its first bytes tell. Python wrote `json` for some
 * weeks of 2024 and `msgpack` since, and is the only one that pickles or encrypts.
 */
export function dialectOfCell(type: string, head: Uint8Array): WriterDialect | null {
  const inner = innerType(type);
  if (inner === 'msgpack' || inner === 'pickle' || cipherOf(type) !== null) return 'python';
  if (inner !== 'json') return null;
  const text = new TextDecoder().decode(head.subarray(0, headBytes));
  return /^\s*\{/.test(text) ? (spaced.test(text) ? 'python' : 'js') : null;
}

interface Era {
  readonly dialect: WriterDialect;
  readonly name: string;
}

/** All eras that a store can be of, the newest first. */
export const eras: readonly string[] = [
  'python-v4',
  'python-v3',
  'python-v2',
  'python-v1',
  'python-json',
  'python-encrypted',
  'js-v4',
  'js-v1',
  'before-2024-08',
];

function eraOf(type: string, head: Uint8Array): Era | null {
  const dialect = dialectOfCell(type, head);
  if (dialect === null) return null;
  if (cipherOf(type) !== null) return { dialect, name: 'python-encrypted' };
  if (dialect === 'python' && type === 'json') return { dialect, name: 'python-json' };
  const version = versionInHead(type, head);
  return version === null ? null : { dialect, name: `${dialect}-v${version}` };
}

const headSelect = `SELECT type, substr(checkpoint, 1, ${headBytes}) AS head FROM checkpoints`;
/** Rows looked at, from either end, for one that tells what wrote it: damaged ones do not. */
const rowsLookedAt = 64;
/** SQLite reads a cell whole to give its beginning; of the oldest row that is not worth a large one. */
const oldestUpTo = 1 << 20;

function firstEra(reader: SqliteReader, sql: string): Era | null {
  for (const row of reader.iterate(sql)) {
    const era = eraOf(textOf(row['type'] ?? null), bytesOf(row['head']));
    if (era !== null) return era;
  }
  return null;
}

const oldestSql = `${headSelect} WHERE length(checkpoint) < ${oldestUpTo} ORDER BY rowid ASC LIMIT ${rowsLookedAt}`;

/** Eras at the newest and at the oldest row, the newest first. */
function erasAtEnds(reader: SqliteReader): Era[] {
  let newest: Era | null = null;
  try {
    newest = firstEra(reader, `${headSelect} ORDER BY rowid DESC LIMIT ${rowsLookedAt}`);
  } catch (error) {
    // Damaged pages among the newest rows must not keep the others from being seen.
    if (!(error instanceof ForkpointError) || error.code !== 'corrupt') throw error;
    newest = firstEra(reader, `${headSelect} ORDER BY rowid ASC LIMIT ${rowsLookedAt}`);
  }
  let oldest: Era | null = null;
  try {
    oldest = firstEra(reader, oldestSql);
  } catch (error) {
    if (!(error instanceof ForkpointError) || error.code !== 'corrupt') throw error;
  }
  const found = [newest, oldest].filter((era) => era !== null);
  return found.filter((era, i) => found.findIndex((e) => e.name === era.name) === i);
}

/** What detection found, for the opening that follows: SQLite reads a row of 100 MB whole to give its first bytes. */
const detected = new WeakMap<SqliteReader, readonly Era[]>();

function erasSeen(reader: SqliteReader): readonly Era[] {
  return detected.get(reader) ?? erasAtEnds(reader);
}

/** The dialect of the newest row that tells it, as found when the store was recognized; null for a store without such rows. */
export function storeDialect(reader: SqliteReader): WriterDialect | null {
  return erasSeen(reader)[0]?.dialect ?? null;
}

/** Names of the eras that were found when the store was recognized. */
export function storeEras(reader: SqliteReader): readonly string[] {
  return erasSeen(reader).map((era) => era.name);
}

export function detectLayout(reader: SqliteReader): Detection {
  const tables = reader.tables();
  const checkpoints = tableNamed(tables, 'checkpoints');
  if (checkpoints === undefined) return { verdict: 'no', reason: 'it has no table `checkpoints`' };
  const names = new Set(checkpoints.columns.map((c) => c.name));
  if (!names.has('thread_id') || !names.has('checkpoint')) {
    return { verdict: 'no', reason: 'its table `checkpoints` is not one of LangGraph' };
  }
  const layout = layoutOf(tables);
  if (layout?.older) return { verdict: 'yes', eras: ['before-2024-08'] };
  const shallow = shallowReason(names);
  if (shallow !== null) return { verdict: 'refused', reason: shallow };
  if (layout === null) {
    return { verdict: 'no', reason: 'its tables `checkpoints` and `writes` are not those of LangGraph' };
  }
  const found = erasAtEnds(reader);
  detected.set(reader, found);
  return { verdict: 'yes', eras: found.map((era) => era.name) };
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
    if (body.kind === 'opaque') {
      return cannot('This checkpoint cannot be shown: it is a Python pickle that holds more than plain data.');
    }
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
