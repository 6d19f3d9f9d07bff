// What a backend gives a store of records: threads, the points of a thread in the order of insertion, and what changed.

import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { ThreadSummary } from '../store.ts';
import type { RecordPoints } from './points.ts';

export interface RecordSource<Points extends RecordPoints> {
  /** Batches of threads; empty batches only give the caller a chance to stop. */
  threads(): Generator<readonly ThreadSummary[], void, void>;
  summary(thread: string): ThreadSummary | null;
  /**
   * All points of a thread, none where there is no such thread; `previous` (of this source) is extended where the thread was only
   * appended to. Yields how many so far. May be left off at any yield and begun again: what was read stays read.
   */
  points(thread: string, previous: Points | null): Generator<number, Points, void>;
  /**
   * Looks into all records of a thread, where `points` passes over what is inside them and a thread's detail tells whether all of it can
   * be read. In batches, so that the detail need not do it at once.
   */
  checking?(thread: string): Generator<number, void, void>;
  /** Bytes of the thread in the store, given its points as they stand now. */
  size(points: Points): number;
  /** Sentences about the store as a whole. */
  notes(): readonly string[];
  /** A cheap picture of the store for `changesSince`, and what differs between two of them. */
  picture(): Picture;
}

/** What is new in one thread: points (told by their place), and points whose writes are new. Null: any of its points may have changed. */
export type Touched = {
  isNew(points: RecordPoints, index: PointIndex): boolean;
  readonly written: readonly { readonly namespace: string; readonly id: string }[];
} | null;

export interface Picture {
  /** Threads touched since an earlier picture of the same source; `all` when it cannot be told more narrowly. */
  since(earlier: Picture): ReadonlyMap<string, Touched> | 'all';
}
