// Forks into a new thread: the branch up to a point copied row by row, with an edit on top where one is asked for.

import { textOf } from './cells.ts';
import { neighbourWarnings } from './describe.ts';
import { damagedWrites, resumeCode } from './pending.ts';
import { newRow } from './plan-new-row.ts';
import type { EditedValues } from './plan-row.ts';
import { situationWarnings } from './plan-source.ts';
import type { PlanSource, Source } from './plan-source.ts';
import { openMetadata } from './point.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { SqliteChange, SqlRow, SqlValue, UndoGuard } from '../backend.ts';
import type { ForkRequest, PlanContext, StorePlan } from '../store.ts';

const unable = (message: string, hint: string | null = null): ForkpointError =>
  new ForkpointError('unable', message, hint);

/** Refuses a target thread that holds anything, in either table; the plan relies on its being empty. */
export function relyOnNewThread(context: PlanContext, thread: string): void {
  const rows = context.relying.relyOnRows(
    `thread ${shownName(thread)} does not exist`,
    'SELECT (SELECT COUNT(*) FROM checkpoints WHERE thread_id = ?) AS points, (SELECT COUNT(*) FROM writes WHERE thread_id = ?) AS writes',
    [thread, thread],
  );
  if (Number(rows[0]?.['points'] ?? 0) > 0 || Number(rows[0]?.['writes'] ?? 0) > 0) {
    throw new ForkpointError(
      'exists',
      `Thread ${shownName(thread)} exists already in this store. Nothing was changed.`,
      'Choose another id for the new thread.',
    );
  }
}

/** What undo must find as it was left: all that the thread holds. */
export function threadGuards(thread: string): readonly UndoGuard[] {
  return [
    {
      kind: 'rows',
      describe: `what thread ${shownName(thread)} holds`,
      sql: 'SELECT checkpoint_ns, checkpoint_id FROM checkpoints WHERE thread_id = ? ORDER BY checkpoint_ns, checkpoint_id',
      params: [thread],
    },
    {
      kind: 'rows',
      describe: `what tasks of thread ${shownName(thread)} have written`,
      sql: 'SELECT checkpoint_ns, checkpoint_id, task_id, idx FROM writes WHERE thread_id = ? ORDER BY checkpoint_ns, checkpoint_id, task_id, idx',
      params: [thread],
    },
  ];
}

interface CopiedRow {
  readonly namespace: string;
  readonly id: string;
  readonly bytes: number;
}

/**
 * The point and its ancestors, oldest first (CROSS JOIN holds SQLite to one look-up per ancestor; left to itself it walks the
 * whole thread for each). A parent that is missing ends the branch, as it does for LangGraph.
 */
function branchTo(source: Source, context: PlanContext): CopiedRow[] {
  const { thread, namespace, id } = source.point.row;
  const rows = context.relying.relyOnRows(
    'the branch up to the checkpoint',
    `WITH RECURSIVE branch(id, parent, bytes) AS (
       SELECT checkpoint_id, parent_checkpoint_id, COALESCE(length(checkpoint), 0) + COALESCE(length(metadata), 0)
         FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?
       UNION
       SELECT c.checkpoint_id, c.parent_checkpoint_id, COALESCE(length(c.checkpoint), 0) + COALESCE(length(c.metadata), 0)
         FROM branch CROSS JOIN checkpoints c ON c.thread_id = ? AND c.checkpoint_ns = ? AND c.checkpoint_id = branch.parent
     ) SELECT id, bytes FROM branch`,
    [thread, namespace, id, thread, namespace],
  );
  return rows.map((r) => ({ namespace, id: textOf(r['id']), bytes: Number(r['bytes'] ?? 0) })).toReversed();
}

/** Rows of sub-graphs that ran under copied checkpoints; those under the head only when its writes are kept. */
function subgraphRows(source: Source, branch: readonly CopiedRow[], keep: boolean, context: PlanContext): CopiedRow[] {
  const { thread, id } = source.point.row;
  const hosts = new Set(branch.map((r) => r.id));
  if (!keep) hosts.delete(id);
  // Rows under ancestors are older than the point itself: so a run that goes on elsewhere in the thread does not void the plan.
  const before = keep ? '' : ' AND checkpoint_id < ?';
  const rows = context.relying.relyOnRows(
    'the sub-graphs of the branch',
    `SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata, COALESCE(length(checkpoint), 0) + COALESCE(length(metadata), 0) AS bytes
       FROM checkpoints WHERE thread_id = ? AND checkpoint_ns > ''${before} ORDER BY checkpoint_ns, checkpoint_id`,
    keep ? [thread] : [thread, id],
  );
  const byPlace = new Map(rows.map((r) => [placeOf(r['checkpoint_ns'], r['checkpoint_id']), r]));
  const copied = new Map<string, CopiedRow>();
  const copy = (r: SqlRow): void => {
    const [namespace, rowId] = [textOf(r['checkpoint_ns']), textOf(r['checkpoint_id'])];
    copied.set(placeOf(namespace, rowId), { namespace, id: rowId, bytes: Number(r['bytes'] ?? 0) });
  };
  for (const r of rows) {
    const metadata = openMetadata(r['metadata'] ?? null);
    const root = metadata?.get('parents')?.get('') ?? null;
    if (root?.kind !== 'string' || !root.isUnicode() || !hosts.has(root.text())) continue;
    // An ancestor's sub-graph that ran again later (time travel) belongs to another branch.
    if (root.text() !== id && textOf(r['checkpoint_id']) > id) continue;
    copy(r);
    if (metadata?.get('counters_since_delta_snapshot')?.kind !== 'map') continue;
    // Delta channels are rebuilt from ancestors, also from those that ran under another branch.
    let above = byPlace.get(placeOf(r['checkpoint_ns'], r['parent_checkpoint_id']));
    while (above !== undefined && !copied.has(placeOf(above['checkpoint_ns'], above['checkpoint_id']))) {
      copy(above);
      above = byPlace.get(placeOf(above['checkpoint_ns'], above['parent_checkpoint_id']));
    }
  }
  return [...copied.values()];
}

const placeOf = (namespace: SqlValue | undefined, id: SqlValue | undefined): string =>
  JSON.stringify([textOf(namespace), textOf(id)]);

function copyChanges(
  own: PlanSource,
  source: Source,
  thread: string,
  rows: readonly CopiedRow[],
  keep: boolean,
  context: PlanContext,
): SqliteChange[] {
  const from = source.point.row;
  const checkpointColumns = own.layout.checkpoints.columns.map((c) => c.name);
  const writeColumns = own.layout.writes.columns.map((c) => c.name);
  const changes: SqliteChange[] = rows.map((row) => ({
    kind: 'copy',
    table: 'checkpoints',
    columns: checkpointColumns,
    identity: { thread_id: from.thread, checkpoint_ns: row.namespace, checkpoint_id: row.id },
    set: { thread_id: thread },
    bytes: row.bytes,
    key: formatKey({ thread, namespace: row.namespace, id: row.id, nth: 0 }),
  }));
  const copied = new Map<string, Set<string>>();
  for (const row of rows) {
    if (!keep && row.namespace === from.namespace && row.id === from.id) continue;
    const ids = copied.get(row.namespace);
    if (ids === undefined) copied.set(row.namespace, new Set([row.id]));
    else ids.add(row.id);
  }
  // One read for all of them: rows of ancestors are older than the point itself, also when other branches go on.
  const before = keep ? '' : ' AND checkpoint_id < ?';
  const writes = context.relying.relyOnRows(
    'the writes of the branch',
    `SELECT checkpoint_ns, checkpoint_id, task_id, idx, COALESCE(length(value), 0) AS bytes
       FROM writes WHERE thread_id = ?${before} ORDER BY checkpoint_ns, checkpoint_id, task_id, idx`,
    keep ? [from.thread] : [from.thread, from.id],
  );
  for (const write of writes) {
    if (copied.get(textOf(write['checkpoint_ns']))?.has(textOf(write['checkpoint_id'])) !== true) continue;
    changes.push({
      kind: 'copy',
      table: 'writes',
      columns: writeColumns,
      identity: {
        thread_id: from.thread,
        checkpoint_ns: write['checkpoint_ns'] ?? null,
        checkpoint_id: write['checkpoint_id'] ?? null,
        task_id: write['task_id'] ?? null,
        idx: write['idx'] ?? null,
      },
      set: { thread_id: thread },
      bytes: Number(write['bytes'] ?? 0),
      key: null,
    });
  }
  return changes;
}

/** Plans the copy; refuses a thread that exists, and a point of a sub-graph. */
export function intoNewThread(
  own: PlanSource,
  request: ForkRequest,
  thread: string,
  source: Source,
  edited: EditedValues | null,
  context: PlanContext,
): StorePlan {
  const { point } = source;
  if (point.row.namespace !== '') {
    throw unable(
      'A checkpoint of a sub-graph cannot start a thread: LangGraph finds it only through its parent graph. Nothing was changed.',
      'Fork the checkpoint of the parent graph into a new thread, or fork this one in place.',
    );
  }
  relyOnNewThread(context, thread);
  const keep = request.pending === 'keep';
  const damaged = keep ? damagedWrites(source.writes) : [];
  if (damaged.length > 0) {
    throw unable(
      `What has been written at this checkpoint to ${damaged.map((c) => `\`${c}\``).join(', ')} is damaged, and LangGraph could not load a fork that keeps it. Nothing was changed.`,
      'Fork without the pending writes (--pending drop): the step then runs again.',
    );
  }
  const branch = branchTo(source, context);
  const rows = [...branch, ...subgraphRows(source, branch, keep, context)];
  const changes = copyChanges(own, source, thread, rows, keep, context);
  const warnings: Warning[] = [];
  let id = point.row.id;
  if (edited !== null) {
    const row = newRow(own, source, request, thread, edited, keep ? source.writes : [], context);
    changes.push(row.change);
    warnings.push(...row.warnings);
    id = row.id;
  }
  const open =
    keep && edited === null ? (source.tasks.planned ?? []).filter((t) => !t.finished && t.interrupts.length > 0) : [];
  warnings.push(...situationWarnings(source, edited, keep && edited === null), ...neighbourWarnings(own.reader, true));
  return {
    changes: { backend: 'sqlite', changes, guards: threadGuards(thread) },
    warnings,
    target: { thread, id },
    resume: resumeCode(
      point.dialect,
      thread,
      null,
      open.map((t) => t.interrupts[0]?.id ?? null),
    ),
    edited: edited === null ? null : { before: edited.before, after: edited.after },
    follows: edited?.follows ?? [],
  };
}
