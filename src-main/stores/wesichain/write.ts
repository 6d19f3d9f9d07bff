// What planners ask of a backend: records read as relied on, and new records turned into changes.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { ChangeSet } from '../backend.ts';
import type { RecordReading, RecordView } from './record.ts';
import type { Place } from './source.ts';

/** A record to be written, in its order. */
export interface NewRecord {
  readonly seq: string;
  readonly key: CheckpointKey;
  /** The stored record it repeats; null for an import. */
  readonly basis: Place | null;
  /** What it repeats; null where it is copied as it stands, unread. */
  readonly record: RecordView | null;
  /** New text of `state.data`; null where that stays. */
  readonly data: Uint8Array | null;
}

/** What a removal takes away, and what a person should know of what stays. */
export interface Removal {
  readonly changes: ChangeSet;
  readonly warnings: readonly Warning[];
}

export interface PlanWriter {
  /** What a person should know of any write to this store. `source` is the thread that is forked. */
  warnings(source: string | null): readonly Warning[];
  /** The record of a point, recorded as relied on. Throws `moved` where it is gone. */
  read(describe: string, place: Place): RecordReading;
  /** Records that these points are copied as they stand. */
  relyOn(describe: string, places: readonly Place[]): void;
  /** Throws `exists`, or `bad_value` for an id that cannot be stored here; records that nothing of this thread exists. */
  expectNewThread(thread: string): void;
  /** Throws `unable` where this store has no place for what these records say; warnings where a part of it is left out. */
  accepts(records: readonly RecordView[]): readonly Warning[];
  /** Takes away all that the thread has here; what is projected from it goes over to `into`, if that is given. */
  removeThread(thread: string, into: string | null): Removal;
  newThread(thread: string, records: readonly NewRecord[]): ChangeSet;
  /** `seq` of the next record of a thread, as the framework gives it. */
  nextSeq(thread: string): bigint;
  append(thread: string, record: NewRecord): ChangeSet;
}
