// From an index of a thread's points to the place of the record, and to its key.

import { formatKey, type CheckpointKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { ThreadPoints } from './points.ts';
import type { Place } from './source.ts';

export function placeAt(points: ThreadPoints, index: PointIndex): Place {
  return {
    thread: points.thread,
    namespace: points.namespaceOf(index),
    id: points.ids[index] ?? '',
    position: points.positions[index] ?? 0,
    bytes: points.sizes[index] ?? 0,
  };
}

export function keyOf(points: ThreadPoints, index: PointIndex): CheckpointKey {
  return formatKey({
    thread: points.thread,
    namespace: points.namespaceOf(index),
    id: points.ids[index] ?? '',
    nth: points.nthOf(index),
  });
}
