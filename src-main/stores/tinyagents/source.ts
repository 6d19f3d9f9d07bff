// What both backends give the shared core: threads, the points of a thread in insertion order, texts of records, the write ledger.

import type { RawPart, ThreadSummary } from '../store.ts';
import type { ThreadPoints } from './points.ts';
import type { WriteMember } from './record.ts';

/** Where one record is. */
export interface Place {
  readonly thread: string;
  readonly namespace: string;
  readonly id: string;
  /** Row number, or byte offset of its line. */
  readonly position: number;
  readonly bytes: number;
}

/** One row of the write ledger: what a finished task or a control write left for a checkpoint. */
export interface LedgerEntry {
  /** Thread it is stored under; a folder tells it by the file's name only, and has `''` here. */
  readonly thread: string;
  /** Namespace and checkpoint it belongs to; the namespace as its stored text. */
  readonly namespaceText: string;
  readonly id: string;
  readonly write: WriteMember;
  /** Row number, or byte offset of its line. */
  readonly position: number;
  /** The file it stands in; null in SQLite. */
  readonly file: string | null;
  readonly bytes: number;
}

/** What is wrong with how a thread is stored. */
export interface ThreadTrouble {
  /** What the framework itself does on this thread, null if it reads it. */
  readonly refused: string | null;
  /** Why nothing may be appended to this thread, null if it may. */
  readonly noAppend: string | null;
  readonly notes: readonly string[];
}

export const noTrouble: ThreadTrouble = { refused: null, noAppend: null, notes: [] };

export interface RecordSource {
  /** Batches of threads; empty batches only give the caller a chance to stop. */
  threads(): Generator<readonly ThreadSummary[], void, void>;
  summary(thread: string): ThreadSummary | null;
  /** All points of a thread; `previous` (of this source) is extended where the thread was only appended to. Yields how many so far. */
  points(thread: string, previous: ThreadPoints | null): Generator<number, ThreadPoints, void>;
  /** Place of a record by its key's parts, without reading the whole thread where the store has an index. */
  locate(thread: string, namespace: string, id: string, nth: number): Place | null;
  /** Text of a record. */
  read(place: Place): Uint8Array;
  /** Ledger rows of one checkpoint, in stored order. */
  ledger(thread: string, namespaceText: string, id: string): readonly LedgerEntry[];
  /** All ledger rows of a thread, in stored order. */
  wholeLedger(thread: string): readonly LedgerEntry[];
  /** A ledger row as one line of a ledger file. */
  ledgerLine(entry: LedgerEntry): Uint8Array;
  raw(place: Place): readonly RawPart[];
  trouble(thread: string): ThreadTrouble;
  /** Bytes of the thread in the store, given its points as they stand now. */
  size(points: ThreadPoints): number;
  /** Sentences about the store as a whole. */
  notes(): readonly string[];
  /** A cheap picture of the store for `changesSince`, and what differs between two of them. */
  picture(): Picture;
}

export interface Picture {
  /** Threads touched since an earlier picture of the same source; `all` when it cannot be told more narrowly. */
  since(earlier: Picture): readonly string[] | 'all';
}
