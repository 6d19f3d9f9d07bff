// Taking back what a SQLite bundle recorded, and finding out what became of one whose process died. Reads only: the inverse changes
// are applied like any others, with a bundle of their own, so that an undo can be undone.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type {
  ChangeSet,
  Recovery,
  Relied,
  SqliteChange,
  SqliteReader,
  SqlRow,
  SqlTable,
  SqlValue,
  StoredCell,
  UndoGuard,
} from '../backend.ts';
import { damaged, fromJsonValue, readBlob } from '../bundle.ts';
import { digestRows } from '../digest.ts';
import { KnownCells } from '../known-cells.ts';
import { exactCells, exactDigest, exactSql, rowidColumn, rowidName, tableNamed, whereOf } from './exact.ts';
import { quoted } from './reader.ts';
import { loadSqliteBundle, rowFromJson, type DoneRecord, type OldRecord, type SqliteBundle } from './records.ts';
import { checkRelied } from './relied.ts';

/** Throws `moved` with the difference if our rows are not as we left them or someone built on them. */
export function undoSqlite(
  reader: SqliteReader,
  bundlePath: string,
): { readonly changes: ChangeSet; readonly relied: readonly Relied[] } {
  const bundle = loadSqliteBundle(bundlePath);
  if (!bundle.written) {
    throw new ForkpointError('unable', 'This operation was never completed, so there is nothing to take back.');
  }
  // Guards first: "someone continued from the fork" says more than "a row differs".
  const known = new KnownCells();
  const relied: Relied[] = bundle.guards.map((guard) => ({
    kind: 'rows',
    describe: guard.describe,
    sql: guard.sql,
    params: guard.params.map(fromJsonValue),
    digest: guard.digest,
    seen: guard.seen,
    known,
  }));
  // A row that the operation itself put in the place of one that it removed goes away first.
  const filled = new Set(bundle.done.filter((done) => done.change === 'insert').map((done) => done.table));
  for (const done of bundle.done) {
    const old = filled.has(done.table) ? undefined : bundle.old.get(done.index);
    relied.push(...rowsRelied(reader, done, old, known));
  }
  checkRelied((sql, params) => reader.all(sql, params), relied);

  const guards: UndoGuard[] = bundle.guards.map((guard) => ({
    kind: 'rows',
    describe: guard.describe,
    sql: guard.sql,
    params: guard.params.map(fromJsonValue),
  }));
  const changes = bundle.done.toReversed().map((done) => {
    const table = tableNamed(reader, done.table);
    const old = filled.has(done.table) ? undefined : bundle.old.get(done.index);
    const place = table === null || old === undefined ? null : placeOf(table, old);
    const taken = table !== null && place !== null && isTakenByOther(reader, table, done, place);
    return inverse(bundle, done, table, taken);
  });
  return { changes: { backend: 'sqlite', changes, guards }, relied };
}

/** What must hold of the rows of one change before it is taken back. */
function rowsRelied(reader: SqliteReader, done: DoneRecord, old: OldRecord | undefined, known: KnownCells): Relied[] {
  const identity = rowFromJson(done.identity);
  if (done.digest !== null) {
    const { sql, params } = exactSql(done.table, done.columns, identity);
    const describe = `a row of \`${done.table}\` that the operation wrote`;
    return [{ kind: 'rows', describe, sql, params, digest: done.digest, seen: '1 row', known }];
  }
  const none = digestRows([]);
  const absent = (describe: string, where: { sql: string; params: SqlValue[] }): Relied => ({
    kind: 'rows',
    describe,
    sql: `SELECT 1 AS present FROM ${quoted(done.table)} WHERE ${where.sql}`,
    params: where.params,
    digest: none.digest,
    seen: none.seen,
  });
  const relied = [absent(`a row of \`${done.table}\` that the operation removed`, whereOf(identity))];
  const table = tableNamed(reader, done.table);
  const place = table === null || old === undefined ? null : placeOf(table, old);
  if (table !== null && place !== null && !isTakenByOther(reader, table, done, place)) {
    relied.push(absent(`the place in \`${done.table}\` of a row that the operation removed`, whereOf(place)));
  }
  return relied;
}

/** The rowid that a removed row had, as an identity; null in a table without one. */
function placeOf(table: SqlTable, old: OldRecord): SqlRow | null {
  const name = rowidName(table);
  return old.rowid === null || name === null ? null : { [name]: fromJsonValue(old.rowid) };
}

/**
 * SQLite gives the rowids of the last rows again once they are removed: another row may have this one's by now. A row that has a key
 * of its own can do with another rowid; only where the rowid is what names it must the place be free.
 */
function isTakenByOther(reader: SqliteReader, table: SqlTable, done: DoneRecord, place: SqlRow): boolean {
  const [name = ''] = Object.keys(place);
  if (rowidColumn(table) !== null || Object.hasOwn(rowFromJson(done.identity), name)) return false;
  const where = whereOf(place);
  return reader.get(`SELECT 1 AS taken FROM ${quoted(table.name)} WHERE ${where.sql}`, where.params) !== null;
}

/** `taken`: the row's own rowid is another's by now. */
function inverse(bundle: SqliteBundle, done: DoneRecord, table: SqlTable | null, taken: boolean): SqliteChange {
  const identity = rowFromJson(done.identity);
  const key = done.key;
  if (done.change === 'insert') return { kind: 'delete', table: done.table, identity, bytes: done.bytes, key };
  const old = bundle.old.get(done.index);
  if (old === undefined) throw damaged(bundle.path);
  const wanted = done.change === 'update' ? new Set(done.set) : null;
  const { row, cells, bytes } = oldValues(bundle.path, old, wanted);
  if (done.change === 'update') return { kind: 'update', table: done.table, identity, set: row, cells, bytes, key };
  const rowid = old.rowid === null ? null : fromJsonValue(old.rowid);
  const restored = { kind: 'insert', table: done.table, row, cells, bytes, key } as const;
  return typeof rowid === 'bigint' && !taken && (table === null || rowidColumn(table) === null)
    ? { ...restored, rowid }
    : restored;
}

/** The cells of an old row: small ones by value, text and blobs by where they lie in the bundle. */
function oldValues(
  path: string,
  old: OldRecord,
  wanted: ReadonlySet<string> | null,
): { row: SqlRow; cells: Record<string, StoredCell>; bytes: number } {
  const row: Record<string, SqlValue> = {};
  const cells: Record<string, StoredCell> = {};
  let bytes = 0;
  let next = 0;
  for (const { name, value, storage } of old.cells) {
    const span = value === null ? old.blobs[next++] : undefined;
    if (wanted !== null && !wanted.has(name)) continue;
    if (value !== null) {
      row[name] = fromJsonValue(value);
      bytes += value.storage === 'null' ? 0 : 8;
    } else if (span !== undefined && (storage === 'text' || storage === 'blob')) {
      cells[name] = { storage, bundle: path, start: span.start, length: span.length };
      bytes += span.length;
    } else {
      throw damaged(path);
    }
  }
  return { row, cells, bytes };
}

// ── Recovery ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type RowState = 'new' | 'old' | 'other';

/** For every change, whether its row is as the change left it or as it was before. `old` gives the old rows where they are known. */
export function rowStates(
  reader: SqliteReader,
  done: readonly DoneRecord[],
  old: ReadonlyMap<number, OldRecord>,
  bundlePath = '',
  known = new KnownCells(),
): RowState[] {
  return done.map((one) => {
    const exact = exactSql(one.table, one.columns, rowFromJson(one.identity));
    const [row] = reader.all(exact.sql, exact.params);
    if (one.digest === null) return row === undefined ? 'new' : oldState(reader, one, old, bundlePath);
    if (row !== undefined && exactDigest(row, known) === one.digest) return 'new';
    if (one.change === 'insert') return row === undefined ? 'old' : 'other';
    return oldState(reader, one, old, bundlePath);
  });
}

function oldState(
  reader: SqliteReader,
  done: DoneRecord,
  old: ReadonlyMap<number, OldRecord>,
  bundlePath: string,
): RowState {
  const kept = old.get(done.index);
  if (kept === undefined) return 'other';
  const exact = exactSql(done.table, done.columns, rowFromJson(done.before ?? done.identity));
  const [row] = reader.all(exact.sql, exact.params);
  if (row === undefined) return 'other';
  const cells = exactCells(done.columns, row);
  const { row: values, cells: large } = oldValues(bundlePath, kept, null);
  const alike = cells.every(({ name, storage, value }) => {
    const stored = large[name];
    if (stored === undefined) return values[name] === value;
    if (!(value instanceof Uint8Array) || value.length !== stored.length || storage !== stored.storage) return false;
    return Buffer.from(readBlob(stored.bundle, stored)).equals(value);
  });
  return alike ? 'old' : 'other';
}

export function stateOfAll(states: readonly RowState[]): RowState {
  if (states.every((state) => state === 'new')) return 'new';
  return states.every((state) => state === 'old') ? 'old' : 'other';
}

/** Reads only. A bundle that was never completed belongs to a transaction that was never committed. */
export function recoverSqlite(reader: SqliteReader, bundlePath: string): Recovery {
  const bundle = loadSqliteBundle(bundlePath);
  if (!bundle.written) return 'not-applied';
  switch (stateOfAll(rowStates(reader, bundle.done, bundle.old, bundlePath))) {
    case 'new':
      return 'applied';
    case 'old':
      return 'not-applied';
    case 'other':
      return 'unclear';
  }
}
