// What both backends give the shared core, besides what every store of records has: texts of records, the write ledger.

import type { RecordSource } from '../records/source.ts';
import type { RawPart } from '../store.ts';
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
  /** Why not all that is stored of this thread can be read, null if it can: a copy holds less. */
  readonly lost: string | null;
  /** Positions of points whose records cannot be opened. */
  readonly unreadable: ReadonlySet<number>;
}

export const noTrouble: ThreadTrouble = { refused: null, noAppend: null, lost: null, notes: [], unreadable: new Set() };

export interface TinyagentsSource extends RecordSource<ThreadPoints> {
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
}
