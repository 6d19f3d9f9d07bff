// Comparing two states of a store, whatever threads they belong to.

import { ForkpointError } from '../../shared/model/errors.ts';
import type { CheckpointKey } from '../../shared/model/key.ts';
import type { StateView, Store } from '../stores/store.ts';
import type { Cursor } from '../values/cursor.ts';
import { diffValues } from '../values/diff/diff.ts';
import type { ValueDiff } from '../values/diff/tree.ts';

/**
 * What changed from one state to another; `before` null is the empty state (a root compared with what came before it).
 * Throws `unable` where one of the two points holds no state at all: that is not the same as an empty one.
 */
export function compareStates(before: StateView | null, after: StateView): ValueDiff {
  return diffValues(before === null ? null : comparable(before), comparable(after));
}

/**
 * What there is to look at where the format keeps no state at a point: the point's record. Null where a state is there, or should be
 * and cannot be read.
 */
export function recordInstead(store: Store, key: CheckpointKey, view: StateView): Cursor | null {
  return view.root === null && view.notes.length === 0 ? store.metadata(key) : null;
}

/** The state to compare. Throws `unable` where the point holds none, `unreadable` where it cannot be read. */
export function comparable(view: StateView): Cursor {
  if (view.root !== null) return view.root;
  throw new ForkpointError(
    view.notes.length > 0 ? 'unreadable' : 'unable',
    view.notes[0] ?? 'One of the two checkpoints holds no state, so there is nothing to compare.',
  );
}
