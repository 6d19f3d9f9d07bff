// Forks: a new row in the same thread, or the branch up to a point copied into a new thread, with or without an edit on top.
//
// Checkpoint ids and task ids do not depend on the thread, so a new thread gets the rows as they are. A row that is new gets a
// new id, and with it new task ids: finished or waiting tasks of the source do not carry over to it.

import { nonceBytes } from './cell-key.ts';
import { textOf } from './cells.ts';
import type { ShownState } from './delta.ts';
import { neighbourWarnings } from './describe.ts';
import { makeId, ticksAt, ticksOf } from './ids.ts';
import type { WriterDialect } from './ids.ts';
import { isRouting, nextTasks } from './next.ts';
import { damagedWrites, resumeCode } from './pending.ts';
import { editValues, newCheckpointCell, newMetadata } from './plan-row.ts';
import type { EditedValues } from './plan-row.ts';
import { forkRefusal, newRowRefusal, olderWarnings } from './fork-refusal.ts';
import { deltaRow, relyingDelta } from './plan-delta.ts';
import { openMetadata, openPoint } from './point.ts';
import type { Point } from './point.ts';
import { checkpointOf, checkpointSelect, pointWhere, writeOf, writesSelect } from './rows.ts';
import type { RowReader, WriteRow } from './rows.ts';
import type { Layout } from './layout.ts';
import { hostTaskOf } from './status.ts';
import { tasksOf } from './tasks.ts';
import type { PointTasks } from './tasks.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, parseKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { SqliteChange, SqliteReader, SqlRow, SqlValue, UndoGuard } from '../backend.ts';
import type { ForkRequest, PlanContext, StorePlan } from '../store.ts';

/** What a planner of an open store works with, besides what it relies on. */
export interface PlanSource {
  readonly reader: SqliteReader;
  readonly read: RowReader;
  readonly layout: Layout;
  readonly dialect: WriterDialect | null;
}

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

interface Source {
  readonly point: Point;
  /** The values with those of delta channels, null for a point without values. */
  readonly shown: ShownState | null;
  readonly writes: readonly WriteRow[];
  readonly tasks: PointTasks;
  readonly isHead: boolean;
  /** Newest id of the thread over all namespaces, and of the point's own namespace. */
  readonly newest: string;
}

function sourceOf(own: PlanSource, context: PlanContext, key: string): Source {
  const parts = parseKey(key);
  const rows =
    parts === null || parts.nth !== 0
      ? []
      : context.relying.relyOnRows('the checkpoint that is forked', `${checkpointSelect} ${pointWhere}`, [
          parts.thread,
          parts.namespace,
          parts.id,
        ]);
  const stored = rows[0];
  if (parts === null || stored === undefined) {
    throw new ForkpointError(
      'not_found',
      `There is no checkpoint ${shownName(key)} in this store (any more). Nothing was changed.`,
      'Pick it from the log again.',
    );
  }
  const point = openPoint(checkpointOf(stored, own.read.key, own.read.around), own.dialect ?? 'python');
  const refusal = forkRefusal(point);
  if (refusal !== null) throw refusal;
  const shown = relyingDelta(own.read, own.reader, context).shown(point);
  const writes = context.relying
    .relyOnRows('what has been written at the checkpoint', writesSelect(own.layout), [
      parts.thread,
      parts.namespace,
      parts.id,
    ])
    .map((row) => writeOf(row, own.read.key));
  const head = context.relying.relyOnRows(
    'the newest checkpoint of the thread',
    'SELECT MAX(checkpoint_id) AS newest, MAX(checkpoint_id) FILTER (WHERE checkpoint_ns = ?) AS head FROM checkpoints WHERE thread_id = ?',
    [parts.namespace, parts.thread],
  )[0];
  return {
    point,
    shown,
    writes,
    tasks: tasksOf(point, writes),
    isHead: textOf(head?.['head']) === parts.id,
    newest: textOf(head?.['newest']),
  };
}

/** A new id above every id of the thread, also where the clock is behind. */
function drawId(source: Source, step: number, context: PlanContext): { id: string; now: number; warnings: Warning[] } {
  const now = context.draw.now();
  const warnings: Warning[] = [];
  const newestTicks = ticksOf(source.newest);
  let ticks = ticksAt(now);
  if (newestTicks !== null && newestTicks >= ticks) {
    ticks = newestTicks + 1n;
    warnings.push({
      code: 'clock_behind',
      message:
        "The thread's newest checkpoint is of a later time than this machine's clock: what a run writes before that time would sort before the fork and never become the head.",
      remedy: 'Set the clock right before the thread runs on.',
    });
  }
  const id = makeId(ticks, step, context.draw.random(6), source.point.dialect);
  if (id === null || id <= source.newest) {
    throw unable(
      `The newest checkpoint of the thread has the id ${source.newest}, and no id that LangGraph accepts sorts after it. Nothing was changed.`,
      'Fork into a new thread.',
    );
  }
  return { id, now, warnings };
}

function sameStorage(bytes: Uint8Array, like: SqlValue): SqlValue {
  return typeof like === 'string' ? new TextDecoder().decode(bytes) : bytes;
}

/** The cell encrypted as its source is; null for a source that is not. */
function sealedLike(
  own: PlanSource,
  { row }: Point,
  cell: Uint8Array,
  context: PlanContext,
): { readonly type: string; readonly cell: Uint8Array } | null {
  if (row.sealed === null || own.read.key === null) return null;
  return { type: `${row.type}+${row.sealed}`, cell: own.read.key.seal(cell, context.draw.random(nonceBytes)) };
}

interface NewRow {
  readonly change: SqliteChange;
  readonly id: string;
  /** It stands under its source, not beside it. */
  readonly under: boolean;
  readonly warnings: readonly Warning[];
}

/**
 * The row that a fork or an edit adds, as a child of the source where the thread's channels allow it.
 * @param behind rows that will stand at the source
 */
function newRow(
  own: PlanSource,
  source: Source,
  request: ForkRequest,
  thread: string,
  edited: EditedValues | null,
  behind: readonly WriteRow[],
  context: PlanContext,
): NewRow {
  const { point } = source;
  const delta = source.shown === null ? null : deltaRow(point, source.shown, edited, request.edits, behind);
  const parent = delta === null ? point.row.id : delta.parent;
  const step = (point.step ?? -1) + 1;
  const { id, now, warnings } = drawId(source, step, context);
  const cell = newCheckpointCell(point, edited, delta, { id, step, now, draw: context.draw });
  const sealed = sealedLike(own, point, cell, context);
  const metadata =
    point.metadata === null
      ? new Uint8Array()
      : newMetadata(point.metadata, edited === null ? 'fork' : 'update', step, point.dialect === 'js', delta);
  const row: SqlRow = {
    thread_id: thread,
    checkpoint_ns: point.row.namespace,
    checkpoint_id: id,
    parent_checkpoint_id: parent,
    type: sealed?.type ?? point.row.type,
    checkpoint: sealed?.cell ?? sameStorage(cell, point.row.checkpoint),
    metadata: sameStorage(metadata, point.row.metadata),
  };
  return {
    change: {
      kind: 'insert',
      table: 'checkpoints',
      row,
      key: formatKey({ thread, namespace: point.row.namespace, id, nth: 0 }),
    },
    id,
    under: parent === point.row.id,
    warnings: [...(delta?.warnings ?? []), ...warnings],
  };
}

/** What the user should know of the point from which the thread will go on. */
function situationWarnings(source: Source, edited: EditedValues | null, kept: boolean): Warning[] {
  const warnings: Warning[] = [];
  const values = edited?.after ?? source.point.values;
  const next = nextTasks({ ...source.point, values });
  if (next !== null && next.length === 0) {
    warnings.push({
      code: 'nothing_to_run',
      message: 'The run has finished at this checkpoint: going on without a new input does nothing.',
      remedy: 'Fork the checkpoint before the node that should run again, or give the graph a new input.',
    });
  }
  const commanded = source.tasks.unowned.filter((r) => r.channel !== '__resume__' && !isRouting(r.channel));
  if (commanded.length > 0 && !kept) {
    const channels = [...new Set(commanded.map((r) => `\`${r.channel}\``))].join(', ');
    warnings.push({
      code: 'command_dropped',
      message: `A command has written to ${channels} since this checkpoint was stored, and LangGraph shows the state with it. The fork starts from what is stored, without it.`,
      remedy:
        edited === null
          ? 'Keep the pending writes (--pending keep), or set the values by an edit.'
          : 'Set the values by an edit.',
    });
  }
  const asked = (source.tasks.planned ?? []).some((t) => t.interrupts.length > 0 && !t.finished);
  if (asked && source.isHead && !kept) {
    warnings.push({
      code: 'question_dropped',
      message:
        'The thread waits for an answer here. The fork does not carry the open question: its step runs again and asks anew.',
      remedy: edited === null ? 'Keep the pending writes (--pending keep).' : null,
    });
  }
  return warnings;
}

/** Sub-graphs that keep their state between runs (their namespace names no task) and have rows newer than the point. */
function statefulAhead(source: Source, context: PlanContext): string[] {
  const rows = context.relying.relyOnRows(
    'the sub-graphs that keep their state between runs',
    `SELECT DISTINCT checkpoint_ns AS ns FROM checkpoints WHERE thread_id = ? AND checkpoint_ns > '' AND checkpoint_id > ? ORDER BY ns`,
    [source.point.row.thread, source.point.row.id],
  );
  return rows.map((r) => textOf(r['ns'])).filter((ns) => !(ns.split('|').at(-1) ?? '').includes(':'));
}

function inPlace(
  own: PlanSource,
  request: ForkRequest,
  source: Source,
  edited: EditedValues | null,
  context: PlanContext,
): StorePlan {
  const { thread, namespace } = source.point.row;
  const row = newRow(own, source, request, thread, edited, source.writes, context);
  const warnings = [...row.warnings, ...situationWarnings(source, edited, false)];
  const finished = (source.tasks.planned ?? []).some((t) => t.finished);
  if (request.pending === 'keep' && finished) {
    warnings.push({
      code: 'pending_dropped',
      message:
        'A new checkpoint in the same thread gives its tasks new ids, so what the finished tasks of this step have written does not count for it: they run again.',
      remedy: 'Fork into a new thread to keep them.',
    });
  }
  if (namespace === '') {
    warnings.push({
      code: 'becomes_head',
      message:
        'LangGraph takes the newest checkpoint of a thread for its head: the thread goes on from here, and its other branch only by checkpoint id.',
      remedy: 'Fork into a new thread to leave the head where it is.',
    });
  } else if (namespace.includes(':') && hostTaskOf(own.read, source.point) === 'finished') {
    warnings.push({
      code: 'not_resumed',
      message: 'The task that this sub-graph ran in has finished: LangGraph will not go on from the new checkpoint.',
      remedy: 'Fork the checkpoint of the parent graph before that task.',
    });
  }
  const ahead = namespace === '' ? statefulAhead(source, context) : [];
  if (ahead.length > 0) {
    const names = ahead.map((n) => `\`${n}\``).join(', ');
    warnings.push({
      code: 'subgraph_ahead',
      message: `The sub-graph ${names} keeps its state from run to run, and has run since this checkpoint: going on by the thread alone finds it in its newest state. Named by its id, LangGraph takes the sub-graph back as well${row.under ? '' : ', here by one step too many: to where it stood at the parent of this checkpoint'}.`,
      remedy: row.under
        ? 'Go on with the code that is given after the commit, which names the new checkpoint; or fork into a new thread.'
        : 'Fork into a new thread.',
    });
  }
  const guards: UndoGuard[] = [
    {
      kind: 'rows',
      describe: `checkpoints that thread ${shownName(thread)} has written since`,
      sql: 'SELECT checkpoint_ns, checkpoint_id FROM checkpoints WHERE thread_id = ? AND checkpoint_id > ? ORDER BY checkpoint_ns, checkpoint_id',
      params: [thread, row.id],
    },
    {
      kind: 'rows',
      describe: 'what has been written at the new checkpoint',
      sql: 'SELECT task_id, idx FROM writes WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ? ORDER BY task_id, idx',
      params: [thread, namespace, row.id],
    },
  ];
  return {
    changes: { backend: 'sqlite', changes: [row.change], guards },
    warnings: [...warnings, ...neighbourWarnings(own.reader, false)],
    target: { thread, id: row.id },
    resume: resumeCode(source.point.dialect, thread, ahead.length > 0 ? row.id : null, []),
    edited: edited === null ? null : { before: edited.before, after: edited.after },
    follows: edited?.follows ?? [],
  };
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

function intoNewThread(
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
  const guards: UndoGuard[] = [
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
  return {
    changes: { backend: 'sqlite', changes, guards },
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

/** Plans a fork or an edit of one point. Throws `unable`, `exists`, `not_found`, `bad_value` with the reason. */
export function planFork(own: PlanSource, request: ForkRequest, context: PlanContext): StorePlan {
  const source = sourceOf(own, context, request.key);
  const refusal = request.target.kind === 'in-place' || request.edits.length > 0 ? newRowRefusal(source.point) : null;
  if (refusal !== null) throw refusal;
  const edited = editValues(source.point, source.shown?.root ?? null, request.edits, request.leave);
  const plan =
    request.target.kind === 'in-place'
      ? inPlace(own, request, source, edited, context)
      : intoNewThread(own, request, request.target.thread, source, edited, context);
  return { ...plan, warnings: [...(edited?.warnings ?? []), ...olderWarnings(source.point), ...plan.warnings] };
}
