// The one new row of a fork in place or of an edit: its id, its cells, and where it stands.

import { nonceBytes } from './cell-key.ts';
import { makeId, ticksAt, ticksOf } from './ids.ts';
import { deltaRow } from './plan-delta.ts';
import { newCheckpointCell, newMetadata } from './plan-row.ts';
import type { EditedValues } from './plan-row.ts';
import type { PlanSource, Source } from './plan-source.ts';
import type { Point } from './point.ts';
import type { WriteRow } from './rows.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { SqliteChange, SqlRow, SqlValue } from '../backend.ts';
import type { ForkRequest, PlanContext } from '../store.ts';

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
    throw new ForkpointError(
      'unable',
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

export interface NewRow {
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
export function newRow(
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
