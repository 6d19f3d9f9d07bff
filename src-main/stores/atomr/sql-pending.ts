// How a run stands at a row, and what would happen next. A label is all that tells: a pause is marked, everything else (done, failed,
// crashed, running) leaves the same row.

import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Status } from '../../../shared/model/status.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { SqlRow } from '../backend.ts';
import { numberCell, textCell } from '../records/cells.ts';
import type { PendingView } from '../store.ts';
import { isPause, payloadChannel, readLabel, type Label, type Pause } from './labels.ts';
import { runCode } from './resume.ts';
import { interruptTable, tableOf, type RowView } from './rows.ts';
import type { SqlPoints } from './sql-points.ts';
import type { SqlSource } from './sql-source.ts';

/** Forks of forks that are followed to a pause. */
const forksFollowed = 32;

/** The pause in which a row stands: its own, or that of the row that it was forked from. */
export function pauseAt(source: SqlSource, points: SqlPoints, index: PointIndex): Pause | null {
  let label: Label = readLabel(points.labelOf(index));
  const id = points.idOf(index);
  if (!/^-?\d+$/.test(id)) return isPause(label) ? label : null;
  for (let i = 0; i < forksFollowed && label.kind === 'fork'; i += 1) {
    const origin = source.labelAt(points.workflow, label.run, BigInt(id));
    if (origin === undefined) return null;
    label = readLabel(origin);
  }
  return isPause(label) ? label : null;
}

/** Another layer has followed this row, so there is one. */
function wentOn(points: SqlPoints, index: PointIndex): boolean {
  return index < points.count - 1;
}

export function statusAt(source: SqlSource, points: SqlPoints, index: PointIndex): Status {
  if (pauseAt(source, points, index) !== null) return 'interrupted';
  return wentOn(points, index) ? 'idle' : 'unknown';
}

const nothingTells =
  'Nothing tells whether a layer is left to run: a run that is done, failed, crashed or is still at work leaves the same row.';

export function pendingAt(source: SqlSource, points: SqlPoints, index: PointIndex, row: RowView): PendingView {
  const pause = pauseAt(source, points, index);
  const isHead = index === points.count - 1;
  const resumable = isHead && row.refused === null && points.unlistable === null;
  return {
    status: statusAt(source, points, index),
    next: pause === null ? [] : [pause.node],
    tasks: pause === null ? [] : [taskOf(pause, row)],
    resumable,
    reason: reasonAt(source, points, index, row, pause),
    resume: resumable ? runCode(points.workflow, points.run, pause) : null,
  };
}

function taskOf(pause: Pause, row: RowView): PendingView['tasks'][number] {
  // At a break point the channel holds an earlier question, if any.
  const value = pause.kind === 'interrupt' ? (row.values?.get(payloadChannel) ?? null) : null;
  return {
    id: null,
    name: pause.node,
    error: null,
    interrupts: [{ id: null, value, schema: null }],
    writes: [],
    argument: null,
  };
}

function reasonAt(source: SqlSource, points: SqlPoints, index: PointIndex, row: RowView, pause: Pause | null): string {
  const sentences: string[] = [];
  if (row.refused !== null) sentences.push(`atomr cannot load this row: ${row.refused}.`);
  if (pause?.kind === 'interrupt') {
    sentences.push(
      `${shownName(pause.node)} asked, and the run waits. The answer is given to \`resume\`; the store has no place for it, and a plain \`run()\` asks again.`,
    );
  } else if (pause !== null) {
    sentences.push(
      `The run waits before ${shownName(pause.node)} (a break point). \`resume(Continue)\` passes it; a plain \`run()\` with this break point stops here again.`,
    );
  } else if (!wentOn(points, index)) {
    sentences.push(nothingTells);
    const highest = source.highestStep(points.workflow);
    if (highest !== null && row.stepValue !== null && highest > Number(row.stepValue)) {
      sentences.push(`Other runs of this workflow went on to super step ${highest}.`);
    }
  }
  if (points.isStale(index)) {
    sentences.push(
      'A lower super step was saved after this row, as after a `Goto` back. atomr goes by the highest super step all the same: it takes this row, and finds the layers below done.',
    );
    sentences.push(...unreachable(points));
  }
  if (index < points.count - 1) {
    sentences.push('atomr takes the highest super step of a run only: fork this point to run on from it.');
  }
  sentences.push(...registryOf(source, points));
  return sentences.join(' ');
}

/** Of a pause that a `Goto` back has led to, and that no call reaches any more. */
function unreachable(points: SqlPoints): readonly string[] {
  const last = points.lastSaved();
  const label = readLabel(points.labelOf(last));
  if (!isPause(label)) return [];
  return [
    `The row that was saved last is super step ${points.idOf(last)}, where ${shownName(label.node)} waits; neither \`run()\` nor \`resume\` comes to it. Fork that row in place, which removes the rows behind it, or into a new run.`,
  ];
}

/** Open entries of the registry name the run; nothing links them to a row. */
export function openInterrupts(source: SqlSource, workflow: string, run: string): readonly SqlRow[] {
  if (tableOf(source.reader, interruptTable) === null) return [];
  return source.reader.all(
    `SELECT interrupt_id, step, requested_role, assignee, status FROM ${interruptTable}
     WHERE workflow = ? AND run = ? AND status NOT IN ('Resolved', 'Expired') ORDER BY rowid`,
    [workflow, run],
  );
}

function registryOf(source: SqlSource, points: SqlPoints): readonly string[] {
  return openInterrupts(source, points.workflow, points.run).map((entry) => {
    const role = textCell(entry['requested_role']);
    const assignee = textCell(entry['assignee']);
    const whom = role === null ? '' : ` for ${shownName(role)}`;
    const by = assignee === null ? '' : `, taken by ${shownName(assignee)}`;
    return `The interrupt registry has an entry of this run at step ${numberCell(entry['step'])}${whom}: ${textCell(entry['status']) ?? 'Pending'}${by}.`;
  });
}
