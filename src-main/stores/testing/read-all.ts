// Reads a store as the window would: every thread, lineage and point, states a level deep, pending work, bytes, records. For tests of
// what damage does: a sentence is fine, a crash or a bare error is not.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Cursor } from '../../values/cursor.ts';
import { drain } from '../drain.ts';
import { openStore } from '../registry.ts';
import { keepsRecords, type Store } from '../store.ts';

export interface ReadAll {
  /** Points per thread; a thread that cannot be read at all is missing. */
  readonly threads: ReadonlyMap<string, number>;
  /** Sentences met on the way. */
  readonly sentences: readonly string[];
}

/** Points of a thread that are read in full: the first, the last, and some between. */
const sampled = 12;

/** Throws what is not a sentence: any error that is no ForkpointError, or is one of ours by mistake (`internal`). */
export function readAll(path: string): ReadAll {
  const sentences: string[] = [];
  const threads = new Map<string, number>();
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof ForkpointError) || thrown.code === 'internal') throw thrown;
      sentences.push(thrown.message);
      return null;
    }
  };
  const store = attempt(() => openStore(path, { readOnly: true }));
  if (store === null) return { threads, sentences };
  try {
    attempt(() => store.describe());
    const names = attempt(() => [...store.threads()].flat().map((t) => t.thread)) ?? [];
    for (const thread of names) {
      attempt(() => store.threadSummary(thread));
      attempt(() => store.threadDetail(thread));
      const points = attempt(() => readThread(store, thread, attempt));
      if (points !== null) threads.set(thread, points);
    }
    return { threads, sentences };
  } finally {
    store.backend.close();
  }
}

type Attempt = <T>(read: () => T) => T | null;

function readThread(store: Store, thread: string, attempt: Attempt): number {
  const lineage = drain(store.lineage(thread));
  const every = Array.from({ length: lineage.count }, (_, i) => i);
  attempt(() => store.checkpoints(lineage, every));
  const stride = Math.max(1, Math.floor(lineage.count / sampled));
  for (const index of every.filter((i) => i % stride === 0 || i === lineage.count - 1)) {
    const key = attempt(() => store.keyAt(lineage, index));
    if (key !== null) readPoint(store, key, attempt);
  }
  if (keepsRecords(store))
    attempt(() => {
      for (const record of store.neighbours(thread)) look(record.content);
    });
  return lineage.count;
}

function readPoint(store: Store, key: CheckpointKey, attempt: Attempt): void {
  for (const applied of [false, true])
    attempt(() => {
      const { root } = store.state(key, applied);
      if (root !== null) look(root);
    });
  attempt(() => {
    const metadata = store.metadata(key);
    if (metadata !== null) look(metadata);
  });
  attempt(() => {
    for (const task of store.pending(key).tasks)
      for (const cursor of [task.error, task.argument, ...task.writes.map((w) => w.value)])
        if (cursor !== null) look(cursor);
  });
  attempt(() => store.raw(key));
}

/** A value and its first children, as a tree view would ask for them. */
function look(cursor: Cursor): void {
  for (let i = 0; i < Math.min(50, cursor.count); i++) void cursor.child(i).kind;
}
