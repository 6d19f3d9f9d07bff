// What both backends give the shared core, besides what every store of records has: records, and what is wrong with their thread.

import type { RecordSource } from '../records/source.ts';
import type { RawPart } from '../store.ts';
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
  /** Why not all that is stored of this thread can be read, null if it can: a copy holds less. */
  readonly lost: string | null;
  /** Positions of points whose records cannot be opened. */
  readonly unreadable: ReadonlySet<number>;
}

export const noTrouble: ThreadTrouble = { refused: null, noAppend: null, lost: null, unreadable: new Set() };

export interface WesichainSource extends RecordSource<ThreadPoints> {
  read(place: Place): RecordReading;
  raw(place: Place): readonly RawPart[];
  trouble(thread: string): ThreadTrouble;
}

export function placeAt(points: ThreadPoints, index: PointIndex): Place {
  return {
    thread: points.thread,
    seq: points.idOf(index),
    position: points.positionOf(index),
    bytes: points.bytesOf(index),
  };
}
