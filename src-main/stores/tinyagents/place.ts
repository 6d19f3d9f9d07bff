// From an index of a thread's points to the place of the record.

import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { ThreadPoints } from './points.ts';
import type { Place } from './source.ts';

export function placeAt(points: ThreadPoints, index: PointIndex): Place {
  return {
    thread: points.thread,
    namespace: points.namespaceOf(index),
    id: points.idOf(index),
    position: points.positionOf(index),
    bytes: points.bytesOf(index),
  };
}
