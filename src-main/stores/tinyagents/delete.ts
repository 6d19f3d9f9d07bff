// Deleting a thread: its records in all namespaces, and its write ledger, under every name that either may have. Other threads that were
// copied from it have records of their own. Journals are the host's and stay.

import type { Warning } from '../../../shared/model/shapes.ts';
import type { DeleteRequest, StorePlan } from '../store.ts';
import { noSuchThread, notWhole, removalPlan } from '../whole-thread.ts';
import type { TinyagentsStore } from './store.ts';
import type { PlanWriter } from './write.ts';

export function planDelete(store: TinyagentsStore, { thread, into }: DeleteRequest, writer: PlanWriter): StorePlan {
  if (store.threadSummary(thread) === null) throw noSuchThread(thread);
  const { lost } = store.source.trouble(thread);
  if (into !== null && lost !== null) throw notWhole(lost);
  const warnings: Warning[] = [];
  if (store.neighbours(thread).next().done !== true) {
    warnings.push({
      code: 'journal_stays',
      message: 'The events that graph journals hold of this thread stay where they are.',
      remedy: null,
    });
  }
  const removal = writer.removeThread(thread);
  return removalPlan(removal.changes, [...removal.warnings, ...warnings]);
}
