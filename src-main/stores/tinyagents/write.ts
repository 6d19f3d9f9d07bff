// What planners ask of a backend: records and ledger rows read as relied on, and new records turned into changes.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { ChangeSet } from '../backend.ts';
import type { RecordView } from './record.ts';
import type { LedgerEntry, Place } from './source.ts';

/** A record to be written, in its order. */
export interface NewRecord {
  readonly record: RecordView;
  /** Whole text, without line end. */
  readonly text: Uint8Array;
  /** The stored record it was made from: columns that we do not know of are copied from its row. Null for an import. */
  readonly basis: Place | null;
  readonly key: CheckpointKey;
}

/** A ledger row to be written for a checkpoint of the target thread. */
export interface NewLedgerRow {
  readonly namespaceText: string;
  readonly id: string;
  readonly write: LedgerEntry['write'];
  /** The stored row it repeats; null for an import. */
  readonly from: LedgerEntry | null;
  /** The line of a ledger file that an import brings; null for a stored row. */
  readonly line: Uint8Array | null;
}

/** What a removal takes away, and what a person should know of what stays. */
export interface Removal {
  readonly changes: ChangeSet;
  readonly warnings: readonly Warning[];
}

export interface PlanWriter {
  /** False where this store has nowhere to put a ledger (SQLite of releases before 2.1.1). */
  readonly hasLedger: boolean;
  /** What a person should know of any write to this store. */
  warnings(newThread: boolean): readonly Warning[];
  /** Texts of records in the order asked for, recorded as relied on. Throws `moved` where one is gone. */
  texts(describe: string, places: readonly Place[]): readonly Uint8Array[];
  /** Ledger rows of these checkpoints of one thread, in stored order, recorded as relied on. */
  ledger(thread: string, places: readonly Place[]): readonly LedgerEntry[];
  /** Throws `exists`, or `bad_value` for an id that cannot be stored here; records that nothing of this thread exists. */
  expectNewThread(thread: string): void;
  /** Takes away all that the thread has here. Throws `unable` where that cannot be told from what another has. */
  removeThread(thread: string): Removal;
  newThread(thread: string, records: readonly NewRecord[], ledger: readonly NewLedgerRow[]): ChangeSet;
  /** `last`: place of the thread's last record when the plan was made; throws `moved` where more follows by now. */
  append(thread: string, records: readonly NewRecord[], ledger: readonly NewLedgerRow[], last: number): ChangeSet;
}
