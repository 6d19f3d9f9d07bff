// `pending.get`, `raw.*`: what would happen next at a point, and its stored bytes.

import type { PendingShape } from '../../../shared/contract/methods.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { PendingView } from '../../stores/store.ts';
import type { Cursor } from '../../values/cursor.ts';
import { encodeTagged } from '../../values/tagged.ts';
import type { OpenStores } from '../open-stores.ts';
import { checkpointKey } from '../open-stores.ts';
import type { HandlersOf } from './handlers.ts';

/** Characters of a value of pending work; longer ones end in `…`. */
const maxValue = 20_000;
/** Bytes that one call of `raw.bytes` gives. */
const maxRaw = 1 << 20;

export function pointHandlers(stores: OpenStores): HandlersOf<'pending.get' | 'raw.get' | 'raw.bytes'> {
  return {
    'pending.get': ({ store, key }) => pendingShape(stores.get(store).store.pending(checkpointKey(key))),
    'raw.get': ({ store, key }) =>
      stores
        .get(store)
        .store.raw(checkpointKey(key))
        .map(({ where, storage, bytes }) => ({ where, storage, bytes: bytes.length })),
    'raw.bytes': ({ store, key, part, from, count }) => {
      const found = stores.get(store).store.raw(checkpointKey(key))[part];
      if (found === undefined) throw new ForkpointError('not_found', 'This checkpoint has no such part any more.');
      const start = Math.max(0, Math.trunc(from));
      const end = start + Math.max(0, Math.min(maxRaw, Math.trunc(count)));
      // A copy: `slice` of a Buffer would be a view, and carry the whole cell along.
      return { bytes: new Uint8Array(found.bytes.subarray(start, end)), total: found.bytes.length };
    },
  };
}

const tagged = (cursor: Cursor | null): string | null =>
  cursor === null ? null : encodeTagged(cursor, { limit: maxValue });

function pendingShape(view: PendingView): PendingShape {
  return {
    status: view.status,
    next: [...view.next],
    tasks: view.tasks.map((task) => ({
      id: task.id,
      name: task.name,
      error: tagged(task.error),
      argument: tagged(task.argument),
      edited: tagged(task.edited ?? null),
      interrupts: task.interrupts.map((i) => ({ id: i.id, value: tagged(i.value), schema: tagged(i.schema) })),
      writes: task.writes.map((w) => ({ channel: w.channel, value: tagged(w.value) })),
    })),
    resumable: view.resumable,
    reason: view.reason,
    resume: view.resume === null ? null : { ...view.resume },
  };
}
