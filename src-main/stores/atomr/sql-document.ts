// The thread document of a run: its rows and its step records, column by column. A step record names its run twice, in columns and
// inside its JSON; an import writes both. The interrupt registry and the outbox are one for all runs and stay where they are.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { patched, utf8, type Patch } from '../../values/bytes.ts';
import type { SqliteChange, SqliteReader, SqlRow, SqlValue } from '../backend.ts';
import { quoted } from '../sqlite/reader.ts';
import { badRecord } from '../document-refusals.ts';
import type { ImportRequest, PlanContext, StorePlan, ThreadRecord } from '../store.ts';
import { newParts, threadOf } from './ids.ts';
import { readLabel } from './labels.ts';
import { runCode } from './resume.ts';
import {
  checkpointColumns,
  checkpointTable,
  openJson,
  recordColumns,
  recordTable,
  tableOf,
  valuesRefusal,
} from './rows.ts';
import { expectNewRun, guardOf, storeWarnings } from './sql-fork.ts';
import type { SqlPoints } from './sql-points.ts';
import type { SqlSource } from './sql-source.ts';

export const sqlDialect = 'sql';

type Cell = ThreadRecord['cells'][number];

/** Rows, then step records; each by its super step. */
export function* exportRun(source: SqlSource, points: SqlPoints): Generator<ThreadRecord, void, void> {
  for (const name of [checkpointTable, recordTable]) yield* exportTable(source.reader, name, points);
}

function* exportTable(reader: SqliteReader, name: string, points: SqlPoints): Generator<ThreadRecord, void, void> {
  const table = tableOf(reader, name);
  if (table === null) return;
  const columns = table.columns.map((column) => column.name);
  const selection = columns
    .map((column, i) => `typeof(${quoted(column)}) AS t${i}, ${cellSelection(column)} AS c${i}`)
    .join(', ');
  const numbers = reader
    .allArrays(`SELECT rowid FROM ${name} WHERE workflow_id = ? AND run_id = ? ORDER BY super_step`, [
      points.workflow,
      points.run,
    ])
    .map(([number]) => Number(number));
  for (const number of numbers) {
    const row = reader.get(`SELECT ${selection} FROM ${name} WHERE rowid = ?`, [BigInt(number)]);
    if (row === null) continue;
    yield { kind: name, cells: columns.map((column, i) => cellOf(column, row[`t${i}`], row[`c${i}`])) };
  }
}

/** Text as its bytes, whatever they are; numbers as they are. */
function cellSelection(column: string): string {
  return `CASE WHEN typeof(${quoted(column)}) = 'text' THEN CAST(${quoted(column)} AS BLOB) ELSE ${quoted(column)} END`;
}

function cellOf(name: string, type: SqlValue | undefined, value: SqlValue | undefined): Cell {
  const storage = type === 'text' || type === 'integer' || type === 'real' || type === 'blob' ? type : 'null';
  if (value instanceof Uint8Array) return { name, storage, bytes: value };
  return { name, storage, bytes: storage === 'null' ? new Uint8Array() : utf8(numberText(value)) };
}

/** Reals with a point or an exponent, so that they come back as what they were. */
function numberText(value: SqlValue | undefined): string {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}

function bad(index: number, what: string): ForkpointError {
  return badRecord(index, what, 'Export the run again from its store.');
}

/** Throws `unable` for a document that is none of a run in a database. */
export function expectDocument(request: ImportRequest, dialects: readonly string[], what: string): void {
  const { format, framework, dialect } = request.document;
  if (format === 'atomr' && dialects.includes(dialect)) return;
  throw new ForkpointError(
    'unable',
    `This document is ${format === 'atomr' ? `of another kind of atomr store (${dialect})` : `a thread of ${framework}`}; this store holds ${what}. Nothing was changed.`,
    'Import it into a store of the kind it came from.',
  );
}

export function planSqlImport(source: SqlSource, request: ImportRequest, context: PlanContext): StorePlan {
  expectDocument(request, [sqlDialect], 'runs of workflows in a database');
  const [workflow, run] = newParts(request.thread, 'run', '<workflow>');
  expectNewRun(source, workflow, run, context);
  const thread = threadOf(workflow, run);
  const warnings: Warning[] = [];
  const changes: SqliteChange[] = [];
  const left = new Map<string, Set<string>>();
  const steps = new Set<string>();
  let last: { readonly step: bigint; readonly label: string } | null = null;
  let recordsLeft = 0;
  request.document.records.forEach((record, index) => {
    const { kind } = record;
    if (kind !== checkpointTable && kind !== recordTable) throw bad(index, `it is of the kind ${shownName(kind)}`);
    const table = tableOf(source.reader, kind);
    if (table === null) {
      recordsLeft += 1;
      return;
    }
    const row = rowOf(record, index, kind === checkpointTable ? checkpointColumns : recordColumns);
    const step = row['super_step'];
    if (typeof step !== 'bigint') throw bad(index, 'its super_step is not an integer');
    if (steps.has(`${kind} ${step}`)) throw bad(index, `super step ${step} stands there twice`);
    steps.add(`${kind} ${step}`);
    const isRow = kind === checkpointTable;
    const json = row[isRow ? 'values_json' : 'record_json'];
    if (typeof json !== 'string') throw bad(index, 'its JSON is not stored as text');
    const set: Record<string, SqlValue> = { ...row, workflow_id: workflow, run_id: run };
    if (isRow) last = checkedRow(row, json, index, last);
    else set['record_json'] = renamedRecord(json, workflow, run, index);
    const known = new Set(table.columns.map((column) => column.name));
    for (const name of Object.keys(set)) {
      if (known.has(name)) continue;
      left.set(kind, (left.get(kind) ?? new Set()).add(name));
      delete set[name];
    }
    const key = isRow ? formatKey({ thread, namespace: '', id: String(step), nth: 0 }) : null;
    changes.push({ kind: 'insert', table: kind, row: set, key });
  });
  if (last === null) throw bad(0, 'there are no rows in it');
  const { step, label } = last as { readonly step: bigint; readonly label: string };
  if (recordsLeft > 0) {
    warnings.push({
      code: 'step_records_left',
      message: `This file has no table of step records: ${recordsLeft} of them are left out. atomr makes the table when a recording run opens the file.`,
      remedy: null,
    });
  }
  for (const [name, columns] of left) {
    warnings.push({
      code: 'columns_left',
      message: `\`${name}\` here has no column ${[...columns].map((column) => shownName(column)).join(', ')}: what stands there is left out.`,
      remedy: null,
    });
  }
  const read = readLabel(label);
  return {
    changes: { backend: 'sqlite', changes, guards: [guardOf(workflow, run)] },
    warnings: [...warnings, ...storeWarnings(source)],
    target: { thread, id: String(step) },
    resume: runCode(workflow, run, read.kind === 'interrupt' || read.kind === 'before' ? read : null),
    edited: null,
    follows: [],
  };
}

type Last = { readonly step: bigint; readonly label: string } | null;

/** Throws for a row that atomr could not load; gives the highest one so far. */
function checkedRow(row: SqlRow, json: string, index: number, last: Last): Last {
  const label = row['label'];
  const step = row['super_step'];
  if (typeof label !== 'string') throw bad(index, 'its label is not stored as text');
  if (typeof row['timestamp_ms'] !== 'bigint') throw bad(index, 'its timestamp_ms is not an integer');
  const values = openJson(utf8(json));
  const refusal = 'reason' in values ? values.reason : valuesRefusal(values);
  if (refusal !== null) throw bad(index, `atomr could not load it: ${refusal}`);
  return typeof step === 'bigint' && (last === null || step > last.step) ? { step, label } : last;
}

function rowOf(record: ThreadRecord, index: number, needed: readonly string[]): SqlRow {
  const row: Record<string, SqlValue> = {};
  for (const cell of record.cells) row[cell.name] = valueOf(cell, index);
  const missing = needed.find((name) => row[name] === undefined);
  if (missing !== undefined) throw bad(index, `it has no \`${missing}\``);
  return row;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function valueOf(cell: Cell, index: number): SqlValue {
  if (cell.storage === 'null') return null;
  if (cell.storage === 'blob') return cell.bytes;
  let text: string;
  try {
    text = decoder.decode(cell.bytes);
  } catch {
    throw bad(index, `its ${shownName(cell.name)} is not valid UTF-8`);
  }
  if (cell.storage === 'text') return text;
  if (cell.storage === 'real') return Number(text);
  if (!/^-?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) {
    throw bad(index, `its ${shownName(cell.name)} is no integer that SQLite holds`);
  }
  return BigInt(text);
}

/** The same record of another run: its `key` says which, a second time. */
function renamedRecord(json: string, workflow: string, run: string, index: number): string {
  const record = openJson(utf8(json));
  if ('reason' in record) throw bad(index, record.reason);
  const key = record.get('key');
  const patches: Patch[] = [];
  for (const [name, value] of [
    ['workflow_id', workflow],
    ['run_id', run],
  ] as const) {
    const member = key?.get(name) ?? null;
    if (member !== null) patches.push({ start: member.start, end: member.end, bytes: utf8(JSON.stringify(value)) });
  }
  return Buffer.from(patched(record.source, 0, record.source.length, patches)).toString('utf8');
}
