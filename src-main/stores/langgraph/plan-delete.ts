// Deleting a thread: the rows of both tables in all its namespaces, as the saver's own `delete_thread` does. Forks of a thread live in
// it, and a fork into another thread has copies of its own: nothing else depends on these rows.

import { textOf } from './cells.ts';
import { foreignTables, neighbourWarnings } from './describe.ts';
import type { PlanSource } from './plan-source.ts';
import { threadGuards } from './plan-thread.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import { removedRows } from '../records/removed-rows.ts';
import type { DeleteRequest, PlanContext, StorePlan } from '../store.ts';
import { hostTablesStay, noSuchThread, removalPlan } from '../whole-thread.ts';

export function planDelete(own: PlanSource, { thread }: DeleteRequest, context: PlanContext): StorePlan {
  const { checkpoints, writes } = own.layout;
  const ofThread = { where: 'thread_id = ?', params: [thread] };
  const rows = [
    ...removedRows(context.relying, {
      ...ofThread,
      table: checkpoints,
      describe: `the checkpoints of thread ${shownName(thread)}`,
      keyOf: (row) =>
        formatKey({ thread, namespace: textOf(row['checkpoint_ns']), id: textOf(row['checkpoint_id']), nth: 0 }),
    }),
    ...removedRows(context.relying, {
      ...ofThread,
      table: writes,
      describe: `what tasks of thread ${shownName(thread)} have written`,
    }),
  ];
  if (rows.length === 0) throw noSuchThread(thread);
  const tables = foreignTables(own.reader).map((name) => `\`${name}\``);
  return removalPlan({ backend: 'sqlite', changes: rows, guards: threadGuards(thread) }, [
    ...neighbourWarnings(own.reader, false),
    ...hostTablesStay(tables, 'thread'),
  ]);
}
