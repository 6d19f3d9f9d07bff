// What planners ask of a backend: points read as relied on, and a new run turned into changes.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { ChangeSet } from '../backend.ts';
import type { CheckpointPlace, RecordPlace } from './points.ts';
import type { CheckpointView, Reading, RecordView } from './record.ts';
import type { Naming } from './restamp.ts';

export interface NewRecord {
  /** Digits. */
  readonly seq: string;
  readonly id: string;
  readonly text: Uint8Array;
  readonly key: CheckpointKey;
}

export interface NewSavedCheckpoint {
  readonly id: string;
  readonly covers: string;
  readonly text: Uint8Array;
  readonly key: CheckpointKey;
}

export interface NewContent {
  readonly id: string;
  readonly ref: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface NewArguments {
  readonly ref: string;
  readonly raw: Uint8Array;
  readonly provider: string;
  readonly call: string;
  readonly tool: string;
}

export interface NewRun {
  readonly run: string;
  readonly records: readonly NewRecord[];
  /** In the order in which they are compared; written before the records, so that a run never appears without them. */
  readonly checkpoints: readonly NewSavedCheckpoint[];
  /** What the records refer to and this store does not hold. */
  readonly contents: readonly NewContent[];
  readonly provided: readonly NewArguments[];
}

/** What goes with a run besides its own records: contents, arguments and tool calls that no other run names. */
export interface OwnedByRun {
  readonly contents: readonly string[];
  /** Ids of tool calls, under which a copy of arguments may lie. */
  readonly calls: readonly string[];
}

/** What a removal takes away, and what a person should know of what stays. */
export interface Removal {
  readonly changes: ChangeSet;
  readonly warnings: readonly Warning[];
}

export interface PlanWriter {
  /** What a person should know of any write to this store. `source` is the run that is forked. */
  warnings(source: string | null): readonly Warning[];
  /** The records of these places, recorded as relied on. Throws `moved` where they are gone. */
  records(describe: string, places: readonly RecordPlace[]): readonly Reading<RecordView>[];
  checkpoints(describe: string, places: readonly CheckpointPlace[]): readonly Reading<CheckpointView>[];
  /** Throws `exists`, or `bad_value` for an id that cannot be stored; records that nothing of this run exists. */
  expectNewRun(run: string): void;
  /** Bytes of a content or of arguments that the store holds; null if it holds none, which is then relied on. */
  heldContent(id: string): Uint8Array | null;
  heldArguments(ref: string): Uint8Array | null;
  /** A checkpoint of ours as this backend's framework writes it. */
  laidOut(checkpoint: Uint8Array): Uint8Array;
  /** Throws `unable` where this store has no place for what the run holds. */
  newRun(made: NewRun): ChangeSet;
  /** Whether something else than a run names a content: a pool, say. */
  namedBeside(id: string): boolean;
  /**
   * Takes away a run and what it alone owns; its tool calls go over to the run that it becomes. Throws `unable` where it cannot be told
   * from what another has.
   */
  removeRun(run: string, owned: OwnedByRun, becomes: Naming | null): Removal;
  readonly backend: 'files' | 'sqlite';
}
