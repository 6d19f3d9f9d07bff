// What both backends give the shared core: runs, the points of a run, records and checkpoints, and what stands beside them.

import type { Cursor } from '../../values/cursor.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import type { RunFacts } from './effects.ts';
import type { CheckpointPlace, Place, RecordPlace, RunPoints } from './points.ts';
import type { CheckpointView, Reading, RecordView } from './record.ts';

/** Stored content: what its `ContentRef` says, and its bytes. */
export interface StoredContent {
  readonly ref: Cursor;
  readonly bytes: Uint8Array;
}

/** Something that names the run and has no point of its own. */
export interface BesideRecord {
  /** Unique within the kind. */
  readonly id: string;
  readonly kind: 'tool_execution' | 'event' | 'agent_pool';
  readonly time: string | null;
  /** `journal_seq` of the record that it belongs to, where it tells. */
  readonly seq: string | null;
  readonly content: Cursor;
}

export interface RunSource {
  /** Batches of runs; empty batches only give the caller a chance to stop. */
  threads(): Generator<readonly ThreadSummary[], void, void>;
  summary(run: string): ThreadSummary | null;
  /** All points of a run, null if there are none. Yields how many records so far. */
  points(run: string): Generator<number, RunPoints | null, void>;
  /** The records of these points, folded. Reads what it has not read before; yields how many so far. */
  facts(points: RunPoints): Generator<number, RunFacts, void>;
  record(place: RecordPlace): Reading<RecordView>;
  checkpoint(place: CheckpointPlace): Reading<CheckpointView>;
  raw(place: Place): readonly RawPart[];
  /** What clawdia itself says of this run, null if it reads it. */
  refused(points: RunPoints, facts: RunFacts): string | null;
  content(id: string): StoredContent | null;
  /** Raw arguments of a tool call as the provider gave them. */
  providerArguments(ref: string): Uint8Array | null;
  /** Records beside the points that name this run. */
  beside(run: string): Generator<BesideRecord, void, void>;
  /** Sentences about the store as a whole. */
  notes(): readonly string[];
  /** A cheap picture of the store for `changesSince`, and what differs between two of them. */
  picture(): Picture;
}

export interface Picture {
  /** Runs touched since an earlier picture of the same source; `all` when it cannot be told more narrowly. */
  since(earlier: Picture): readonly string[] | 'all';
}
