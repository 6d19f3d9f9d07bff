// Forking and editing a row, by the measured experiments. Into a new run: one row of the same super step, as atomr's own fork writes it;
// the layers behind it then run in the new run. In place: the rows behind the point are removed, since atomr goes by the highest super
// step (an older row that is only edited is never looked at again); the point's own row is saved again with the edit.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { ChangeSet, SqlRow, SqliteChange, UndoGuard } from '../backend.ts';
import { foreignTables, numberCell, textCell } from '../records/cells.ts';
import type { EditRequest, ForkRequest, PlanContext, StorePlan } from '../store.ts';
import { editState, hugeIntegerWarnings, memberNames, nothingToEdit, type EditedState } from './edits.ts';
import { indexReason, newParts, threadOf } from './ids.ts';
import { forkPrefix, payloadChannel } from './labels.ts';
import { runCode } from './resume.ts';
import {
  checkpointTable,
  openJson,
  outboxTable,
  ownTables,
  readRow,
  recordTable,
  rowSelection,
  tableOf,
  valuesRefusal,
  type RowView,
} from './rows.ts';
import { openInterrupts, pauseAt, statusAt } from './sql-pending.ts';
import type { SqlPoints } from './sql-points.ts';
import type { SqlSource } from './sql-source.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface Point {
  readonly points: SqlPoints;
  readonly index: PointIndex;
}

export function planSqlFork(
  source: SqlSource,
  { points, index }: Point,
  request: ForkRequest | EditRequest,
  context: PlanContext,
): StorePlan {
  if (request.operation === 'edit' && request.edits.length === 0) throw nothingToEdit();
  const { workflow, run } = points;
  const step = points.idOf(index);
  const row = reliedRow(points, index, context);
  const edited = editState(row.values!, request.edits, 'json-serde');
  const refusal = edited.sides === null ? null : valuesRefusal(edited.sides.after);
  if (refusal !== null) {
    throw new ForkpointError(
      'bad_value',
      `atomr could not load this state: ${refusal}. Nothing was changed.`,
      'Give the state as an object of channels.',
    );
  }
  const target = request.operation === 'fork' && request.target.kind === 'thread' ? request.target.thread : null;
  const pause = pauseAt(source, points, index);
  const warnings: Warning[] = [
    ...edited.warnings,
    ...hugeIntegerWarnings(request.edits),
    ...channelWarnings(edited),
    ...pointWarnings(source, points, index),
    ...effectWarnings(source, points, index),
  ];
  const now = BigInt(context.draw.now());
  if (target === null) {
    const changes = inPlace(points, index, row, edited, now, context);
    return {
      changes,
      warnings: [...warnings, ...inPlaceWarnings(source, points, index, changes), ...storeWarnings(source)],
      target: { thread: points.thread, id: step },
      resume: runCode(workflow, run, pause),
      edited: edited.sides,
      follows: [],
    };
  }
  const [newWorkflow, newRun] = newParts(target, 'run', threadOf(workflow, '').slice(0, -1));
  expectNewRun(source, newWorkflow, newRun, context);
  return {
    changes: newRunChanges(source, points, row, { workflow: newWorkflow, run: newRun }, edited, now),
    warnings: [
      ...warnings,
      ...newRunWarnings(source, points, index, newWorkflow, pause !== null),
      ...storeWarnings(source),
    ],
    target: { thread: threadOf(newWorkflow, newRun), id: step },
    resume: runCode(newWorkflow, newRun, pause),
    edited: edited.sides,
    follows: [],
  };
}

/** The row of the point as it stands now, relied on. Throws where atomr could not load what would be made of it. */
function reliedRow(points: SqlPoints, index: PointIndex, context: PlanContext): RowView {
  const step = points.idOf(index);
  const isIndex = indexReason(points);
  if (isIndex !== null) throw new ForkpointError('unable', `${isIndex} Nothing was changed.`);
  if (!/^-?\d+$/.test(step)) {
    throw new ForkpointError(
      'corrupt',
      `The super step ${step} is not stored as an integer; atomr could not load the fork. Nothing was changed.`,
      'Fork another point.',
    );
  }
  const [stored] = context.relying.relyOnRows(
    `the row of super step ${step}`,
    `SELECT ${rowSelection} FROM ${checkpointTable} WHERE workflow_id = ? AND run_id = ? AND super_step = ?`,
    [points.workflow, points.run, BigInt(step)],
  );
  if (stored === undefined) {
    throw new ForkpointError('moved', 'This row was removed meanwhile. Nothing was changed.', 'Reload the thread.');
  }
  const row = readRow(stored);
  if (row.refused === null && row.values !== null) return row;
  throw new ForkpointError(
    'corrupt',
    `atomr could not load a fork of super step ${step}: ${row.refused ?? 'it holds no values'}. Nothing was changed.`,
    'Fork another point.',
  );
}

/** Records that nothing of this run exists. */
export function expectNewRun(source: SqlSource, workflow: string, run: string, context: PlanContext): void {
  const name = shownName(threadOf(workflow, run));
  const tables = [checkpointTable, recordTable].filter((table) => tableOf(source.reader, table) !== null);
  for (const table of tables) {
    const rows = context.relying.relyOnRows(
      `that ${name} does not exist`,
      `SELECT 1 AS taken FROM ${table} WHERE workflow_id = ? AND run_id = ? LIMIT 1`,
      [workflow, run],
    );
    if (rows.length === 0) continue;
    throw new ForkpointError(
      'exists',
      `${name} already exists in this store${table === recordTable ? ' (it has step records)' : ''}. Nothing was changed.`,
      'Choose another id for the new run.',
    );
  }
}

function newRunChanges(
  source: SqlSource,
  points: SqlPoints,
  row: RowView,
  target: { readonly workflow: string; readonly run: string },
  edited: EditedState,
  now: bigint,
): ChangeSet {
  const columns = tableOf(source.reader, checkpointTable)?.columns.map((column) => column.name) ?? [];
  const set: Record<string, SqlRow[string]> = {
    workflow_id: target.workflow,
    run_id: target.run,
    label: `${forkPrefix}${points.run}`,
    timestamp_ms: now,
  };
  if (edited.bytes !== null) set['values_json'] = textOf(edited.bytes);
  const thread = threadOf(target.workflow, target.run);
  const change: SqliteChange = {
    kind: 'copy',
    table: checkpointTable,
    columns,
    identity: identityOf(points, row),
    set,
    bytes: edited.bytes?.length ?? row.values?.source.length ?? 0,
    key: formatKey({ thread, namespace: '', id: row.step, nth: 0 }),
  };
  return { backend: 'sqlite', changes: [change], guards: [guardOf(target.workflow, target.run)] };
}

function inPlace(
  points: SqlPoints,
  index: PointIndex,
  row: RowView,
  edited: EditedState,
  now: bigint,
  context: PlanContext,
): ChangeSet {
  const higher = context.relying.relyOnRows(
    `the rows behind super step ${row.step}`,
    `SELECT super_step, label, timestamp_ms, octet_length(values_json) AS bytes FROM ${checkpointTable}
     WHERE workflow_id = ? AND run_id = ? AND super_step > ? ORDER BY super_step DESC`,
    [points.workflow, points.run, row.stepValue],
  );
  if (higher.length === 0 && edited.bytes === null) {
    throw new ForkpointError(
      'unable',
      'This is the latest row of its run already, and there is no edit: nothing would change.',
      'Fork it into a new run, or give an edit.',
    );
  }
  const changes: SqliteChange[] = higher.map((one) => ({
    kind: 'delete',
    table: checkpointTable,
    identity: { workflow_id: points.workflow, run_id: points.run, super_step: one['super_step'] ?? null },
    bytes: numberCell(one['bytes']),
    key: keyOfStep(points, one),
  }));
  if (edited.bytes !== null) {
    changes.push({
      kind: 'update',
      table: checkpointTable,
      identity: identityOf(points, row),
      set: { values_json: textOf(edited.bytes), timestamp_ms: now },
      bytes: edited.bytes.length,
      key: points.keyOf(index),
    });
  }
  return { backend: 'sqlite', changes, guards: [guardOf(points.workflow, points.run)] };
}

function keyOfStep(points: SqlPoints, row: SqlRow): string | null {
  const at = points.find('', String(row['super_step']), 0);
  return at < 0 ? null : points.keyOf(at);
}

function identityOf(points: SqlPoints, row: RowView): SqlRow {
  return { workflow_id: points.workflow, run_id: points.run, super_step: row.stepValue };
}

/** Undo must find that nobody went on from what we wrote. */
export function guardOf(workflow: string, run: string): UndoGuard {
  return {
    kind: 'rows',
    describe: `the rows of run ${shownName(threadOf(workflow, run))}`,
    sql: `SELECT super_step, label, timestamp_ms FROM ${checkpointTable} WHERE workflow_id = ? AND run_id = ? ORDER BY super_step`,
    params: [workflow, run],
  };
}

export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ForkpointError('corrupt', 'These values are not valid UTF-8. Nothing was changed.');
  }
}

// ── Warnings ───────────────────────────────────────────────────────────────────────────────────────────────────────

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => shownName(name));
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}

function channelWarnings(edited: EditedState): Warning[] {
  if (edited.sides === null) return [];
  const warnings: Warning[] = [];
  const [had, has] = [memberNames(edited.sides.before), memberNames(edited.sides.after)];
  const added = [...has].filter((name) => !had.has(name) && name !== payloadChannel);
  const gone = [...had].filter((name) => !has.has(name) && name !== payloadChannel);
  if (added.length > 0) {
    warnings.push({
      code: 'new_channel',
      message: `${listed(added)} was no channel of this state: unless the schema has it, atomr carries it along unseen, and a step that writes it fails.`,
      remedy: null,
    });
  }
  if (gone.length > 0) {
    warnings.push({
      code: 'removed_channel',
      message: `${listed(gone)} is gone from the state: atomr reads it as null, the default of the schema is not applied.`,
      remedy: 'Set it to an empty value instead.',
    });
  }
  if (edited.warnings.some((warning) => warning.code === 'type_change')) {
    warnings.push({
      code: 'reducer_changes',
      message:
        'Reducers refuse no type: where a channel appends, what is no list becomes its first item; where it merges, what is no object is dropped.',
      remedy: 'Keep the type that stood there.',
    });
  }
  return warnings;
}

function pointWarnings(source: SqlSource, points: SqlPoints, index: PointIndex): Warning[] {
  const warnings: Warning[] = [];
  const step = BigInt(points.idOf(index));
  const highest = source.highestStep(points.workflow);
  const isPause = statusAt(source, points, index) === 'interrupted';
  if (step < 0n) {
    warnings.push({
      code: 'nothing_left',
      message: 'atomr reads a negative super step as a huge one: it finds every layer done and runs nothing.',
      remedy: 'Fork another point.',
    });
  } else if (!isPause && (highest === null || step >= highest)) {
    warnings.push({
      code: 'nothing_left',
      message: `No run of this workflow has gone beyond super step ${step}: if that is its last layer, nothing is left to run, and atomr says "done" without running anything.`,
      remedy: 'Fork an earlier point to run on from there.',
    });
  }
  if (points.isStale(index)) {
    warnings.push({
      code: 'stale_row',
      message: points.reasonOf(index),
      remedy: 'Fork the row that was saved last.',
    });
  }
  return warnings;
}

/** Tools with outside effects that step records name behind a point. */
function effectfulTools(source: SqlSource, points: SqlPoints, step: bigint): readonly string[] {
  if (tableOf(source.reader, recordTable) === null) return [];
  const rows = source.reader.all(
    `SELECT CAST(record_json AS BLOB) AS record FROM ${recordTable} WHERE workflow_id = ? AND run_id = ? AND super_step > ?
     ORDER BY super_step LIMIT 200`,
    [points.workflow, points.run, step],
  );
  const names = new Set<string>();
  for (const row of rows) {
    const record = row['record'] instanceof Uint8Array ? openJson(row['record']) : null;
    const calls = record === null || 'reason' in record ? null : record.get('tool_calls');
    if (calls?.kind !== 'list') continue;
    for (let i = 0; i < calls.count; i += 1) {
      const call = calls.child(i);
      const effect = call.get('is_side_effecting');
      const tool = call.get('tool');
      if (effect?.kind !== 'boolean' || !effect.bool()) continue;
      if (tool?.kind === 'string' && tool.isUnicode()) names.add(tool.text());
    }
  }
  return [...names];
}

function effectWarnings(source: SqlSource, points: SqlPoints, index: PointIndex): Warning[] {
  const step = BigInt(points.idOf(index));
  const later = points.count - 1 - index;
  const tools = effectfulTools(source, points, step);
  if (later === 0 && tools.length === 0) return [];
  const named = tools.length === 0 ? '' : ` The step records name tools with outside effects: ${listed(tools)}.`;
  return [
    {
      code: 'effects_again',
      message: `The layers behind super step ${step} run again, and whatever they do outside happens again.${named}`,
      remedy: null,
    },
  ];
}

function newRunWarnings(
  source: SqlSource,
  points: SqlPoints,
  index: PointIndex,
  workflow: string,
  pauses: boolean,
): Warning[] {
  const warnings: Warning[] = [];
  if (workflow !== points.workflow) {
    warnings.push({
      code: 'other_workflow',
      message: `The new run belongs to workflow ${shownName(workflow)}: atomr counts the layers of whatever graph its worker has, and does not notice that the state is of another.`,
      remedy: null,
    });
  }
  if (pauses) {
    warnings.push({
      code: 'pauses_again',
      message:
        'The point waits for an answer, and so does the fork. `resume` answers it; a plain `run()` asks again and saves its pause over this row, so that the store no longer says where the fork came from.',
      remedy: null,
    });
  }
  const open = openInterrupts(source, points.workflow, points.run);
  if (open.length > 0) {
    const ids = open.map((entry) => textCell(entry['interrupt_id']) ?? '');
    const outbox = tableOf(source.reader, outboxTable) === null ? '' : ' Nor is the outbox copied.';
    warnings.push({
      code: 'shared_interrupts',
      message: `The interrupt registry has open entries of the run that is forked (${listed(ids)}). They stay its own: whoever answers one answers that run, not the fork.${outbox}`,
      remedy: 'Register an entry for the new run.',
    });
  }
  const records =
    tableOf(source.reader, recordTable) !== null &&
    source.reader.get(
      `SELECT 1 AS one FROM ${recordTable} WHERE workflow_id = ? AND run_id = ? AND super_step <= ? LIMIT 1`,
      [points.workflow, points.run, BigInt(points.idOf(index))],
    ) !== null;
  if (records) {
    warnings.push({
      code: 'step_records_stay',
      message:
        'The step records of the run that is forked are not copied, as with atomr’s own fork: a replay of the new run begins where it was forked.',
      remedy: null,
    });
  }
  return warnings;
}

function inPlaceWarnings(source: SqlSource, points: SqlPoints, index: PointIndex, changes: ChangeSet): Warning[] {
  const removed = points.count - 1 - index;
  const warnings: Warning[] = [];
  if (removed > 0) {
    warnings.push({
      code: 'rows_removed',
      message: `atomr goes by the highest super step, so the ${removed === 1 ? 'row' : `${removed} rows`} behind super step ${points.idOf(index)} ${removed === 1 ? 'is' : 'are'} removed; the run then writes ${removed === 1 ? 'it' : 'them'} anew. Step records stay.`,
      remedy: 'Fork into a new run to keep both.',
    });
  }
  if (changes.backend === 'sqlite' && changes.changes.some((change) => change.kind === 'update')) {
    warnings.push({
      code: 'row_replaced',
      message:
        'atomr keeps one row for each super step: the edit takes the place of what stood there. Undo brings it back.',
      remedy: 'Fork into a new run to keep both.',
    });
  }
  if (statusAt(source, points, points.count - 1) !== 'interrupted') {
    warnings.push({
      code: 'may_be_running',
      message:
        'Nothing in the store tells whether this run is still at work. If it is, it does not notice the change and saves over it.',
      remedy: 'Commit when no worker has this run.',
    });
  }
  return warnings;
}

export function storeWarnings(source: SqlSource): Warning[] {
  const warnings: Warning[] = [];
  const triggers = source.reader.triggers().filter((trigger) => ownTables.has(trigger.table));
  if (triggers.length > 0) {
    warnings.push({
      code: 'triggers',
      message: `This file has triggers of its own on the tables of atomr (${listed(triggers.map((t) => t.name))}): other tables may change too, and undo does not take that back.`,
      remedy: null,
    });
  }
  const foreign = foreignTables(source.reader, ownTables);
  if (foreign.length > 0) {
    warnings.push({
      code: 'foreign_tables',
      message: `This file also holds tables of its host (${foreign.join(', ')}): what they know of the run is left as it is.`,
      remedy: null,
    });
  }
  return warnings;
}
