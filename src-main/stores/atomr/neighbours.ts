// What atomr keeps beside the rows of a run: step records (inference and tool calls), the interrupt registry, the outbox.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import { utf8 } from '../../values/bytes.ts';
import { openValue, opaqueValue } from '../../values/open.ts';
import { compose } from '../../values/splice.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { SqliteReader, SqlRow, SqlValue } from '../backend.ts';
import { bytesCell } from '../records/cells.ts';
import type { NeighbourRecord } from '../store.ts';
import { isPause, readLabel } from './labels.ts';
import { interruptTable, isoTime, openJson, outboxTable, recordTable, stepText, tableOf } from './rows.ts';
import type { SqlPoints } from './sql-points.ts';

/** Rows of one statement. */
const page = 200;

/** Rows of a table that belong to a run, in the order in which they were written; no statement stays open between two of them. */
function* rowsOf(reader: SqliteReader, table: string, where: string, params: readonly SqlValue[]): Generator<SqlRow> {
  if (tableOf(reader, table) === null) return;
  let after = -(2n ** 63n);
  for (;;) {
    const rows = reader.all(
      `SELECT t.rowid AS position, t.* FROM ${table} AS t WHERE ${where} AND t.rowid > ? ORDER BY t.rowid LIMIT ${page}`,
      [...params, after],
    );
    yield* rows;
    const last = rows.at(-1)?.['position'];
    if (rows.length < page || typeof last !== 'bigint') return;
    after = last;
  }
}

/** A cell with JSON in it; bytes that are none are shown as they are. */
function jsonCell(value: SqlValue | undefined): Cursor {
  const bytes = bytesCell(value);
  const opened = openJson(bytes);
  return 'reason' in opened ? opaqueValue('damaged', bytes) : opened;
}

/** The row as one JSON object; the text of a JSON cell stands in it as it is stored. */
function rowContent(row: SqlRow, jsonColumn: string): Cursor {
  const members = Object.entries(row)
    .filter(([name]) => name !== 'position')
    .map(([name, value]): [string, Uint8Array] => {
      if (name !== jsonColumn) return [name, cellText(value)];
      const cell = jsonCell(value);
      return cell.kind === 'opaque'
        ? [name, cellText(Buffer.from(bytesCell(value)).toString('latin1'))]
        : [name, cell.slice()];
    });
  return openValue('json', compose('json-serde', members));
}

function cellText(value: SqlValue): Uint8Array {
  if (typeof value === 'string') return utf8(JSON.stringify(value));
  if (value instanceof Uint8Array) return utf8(JSON.stringify(Buffer.from(value).toString('base64')));
  return utf8(value === null ? 'null' : Number.isFinite(Number(value)) ? String(value) : 'null');
}

function timeCell(value: SqlValue | undefined): string | null {
  return isoTime(typeof value === 'bigint' ? value : null);
}

/** `points` null: a run that has no rows. */
export function* neighboursOf(
  reader: SqliteReader,
  workflow: string,
  run: string,
  points: SqlPoints | null,
): Generator<NeighbourRecord, void, void> {
  const keyAt = (step: string): CheckpointKey | null => {
    const index = points?.find('', step, 0) ?? -1;
    return points === null || index < 0 ? null : points.keyOf(index);
  };
  /** The registry's `step` is the runner's: the layer that asked, one above the row. Whoever registered it may have given another. */
  const pausedBelow = (step: SqlValue | undefined): CheckpointKey | null => {
    const index = typeof step === 'bigint' ? (points?.find('', String(step - 1n), 0) ?? -1) : -1;
    return points !== null && index >= 0 && isPause(readLabel(points.labelOf(index))) ? points.keyOf(index) : null;
  };
  const ofRun = 't.workflow_id = ? AND t.run_id = ?';
  for (const row of rowsOf(reader, recordTable, ofRun, [workflow, run])) {
    const step = stepText(row['super_step']);
    yield {
      record: `step_record/${step}`,
      kind: 'step_record',
      time: null,
      checkpoint: keyAt(step),
      content: jsonCell(row['record_json']),
    };
  }
  for (const row of rowsOf(reader, interruptTable, 't.workflow = ? AND t.run = ?', [workflow, run])) {
    const id = String(row['interrupt_id']);
    const checkpoint = pausedBelow(row['step']);
    yield {
      record: `interrupt/${id}`,
      kind: 'interrupt',
      time: timeCell(row['created_at_ms']),
      checkpoint,
      content: rowContent(row, 'payload_json'),
    };
    for (const entry of rowsOf(reader, outboxTable, 't.interrupt_id = ?', [row['interrupt_id'] ?? null])) {
      yield {
        record: `outbox/${String(entry['id'])}`,
        kind: 'outbox',
        time: null,
        checkpoint,
        content: rowContent(entry, 'payload_json'),
      };
    }
  }
}
