// What both backends give the shared core: threads, the points of a thread in the store's order, records.

import type { RawPart, ThreadSummary } from '../store.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { ThreadPoints } from './points.ts';
import type { RecordReading } from './record.ts';

/** Where one record is. */
export interface Place {
  readonly thread: string;
  readonly seq: string;
  /** Row number, or byte offset of its line. */
  readonly position: number;
  readonly bytes: number;
}

/** What is wrong with how a thread is stored. */
export interface ThreadTrouble {
  /** What the framework itself does on this thread, null if it reads it. */
  readonly refused: string | null;
  /** Why nothing may be appended to this thread, null if it may. */
  readonly noAppend: string | null;
}

export const noTrouble: ThreadTrouble = { refused: null, noAppend: null };

export interface RecordSource {
  /** Batches of threads; empty batches only give the caller a chance to stop. */
  threads(): Generator<readonly ThreadSummary[], void, void>;
  summary(thread: string): ThreadSummary | null;
  /** All points of a thread; `previous` (of this source) is extended where the thread was only appended to. Yields how many so far. */
  points(thread: string, previous: ThreadPoints | null): Generator<number, ThreadPoints, void>;
  read(place: Place): RecordReading;
  raw(place: Place): readonly RawPart[];
  trouble(thread: string): ThreadTrouble;
  /** Bytes of the thread in the store. */
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

export function placeAt(points: ThreadPoints, index: PointIndex): Place {
  return {
    thread: points.thread,
    seq: points.seqs[index] ?? '',
    position: points.positions[index] ?? 0,
    bytes: points.sizes[index] ?? 0,
  };
}
