// `records` of the terminal contract (`docs/cli.md`): what stands beside the points of a thread.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { parseKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { keepsRecords, type NeighbourRecord, type Store } from '../../stores/store.ts';
import { encodeTagged } from '../../values/tagged.ts';
import { RawJson } from './json.ts';

/**
 * The records of a thread, or those that belong to one of its points. Throws `unable` with the reason where the store's format has
 * none, `not_found` for a key of another thread.
 */
export function recordsOf(store: Store, thread: string, key: CheckpointKey | null): Iterable<NeighbourRecord> {
  if (!keepsRecords(store)) {
    const { framework, unable } = store.describe();
    const reason = unable.find((each) => each.operation === 'records')?.reason;
    throw new ForkpointError('unable', reason ?? `${framework} keeps no records beside its checkpoints.`);
  }
  if (key === null) return store.neighbours(thread);
  if (parseKey(key)?.thread === thread) return store.neighbours(thread, key);
  throw new ForkpointError('not_found', `The checkpoint \`${key}\` is not one of this thread.`);
}

/** The same as JSON documents, one at a time. */
export function* records(store: Store, thread: string, key: CheckpointKey | null): Generator<object, void, void> {
  for (const { record, kind, time, checkpoint, content } of recordsOf(store, thread, key))
    yield { record, kind, time, checkpoint, content: new RawJson(encodeTagged(content)) };
}
