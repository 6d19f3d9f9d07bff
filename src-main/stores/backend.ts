// The lower half of a store: a backend knows bytes, rows and files, and holds all durability. It knows no framework.
//
// A backend opens a place safely, reads, tells when something changed, and applies a list of changes under a precondition:
// transaction or staging, undo bundle fsynced first, verification by re-reading after, recovery after a crash.

import type { KnownCells } from './known-cells.ts';

/** A value of SQLite by storage class. Integers are always bigint; a JavaScript number stands for REAL only. */
export type SqlValue = null | bigint | number | string | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * What a plan relied on, so that commit can check that nothing moved. `check` is evaluated again inside the write transaction
 * (SQLite) or just before the write (files); if the digest differs the commit is refused and `describe` tells what moved.
 */
export type Relied =
  | {
      readonly kind: 'rows';
      /** For people: "the head of thread `a`". */
      readonly describe: string;
      readonly sql: string;
      readonly params: readonly SqlValue[];
      /** SHA-256 over the typed rows, hex. */
      readonly digest: string;
      /** For the difference shown on refusal: number of rows, and the first row's small values as text. */
      readonly seen: string;
      /** Large cells that were read for it: a help for the check, which may do without. */
      readonly known?: KnownCells;
    }
  | {
      readonly kind: 'file';
      readonly describe: string;
      /** Path relative to the store's root, `/` between parts. */
      readonly path: string;
      /** Digest of size, inode and the bytes relied on; `absent` when the file must not exist. */
      readonly digest: string;
      /** Spans of the file whose bytes are part of the digest. */
      readonly spans: readonly (readonly [start: number, end: number])[];
      /** The size is no part of the digest: whatever is added behind the spans, they are what was relied on. */
      readonly growing?: true;
      readonly seen: string;
    };

/** One table of the store as SQLite describes it. */
export interface SqlTable {
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly pk: number;
    readonly notNull: boolean;
  }[];
  readonly sql: string;
  readonly withoutRowid: boolean;
}

export interface SqlTrigger {
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

/** Reads of a SQLite file: short statements on a read-only connection, no transaction left open between calls. */
export interface SqliteReader {
  readonly kind: 'sqlite';
  /** Absolute path of the database file. */
  readonly path: string;
  /** Tables (not views) by name, in schema order. */
  tables(): readonly SqlTable[];
  triggers(): readonly SqlTrigger[];
  all(sql: string, params?: readonly SqlValue[]): SqlRow[];
  get(sql: string, params?: readonly SqlValue[]): SqlRow | null;
  /** Rows one at a time; breaking out of the loop ends the statement. No other call on this reader until then. */
  iterate(sql: string, params?: readonly SqlValue[]): IterableIterator<SqlRow>;
  /** A page of rows as arrays of columns, for wide scans. Integers as numbers (`unsafe` above 2^53: only for rowids, counts, lengths). */
  allArrays(sql: string, params?: readonly SqlValue[]): (readonly (null | number | string | Uint8Array)[])[];
  /** The same, one at a time. */
  iterateArrays(
    sql: string,
    params?: readonly SqlValue[],
  ): IterableIterator<readonly (null | number | string | Uint8Array)[]>;
}

export interface FileEntry {
  /** Relative to the root, `/` between parts. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
}

/** One line of a line file. `end` is behind the line's last byte, its `\n` excluded. */
export interface Line {
  /** 0-based, blank lines counted. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
  /** False for a last line without `\n`. */
  readonly terminated: boolean;
}

/**
 * A line where it lies in the block that was read. The same object, and the same memory, serve for the next line: what is opened as a value
 * (`openValue`) must be a copy.
 */
export interface LineSpan {
  readonly block: Buffer;
  /** Within `block`: first byte, and behind the last, line feed excluded. */
  readonly at: number;
  readonly to: number;
  /** Offset of the first byte in the file. */
  readonly start: number;
  readonly terminated: boolean;
}

/** Reads of a folder. Paths are relative, never leave the root (links that lead outside are refused). */
export interface FilesReader {
  readonly kind: 'files';
  readonly root: string;
  /**
   * Files below the root, or below one of its folders, sorted by path; `depth` 1 is that folder itself. A folder that is not there
   * is empty. Names may begin with a dot: frameworks make folders of ids.
   */
  list(depth?: number, under?: string): readonly FileEntry[];
  /** Names of the folders directly in the root or in one of its folders, sorted; of a folder that is not there, none. */
  folders(under?: string): readonly string[];
  stat(path: string): FileEntry | null;
  read(path: string, start?: number, end?: number): Uint8Array;
  /** Lines from a byte offset on; reads in blocks, so that a file of any size streams. */
  lines(path: string, from?: number): IterableIterator<Line>;
  /** The same for whoever looks at many lines and keeps none: a line is there only until the next one is asked for. */
  spans(path: string, from?: number): IterableIterator<LineSpan>;
}

export type BackendReader = SqliteReader | FilesReader;

/** A reader that writes down what a plan relies on. Give it to planners; use the plain reader for looking around. */
export interface RelyingReader<R extends BackendReader> {
  readonly reader: R;
  /** SQLite: runs the query and records it with the digest of its rows. */
  relyOnRows(describe: string, sql: string, params: readonly SqlValue[]): SqlRow[];
  /**
   * Files: records the file's identity and the bytes of the spans (all of it by default); null means it must not exist. `growing`:
   * the plan stays true whatever is added behind the spans.
   */
  relyOnFile(
    describe: string,
    path: string,
    spans?: readonly (readonly [number, number])[],
    growing?: 'growing',
  ): FileEntry | null;
  readonly relied: readonly Relied[];
}

// ── Changes ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** `label` and `key` are for the plan that people see; the backend ignores them. */
interface Described {
  /** Key of the checkpoint this change makes or removes, if it stands for one. */
  readonly key?: string | null;
}

/** A cell whose bytes lie in an undo bundle: of any size, and text also where it is not valid Unicode. */
export interface StoredCell {
  readonly storage: 'text' | 'blob';
  /** Absolute path of the bundle. */
  readonly bundle: string;
  readonly start: number;
  readonly length: number;
}

export type SqliteChange = Described &
  (
    | {
        readonly kind: 'insert';
        readonly table: string;
        readonly row: SqlRow;
        /** Further cells of the row (undo of a delete). */
        readonly cells?: Readonly<Record<string, StoredCell>>;
        /** The rowid that the row had, where no column of it says so. */
        readonly rowid?: bigint;
        /** Size of the row where `row` does not hold all of it. */
        readonly bytes?: number;
      }
    /**
     * Copies one existing row inside SQLite, with some columns replaced: blobs never pass through us and keep their storage class.
     * `identity` selects exactly one row. Columns not named in `columns` get their default.
     */
    | {
        readonly kind: 'copy';
        readonly table: string;
        readonly columns: readonly string[];
        readonly identity: SqlRow;
        readonly set: SqlRow;
        readonly bytes: number;
      }
    | {
        readonly kind: 'update';
        readonly table: string;
        readonly identity: SqlRow;
        readonly set: SqlRow;
        /** Further cells that are set (undo of an update). */
        readonly cells?: Readonly<Record<string, StoredCell>>;
        readonly bytes: number;
      }
    | { readonly kind: 'delete'; readonly table: string; readonly identity: SqlRow; readonly bytes: number }
  );

/** Content of a file change: bytes, and spans copied from files of the store. */
export type Content = readonly (
  | Uint8Array
  | {
      readonly path: string;
      readonly start: number;
      readonly end: number;
      /** The span lies in an undo bundle: `path` is its absolute path. */
      readonly bundle?: true;
    }
)[];

export type FileChange = Described &
  /** Staged outside the listed folder on the same file system, fsync, rename; refused if the file exists. Folders are made for it. */
  (
    | {
        readonly kind: 'new-file';
        readonly path: string;
        readonly content: Content;
        readonly bytes: number;
        /** Permission bits (undo of a removal); else what a new file gets here. */
        readonly mode?: number;
        /** Permission bits of folders that are made for it, where they are not there (undo of a removal). */
        readonly folderModes?: readonly { readonly path: string; readonly mode: number }[];
      }
    /**
     * One O_APPEND write of whole lines ending in `\n`, fsync, after checking size and last byte. A line that another program adds
     * between that look and the write stands before ours, which is found there all the same.
     */
    | {
        readonly kind: 'append';
        readonly path: string;
        readonly content: Content;
        readonly expectSize: number;
        readonly bytes: number;
      }
    /** Staged, size and inode checked again just before the rename; mode and owner kept. */
    | {
        readonly kind: 'rewrite';
        readonly path: string;
        readonly content: Content;
        readonly bytes: number;
        /** The file is only cut to this length, in place (undo of an append); `content` is then empty. */
        readonly truncateTo?: number;
        /**
         * For frameworks whose lock on a file is its name: the file bears this one while it is rewritten, so that nobody else can take
         * it, and no file that appears meanwhile is replaced. Refused if the name is taken.
         */
        readonly claim?: string;
      }
    | {
        readonly kind: 'delete-file';
        readonly path: string;
        readonly bytes: number;
        /** Folders that go with it if nothing else is in them then, outermost first; undo makes them again as they were. */
        readonly folders?: readonly string[];
      }
  );

/** What undo must find unchanged, besides our own rows: evaluated right after the commit and kept with the bundle. */
export type UndoGuard =
  | { readonly kind: 'rows'; readonly describe: string; readonly sql: string; readonly params: readonly SqlValue[] }
  | { readonly kind: 'file'; readonly describe: string; readonly path: string }
  /** No file has come to or gone from this folder besides those of the change set. */
  | { readonly kind: 'folder'; readonly describe: string; readonly path: string };

export type ChangeSet =
  | { readonly backend: 'sqlite'; readonly changes: readonly SqliteChange[]; readonly guards: readonly UndoGuard[] }
  | { readonly backend: 'files'; readonly changes: readonly FileChange[]; readonly guards: readonly UndoGuard[] };

/** Stages that a crash test can stop at, in order. */
export const commitStages = ['checked', 'bundled', 'writing', 'written', 'verified'] as const;
export type CommitStage = (typeof commitStages)[number];

export interface CommitHooks {
  /** Called as each stage is reached; tests kill the process here. */
  readonly at?: (stage: CommitStage) => void;
}

export interface Applied {
  /** Rows or files written, for the log. */
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/**
 * What became of a bundle whose process died: did the store get the change or not? Of several files the last makes the change
 * visible: without it the change is `not-applied`, and `undo` gives what takes the others away again.
 */
export type Recovery = 'applied' | 'not-applied' | 'unclear';

export interface Backend<R extends BackendReader = BackendReader> {
  readonly reader: R;
  /** Real path of the store. */
  readonly path: string;
  /** Null if we may write; else the sentence that says why not. */
  readonly readOnlyReason: string | null;
  /** Bytes of the store on disk, its neighbours (`-wal`) included. */
  bytes(): number;
  relying(): RelyingReader<R>;
  /** Cheap version token: differs whenever anything in the store may have changed. */
  token(): string;
  /** Calls back (debounced) when another process may have changed the store, or it was deleted or replaced. Returns the stop function. */
  watch(onChange: (event: 'changed' | 'replaced' | 'gone') => void): () => void;
  /**
   * Applies the changes. Order: take the lock, check `relied` (else ForkpointError('moved') naming the difference, nothing written),
   * write and fsync the undo bundle to `bundlePath`, write, commit durably, re-read and verify.
   * Errors: `moved`, `locked`, `exists`, `io` (disk full, permission), `unable` (read-only). After any of them the store is as before.
   */
  apply(changes: ChangeSet, relied: readonly Relied[], bundlePath: string, hooks?: CommitHooks): Applied;
  /** The change set that takes back what a bundle recorded, with what it relies on; throws `moved` with the difference if someone built on it. */
  undo(bundlePath: string): { readonly changes: ChangeSet; readonly relied: readonly Relied[] };
  /** For a bundle whose commit was never confirmed. Reads only. */
  recover(bundlePath: string): Recovery;
  close(): void;
}
