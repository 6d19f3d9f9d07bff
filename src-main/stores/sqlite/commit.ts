// Writes to a SQLite store: one transaction on a connection that lives only for it.
//
// BEGIN IMMEDIATE · what the plan relied on · undo bundle with every old row, fsync · rows · identities and digests of the new rows
// and the guards into the bundle, fsync · COMMIT · read back. A process that dies anywhere leaves the old store or the new one, and
// the bundle tells which. Plain INSERT only: REPLACE would delete rows that the plan has not shown.

import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type {
  Applied,
  ChangeSet,
  CommitHooks,
  CommitStage,
  Recovery,
  Relied,
  SqliteChange,
  SqliteReader,
  SqlRow,
  SqlTable,
  SqlValue,
  UndoGuard,
} from '../backend.ts';
import { blobOf, BundleWriter, toJsonValue } from '../bundle.ts';
import { digestRows } from '../digest.ts';
import { KnownCells } from '../known-cells.ts';
import { sqliteError } from './errors.ts';
import {
  cellBytes,
  exactCells,
  exactDigest,
  exactSql,
  identityOf,
  rowidColumn,
  rowidName,
  whereOf,
  type ExactCell,
} from './exact.ts';
import { quoted, tablesFrom } from './reader.ts';
import { loadSqliteBundle, rowToJson, type DoneRecord, type SqliteRecord } from './records.ts';
import { checkRelied } from './relied.ts';
import { whileOpen } from './source.ts';
import { bound, keyOf, overlap, same, type Bound } from './values.ts';
import { recoverSqlite, rowStates, stateOfAll } from './undo.ts';

const nothing = 'Nothing was written.';

/** A change that was made, with what is needed to find its row again. */
interface Made {
  readonly index: number;
  readonly change: SqliteChange;
  readonly table: SqlTable;
  readonly rowid: bigint | null;
}

/** A store that is written to. */
export interface Written {
  readonly path: string;
  readonly reader: SqliteReader;
  /** Milliseconds to wait for another writer. */
  readonly lockTimeout: number;
}

export function commitSqlite(
  { path, reader, lockTimeout }: Written,
  changes: ChangeSet,
  relied: readonly Relied[],
  bundlePath: string,
  hooks: CommitHooks,
): Applied {
  if (changes.backend !== 'sqlite') {
    throw new ForkpointError('internal', `A plan for a folder cannot be applied to a SQLite file. ${nothing}`);
  }
  const at = hooks.at ?? ((): void => {});
  const known = relied.find((one) => one.kind === 'rows')?.known ?? new KnownCells();
  const outcome = whileOpen(path, () => {
    const database = openWriting(path, lockTimeout);
    try {
      return new Commit(path, database, at, known).run(changes.changes, changes.guards, relied, bundlePath);
    } catch (thrown) {
      if (!(thrown instanceof CommitFailed)) throw thrown;
      return thrown;
    } finally {
      database.close();
    }
  });
  const done = outcome instanceof CommitFailed ? afterFailure(outcome, reader, bundlePath) : outcome;
  verify(reader, done, known, bundlePath);
  at('verified');
  const count = (kind: DoneRecord['change']): number => done.filter((one) => one.change === kind).length;
  return { inserted: count('insert'), updated: count('update'), deleted: count('delete') };
}

/** COMMIT itself failed, and SQLite had ended the transaction by then: only a look at the store tells how. */
class CommitFailed extends Error {
  readonly error: ForkpointError;

  constructor(error: ForkpointError) {
    super(error.message);
    this.error = error;
  }
}

function afterFailure(failed: CommitFailed, reader: SqliteReader, bundlePath: string): readonly DoneRecord[] {
  let became: Recovery;
  try {
    became = recoverSqlite(reader, bundlePath);
  } catch (thrown) {
    throw uncertain(thrown, bundlePath);
  }
  if (became === 'unclear') throw uncertain(failed.error, bundlePath);
  if (became === 'applied') return loadSqliteBundle(bundlePath).done;
  rmSync(bundlePath, { force: true });
  throw failed.error;
}

function openWriting(path: string, lockTimeout: number): Database.Database {
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { fileMustExist: true, timeout: lockTimeout });
    database.defaultSafeIntegers(true);
    // Foreign keys as SQLite itself and Python have them: off. An app's table beside ours that names a missing one would else
    // forbid what the framework may do, and a cascade would delete rows that the plan has not shown.
    for (const pragma of ['trusted_schema=OFF', 'cell_size_check=ON', 'foreign_keys=OFF', 'synchronous=EXTRA']) {
      database.pragma(pragma);
    }
    return database;
  } catch (thrown) {
    database?.close();
    throw sqliteError(thrown, path, nothing);
  }
}

/** One transaction, from its lock to its commit. */
class Commit {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #at: (stage: CommitStage) => void;
  readonly #known: KnownCells;
  #tables: readonly SqlTable[] = [];
  #encoding = 'UTF-8';

  constructor(path: string, database: Database.Database, at: (stage: CommitStage) => void, known: KnownCells) {
    this.#path = path;
    this.#database = database;
    this.#at = at;
    this.#known = known;
  }

  run(
    changes: readonly SqliteChange[],
    guards: readonly UndoGuard[],
    relied: readonly Relied[],
    bundlePath: string,
  ): DoneRecord[] {
    let bundle: BundleWriter | null = null;
    let stage: 'before' | 'committing' | 'committed' = 'before';
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      checkRelied((sql, params) => this.#iterate(sql, params), relied);
      this.#tables = tablesFrom((sql, params) => this.#query(sql, params));
      this.#encoding = String(this.#database.pragma('encoding', { simple: true }));
      this.#refuseCascades(changes);
      this.#at('checked');

      bundle = BundleWriter.create(bundlePath);
      add(bundle, { kind: 'head', version: 1, backend: 'sqlite' });
      const before = this.#keepOldRows(bundle, changes);
      add(bundle, { kind: 'prepared' });
      bundle.sync();
      this.#at('bundled');

      const made = changes.map((change, index) => {
        const one = this.#write(change, index);
        if (index === 0) this.#at('writing');
        return one;
      });
      refuseReusedRowids(made);
      const done = made.map((one) => this.#done(one, before.get(one.index) ?? 0));
      for (const record of done) add(bundle, record);
      for (const guard of guards) add(bundle, this.#guard(guard));
      add(bundle, { kind: 'written' });
      bundle.sync();

      stage = 'committing';
      this.#database.exec('COMMIT');
      stage = 'committed';
      bundle.close();
      this.#at('written');
      return done;
    } catch (thrown) {
      if (stage === 'committed') throw uncertain(thrown, bundlePath);
      const settled = this.#rollBack();
      const error = sqliteError(thrown, this.#path, nothing);
      if (stage === 'committing' && !settled) {
        bundle?.close();
        throw new CommitFailed(error);
      }
      bundle?.discard();
      throw error;
    }
  }

  /** True if it is certain that nothing was committed. */
  #rollBack(): boolean {
    if (!this.#database.inTransaction) return false;
    try {
      this.#database.exec('ROLLBACK');
      return true;
    } catch {
      // Closing the connection takes the transaction back; whether the commit came before is what recovery finds out.
      return false;
    }
  }

  #query(sql: string, params: readonly SqlValue[]): SqlRow[] {
    return this.#database.prepare<SqlValue[], SqlRow>(sql).all(...params);
  }

  #iterate(sql: string, params: readonly SqlValue[]): IterableIterator<SqlRow> {
    return this.#database.prepare<SqlValue[], SqlRow>(sql).iterate(...params);
  }

  #table(name: string): SqlTable {
    const table = this.#tables.find((one) => one.name === name);
    if (table === undefined) {
      throw new ForkpointError('moved', `The table \`${name}\` is not in the store any more. ${nothing}`);
    }
    if (/^\s*create\s+virtual/i.test(table.sql)) {
      throw new ForkpointError('unable', `\`${name}\` is a virtual table, which undo could not restore. ${nothing}`);
    }
    return table;
  }

  /** A row that SQLite would change on its own because it refers to one of ours would not be in the undo bundle. */
  #refuseCascades(changes: readonly SqliteChange[]): void {
    const touched = new Set(
      changes.filter((one) => one.kind === 'delete' || one.kind === 'update').map((c) => c.table),
    );
    if (touched.size === 0) return;
    for (const table of this.#tables) {
      const keys = this.#query('SELECT "table" AS parent, on_delete, on_update FROM pragma_foreign_key_list(?)', [
        table.name,
      ]);
      for (const key of keys) {
        const acts = [key['on_delete'], key['on_update']].some((act) => /CASCADE|SET/.test(String(act)));
        if (!acts || !touched.has(String(key['parent']))) continue;
        throw new ForkpointError(
          'unable',
          `Rows of \`${table.name}\` refer to rows of \`${String(key['parent'])}\` and would be changed along with them, which undo could not restore. ${nothing}`,
          'Make this change with the program that owns that table.',
        );
      }
    }
  }

  #one(table: SqlTable, columns: readonly string[], identity: SqlRow): SqlRow {
    const exact = exactSql(table.name, columns, identity);
    const rows = this.#query(`${exact.sql} LIMIT 2`, exact.params);
    const [row] = rows;
    if (row === undefined || rows.length > 1) {
      const how = row === undefined ? 'is not there any more' : 'cannot be told from another';
      throw new ForkpointError('moved', `A row of \`${table.name}\` that the plan changes ${how}. ${nothing}`);
    }
    return row;
  }

  /** Every row that will be updated or deleted, whole. Returns the size of each. */
  #keepOldRows(bundle: BundleWriter, changes: readonly SqliteChange[]): Map<number, number> {
    const sizes = new Map<number, number>();
    for (const [index, change] of changes.entries()) {
      if (change.kind !== 'update' && change.kind !== 'delete') continue;
      const table = this.#table(change.table);
      const columns = table.columns.map((column) => column.name);
      const cells = exactCells(columns, this.#one(table, columns, change.identity));
      sizes.set(index, cellBytes(cells));
      const large = cells.flatMap((cell) => (cell.value instanceof Uint8Array ? [blobOf(cell.value)] : []));
      const record: SqliteRecord = {
        kind: 'old',
        index,
        rowid: toJsonOrNull(this.#rowid(table, change.identity)),
        cells: cells.map(({ name, storage, value }) => ({
          name,
          storage,
          value: value instanceof Uint8Array ? null : toJsonValue(value),
        })),
      };
      bundle.add(record, large);
    }
    return sizes;
  }

  #rowid(table: SqlTable, identity: SqlRow): bigint | null {
    const name = rowidName(table);
    if (name === null) return null;
    const where = whereOf(identity);
    const [row] = this.#query(`SELECT ${name} AS id FROM ${quoted(table.name)} WHERE ${where.sql}`, where.params);
    return typeof row?.['id'] === 'bigint' ? row['id'] : null;
  }

  #write(change: SqliteChange, index: number): Made {
    const table = this.#table(change.table);
    const name = quoted(table.name);
    switch (change.kind) {
      case 'insert': {
        const values = bound({ ...change.row }, change.cells);
        const rowid = rowidName(table);
        if (change.rowid !== undefined && rowid !== null && rowidColumn(table) === null) {
          values.push({ name: rowid, sql: '?', value: change.rowid });
        }
        const into = values.map((one) => quoted(one.name)).join(', ');
        const sql =
          values.length === 0
            ? `INSERT INTO ${name} DEFAULT VALUES`
            : `INSERT INTO ${name} (${into}) VALUES (${values.map((one) => one.sql).join(', ')})`;
        return { index, change, table, rowid: this.#run(table, sql, values) };
      }
      case 'copy': {
        this.#one(table, [], change.identity);
        const set = new Map(bound(change.set).map((one) => [one.name, one]));
        const columns = [...new Set([...change.columns, ...set.keys()])];
        const where = whereOf(change.identity);
        const select = columns.map((column) => (set.has(column) ? '?' : quoted(column)));
        const values = columns.flatMap((column) => set.get(column) ?? []);
        const sql = `INSERT INTO ${name} (${columns.map(quoted).join(', ')}) SELECT ${select.join(', ')} FROM ${name} WHERE ${where.sql}`;
        return { index, change, table, rowid: this.#run(table, sql, values, where.params) };
      }
      case 'update': {
        const rowid = this.#rowid(table, change.identity);
        const values = bound(change.set, change.cells);
        const where = whereOf(change.identity);
        const sets = values.map((one) => `${quoted(one.name)} = ${one.sql}`).join(', ');
        this.#run(table, `UPDATE ${name} SET ${sets} WHERE ${where.sql}`, values, where.params);
        // An update of the column that is the rowid gives the row another one.
        const own = rowidColumn(table);
        const moved = own === null ? undefined : change.set[own];
        return { index, change, table, rowid: typeof moved === 'bigint' ? moved : rowid };
      }
      case 'delete': {
        const rowid = this.#rowid(table, change.identity);
        const where = whereOf(change.identity);
        this.#run(table, `DELETE FROM ${name} WHERE ${where.sql}`, [], where.params);
        return { index, change, table, rowid };
      }
    }
  }

  /** Runs a statement that must touch exactly one row; returns the rowid of an inserted one. */
  #run(table: SqlTable, sql: string, values: readonly Bound[], more: readonly SqlValue[] = []): bigint | null {
    const result = this.#database.prepare<SqlValue[]>(sql).run(...values.map((one) => one.value), ...more);
    if (result.changes !== 1) {
      throw new ForkpointError(
        'unable',
        `The database itself left out a change to \`${table.name}\` (a trigger ignores it). ${nothing}`,
        'Look for a trigger that was added to the checkpoint tables.',
      );
    }
    return table.withoutRowid ? null : BigInt(result.lastInsertRowid);
  }

  /** Looks at what was written, as it stands at the end of the transaction. */
  #done({ index, change, table, rowid }: Made, oldBytes: number): DoneRecord {
    const columns = table.columns.map((column) => column.name);
    const common = { kind: 'done', index, table: table.name, key: change.key ?? null, columns } as const;
    if (change.kind === 'delete') {
      const where = whereOf(change.identity);
      if (this.#query(`SELECT 1 FROM ${quoted(table.name)} WHERE ${where.sql} LIMIT 1`, where.params).length > 0) {
        // Replaced by the plan itself or by a trigger: what came of it could not be told after a crash.
        throw new ForkpointError('unable', `A row of \`${table.name}\` was there again after its removal. ${nothing}`);
      }
      const identity = rowToJson(change.identity);
      return { ...common, change: 'delete', set: [], identity, before: null, digest: null, bytes: oldBytes };
    }
    const given: SqlRow = change.kind === 'insert' ? change.row : change.set;
    const known =
      change.kind === 'update'
        ? { ...change.identity, ...overlap(change.identity, given) }
        : keyOf(table, change, this.#encoding);
    const identity = identityOf((sql, params) => this.#query(sql, params), table, rowid, known);
    if (identity === null) {
      throw new ForkpointError(
        'unable',
        `A row of \`${table.name}\` could not be found again after writing. ${nothing}`,
      );
    }
    const row = this.#one(table, columns, identity);
    const cells = exactCells(columns, row);
    this.#compare(table, cells, given);
    return {
      ...common,
      change: change.kind === 'update' ? 'update' : 'insert',
      set: change.kind === 'update' ? [...Object.keys(change.set), ...Object.keys(change.cells ?? {})] : [],
      identity: rowToJson(identity),
      before: change.kind === 'update' ? rowToJson(change.identity) : null,
      digest: exactDigest(row, this.#known),
      bytes: cellBytes(cells),
    };
  }

  /** Column affinity or a trigger may have made something else of a value. */
  #compare(table: SqlTable, cells: readonly ExactCell[], given: SqlRow): void {
    for (const cell of cells) {
      const value = Object.hasOwn(given, cell.name) ? given[cell.name] : undefined;
      if (value === undefined || same(cell, value, this.#encoding)) continue;
      // A null for the column that is the rowid asks SQLite for the next one.
      if (value === null && rowidColumn(table) === cell.name) continue;
      throw new ForkpointError(
        'unable',
        `The database itself stored something else in \`${table.name}.${cell.name}\` than was written (its column type or a trigger changed it). ${nothing}`,
        'Look for a trigger or a column type that differs from what the framework makes.',
      );
    }
  }

  #guard(guard: UndoGuard): SqliteRecord {
    if (guard.kind !== 'rows') {
      throw new ForkpointError('internal', `A plan for a SQLite store guards a file. ${nothing}`);
    }
    const { digest, seen } = digestRows(this.#iterate(guard.sql, guard.params));
    const params = guard.params.map(toJsonValue);
    return { kind: 'guard', describe: guard.describe, sql: guard.sql, params, digest, seen };
  }
}

/**
 * A row that took the rowid of one removed by the same plan, in a table where the rowid is all that names a row: the two could not be
 * told apart when taking them back.
 */
function refuseReusedRowids(made: readonly Made[]): void {
  const removed = new Set(made.filter((one) => one.change.kind === 'delete').map(placeOf));
  for (const one of made) {
    const keyed = one.table.columns.some((column) => column.pk > 0 && column.name !== rowidColumn(one.table));
    if (keyed || one.rowid === null || one.change.kind === 'delete' || !removed.has(placeOf(one))) continue;
    throw new ForkpointError(
      'unable',
      `\`${one.table.name}\` has no key of its own, so rows cannot be removed from it and added to it in one step. ${nothing}`,
      'Do the two one after the other.',
    );
  }
}

function placeOf({ table, rowid }: Made): string {
  return `${table.name}\0${rowid}`;
}

/** Reads back what is in the store now. Whatever fails here, the change *is* committed: only `internal` says so to the caller. */
function verify(reader: SqliteReader, done: readonly DoneRecord[], known: KnownCells, bundlePath: string): void {
  let state: 'new' | 'old' | 'other';
  try {
    state = stateOfAll(rowStates(reader, done, new Map(), '', known));
  } catch (thrown) {
    throw uncertain(thrown, bundlePath);
  }
  if (done.length === 0 || state === 'new') return;
  throw uncertain(new Error('the rows read back differ from those written'), bundlePath);
}

function uncertain(thrown: unknown, bundlePath: string): ForkpointError {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new ForkpointError(
    'internal',
    `It could not be confirmed that the change was stored: ${text}. What takes it back is kept.`,
    `Open the store again: what became of the change is found out then. The undo data is \`${bundlePath}\`.`,
    { cause: thrown },
  );
}

function add(bundle: BundleWriter, record: SqliteRecord): void {
  bundle.add(record);
}

function toJsonOrNull(rowid: bigint | null): ReturnType<typeof toJsonValue> | null {
  return rowid === null ? null : toJsonValue(rowid);
}
