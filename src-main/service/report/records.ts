// `records` of the terminal contract (`docs/cli.md`): what stands beside the points of a thread.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { keepsRecords, type RecordingStore, type Store } from '../../stores/store.ts';
import { encodeTagged } from '../../values/tagged.ts';
import { RawJson } from './json.ts';

/** The store as one that keeps records; throws `unable` with the reason where its format has none. */
export function recordingStore(store: Store): Store & RecordingStore {
  if (keepsRecords(store)) return store;
  const { framework, unable } = store.describe();
  const reason = unable.find((each) => each.operation === 'records')?.reason;
  throw new ForkpointError('unable', reason ?? `${framework} keeps no records beside its checkpoints.`);
}

/** The records of a thread, or those that belong to one of its points, one at a time. */
export function* records(store: Store, thread: string, key: CheckpointKey | null): Generator<object, void, void> {
  for (const { record, kind, time, checkpoint, content } of recordingStore(store).neighbours(thread, key ?? undefined))
    yield { record, kind, time, checkpoint, content: new RawJson(encodeTagged(content)) };
}
