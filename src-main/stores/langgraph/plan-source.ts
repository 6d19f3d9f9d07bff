// The point that is forked, with all that a plan relies on, and what its user should know of it.

import { textOf } from './cells.ts';
import type { ShownState } from './delta.ts';
import { forkRefusal } from './fork-refusal.ts';
import type { WriterDialect } from './ids.ts';
import type { Layout } from './layout.ts';
import { isRouting, nextTasks } from './next.ts';
import { relyingDelta } from './plan-delta.ts';
import type { EditedValues } from './plan-row.ts';
import { openPoint } from './point.ts';
import type { Point } from './point.ts';
import { checkpointOf, checkpointSelect, pointWhere, writeOf, writesSelect } from './rows.ts';
import type { RowReader, WriteRow } from './rows.ts';
import { tasksOf } from './tasks.ts';
import type { PointTasks } from './tasks.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { parseKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { SqliteReader } from '../backend.ts';
import type { PlanContext } from '../store.ts';

/** What a planner of an open store works with, besides what it relies on. */
export interface PlanSource {
  readonly reader: SqliteReader;
  readonly read: RowReader;
  readonly layout: Layout;
  readonly dialect: WriterDialect | null;
}

/** The point that is forked. */
export interface Source {
  readonly point: Point;
  /** The values with those of delta channels, null for a point without values. */
  readonly shown: ShownState | null;
  readonly writes: readonly WriteRow[];
  readonly tasks: PointTasks;
  readonly isHead: boolean;
  /** Newest id of the thread over all namespaces, and of the point's own namespace. */
  readonly newest: string;
}

/** Reads the point of a key, and relies on it; throws `not_found`, or `unable` where nothing can be forked from it. */
export function sourceOf(own: PlanSource, context: PlanContext, key: string): Source {
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

/** What the user should know of the point from which the thread will go on. */
export function situationWarnings(source: Source, edited: EditedValues | null, kept: boolean): Warning[] {
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
