// A store as a whole, for `info` and the toolbar.

import type { StoreInfo } from '../../shared/model/shapes.ts';
import { changingCapabilities } from '../stores/capabilities.ts';
import { takesKey, type Store } from '../stores/store.ts';

/** What a listing has found so far. */
export interface StoreCounts {
  readonly threads: number;
  readonly checkpoints: number;
}

/** `readOnly`: the host itself refuses changes. Without `counts` the threads are listed for them. */
export function storeInfo(store: Store, readOnly = false, counts: StoreCounts = countThreads(store)): StoreInfo {
  const about = store.describe();
  const found = takesKey(store) ? store.sealed() : null;
  const sealed = found === null || !takesKey(store) ? null : { ...found, variable: store.keyVariable };
  const canChange = changingCapabilities.some((operation) => about.capabilities.includes(operation));
  const why = readOnly ? 'Forkpoint was started read-only.' : store.backend.readOnlyReason;
  return {
    path: store.backend.path,
    format: store.format.format,
    framework: about.framework,
    backend: store.format.backend,
    eras: [...about.eras],
    capabilities: [...about.capabilities],
    unable: about.unable.map((u) => ({ ...u })),
    writable: why === null && canChange,
    live: about.capabilities.includes('live'),
    threads: counts.threads,
    checkpoints: counts.checkpoints,
    bytes: store.backend.bytes(),
    notes: why === null ? [...about.notes] : [...about.notes, why],
    ...(sealed === null ? {} : { sealed }),
    ...(about.pendingChoice === undefined ? {} : { pendingChoice: { ...about.pendingChoice } }),
  };
}

function countThreads(store: Store): StoreCounts {
  let threads = 0;
  let checkpoints = 0;
  for (const batch of store.threads()) {
    threads += batch.length;
    for (const summary of batch) checkpoints += summary.checkpoints;
  }
  return { threads, checkpoints };
}
