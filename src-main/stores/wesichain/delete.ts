// Deleting a thread: its records, and in SQLite the rows that wesichain projected from them. Files of wesichain-session are
// conversations of their own, which several threads may name, and stay. With a rename the projected rows get the new id.

import type { DeleteRequest, StorePlan } from '../store.ts';
import { noSuchThread, notWhole, removalPlan } from '../whole-thread.ts';
import type { WesichainStore } from './store.ts';
import type { PlanWriter } from './write.ts';

export function planDelete(store: WesichainStore, { thread, into }: DeleteRequest, writer: PlanWriter): StorePlan {
  if (store.threadSummary(thread) === null) throw noSuchThread(thread);
  const { lost } = store.source.trouble(thread);
  if (into !== null && lost !== null) throw notWhole(lost);
  const { changes, warnings } = writer.removeThread(thread, into);
  return removalPlan(changes, warnings);
}
