// The SQLite backend: one database file, read through short statements, watched by its stamps, changed by `commit.ts` only.

import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type {
  Applied,
  Backend,
  ChangeSet,
  CommitHooks,
  Recovery,
  Relied,
  RelyingReader,
  SqliteReader,
  SqlRow,
  SqlValue,
} from '../backend.ts';
import { systemError } from '../durable.ts';
import { digestRows } from '../digest.ts';
import { KnownCells } from '../known-cells.ts';
import { watchPlace, type PlaceEvent } from '../watch.ts';
import { commitSqlite } from './commit.ts';
import { SourceReader } from './reader.ts';
import { ConnectionSource, mayWrite, statOf, unharmed } from './source.ts';
import { recoverSqlite, undoSqlite } from './undo.ts';

export interface OpenOptions {
  /** Refuse every change, whatever the file system would allow. */
  readonly readOnly?: boolean;
  /** Leave no side file beside it where that can be had: for a short look at a file that may not be a store at all. */
  readonly pristine?: boolean;
  /** Milliseconds that a commit waits for another writer. */
  readonly lockTimeout?: number;
}

const defaultLockTimeout = 5000;

/** Opens a SQLite file. The caller has made sure that it is one (`sniff`). Throws when it cannot be read. */
export function openSqlite(path: string, options: OpenOptions = {}): Backend<SqliteReader> {
  const real = realPath(path);
  const backend = new SqliteBackend(real, options);
  try {
    // Any fault of opening shows here, not at the first list.
    backend.token();
  } catch (thrown) {
    backend.close();
    throw thrown;
  }
  return backend;
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (thrown) {
    throw systemError(thrown, path, unharmed);
  }
}

class SqliteBackend implements Backend<SqliteReader> {
  readonly reader: SqliteReader;
  readonly path: string;
  readonly #source: ConnectionSource;
  readonly #readOnly: boolean;
  readonly #lockTimeout: number;

  constructor(path: string, options: OpenOptions) {
    this.path = path;
    this.#readOnly = options.readOnly === true;
    this.#lockTimeout = options.lockTimeout ?? defaultLockTimeout;
    this.#source = new ConnectionSource(path, options.pristine === true);
    this.reader = new SourceReader(this.#source);
  }

  get readOnlyReason(): string | null {
    if (this.#readOnly) return 'The store was opened for reading only.';
    if (!mayWrite(this.path)) return `This user may not write \`${basename(this.path)}\`.`;
    if (!mayWrite(dirname(this.path))) {
      return `This user may not write the folder of \`${basename(this.path)}\`, where SQLite keeps its journal.`;
    }
    return null;
  }

  bytes(): number {
    return ['', '-wal', '-journal'].reduce((sum, suffix) => sum + Number(statOf(this.path + suffix)?.size ?? 0n), 0);
  }

  relying(): RelyingReader<SqliteReader> {
    return new RelyingSqlite(this.reader);
  }

  token(): string {
    return this.#source.token();
  }

  watch(onChange: (event: PlaceEvent) => void): () => void {
    return watchPlace(
      dirname(this.path),
      () => ({ presence: this.#source.presence(), version: this.#source.peek() }),
      onChange,
    );
  }

  apply(changes: ChangeSet, relied: readonly Relied[], bundlePath: string, hooks: CommitHooks = {}): Applied {
    const reason = this.readOnlyReason;
    if (reason !== null) {
      throw new ForkpointError(
        'unable',
        `${reason} Nothing was written.`,
        'Copy the store to a place where it can be written, and open the copy.',
      );
    }
    this.#source.check();
    // The committing connection should be the last one when it closes, so that SQLite settles its log as it always does.
    this.#source.release();
    const to = { path: this.path, reader: this.reader, lockTimeout: this.#lockTimeout };
    return commitSqlite(to, changes, relied, bundlePath, hooks);
  }

  undo(bundlePath: string): { readonly changes: ChangeSet; readonly relied: readonly Relied[] } {
    return undoSqlite(this.reader, bundlePath);
  }

  recover(bundlePath: string): Recovery {
    return recoverSqlite(this.reader, bundlePath);
  }

  close(): void {
    this.#source.close();
  }
}

class RelyingSqlite implements RelyingReader<SqliteReader> {
  readonly reader: SqliteReader;
  readonly relied: Relied[] = [];
  readonly #known = new KnownCells();

  constructor(reader: SqliteReader) {
    this.reader = reader;
  }

  relyOnRows(describe: string, sql: string, params: readonly SqlValue[]): SqlRow[] {
    const rows = this.reader.all(sql, params);
    const { digest, seen } = digestRows(rows, this.#known);
    this.relied.push({ kind: 'rows', describe, sql, params, digest, seen, known: this.#known });
    return rows;
  }

  relyOnFile(): never {
    throw new ForkpointError('internal', 'A plan for a SQLite store relied on a file. Nothing was written.');
  }
}
