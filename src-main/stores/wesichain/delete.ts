// Deleting a thread: its records, and in SQLite the rows that wesichain projected from them. Files of wesichain-session are
// conversations of their own, which several threads may name, and stay.

import type { StorePlan } from '../store.ts';
import { noSuchThread, removalPlan } from '../whole-thread.ts';
import type { WesichainStore } from './store.ts';
import type { PlanWriter } from './write.ts';

export function planDelete(store: WesichainStore, thread: string, writer: PlanWriter): StorePlan {
  if (store.threadSummary(thread) === null) throw noSuchThread(thread);
  const { changes, warnings } = writer.removeThread(thread);
  return removalPlan(changes, warnings);
}
