// One row of `agent_checkpoints`, read in place, and what atomr itself would say of it.

import { asForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { serdeRefusal } from '../../values/json/serde-text.ts';
import { openValue } from '../../values/open.ts';
import type { SqliteReader, SqlRow, SqlTable, SqlValue } from '../backend.ts';
import { bytesCell, textCell } from '../records/cells.ts';
import { readLabel, type Label } from './labels.ts';

export const checkpointTable = 'agent_checkpoints';
export const recordTable = 'agent_step_records';
export const interruptTable = 'agent_interrupts';
export const outboxTable = 'agent_outbox';
export const ownTables: ReadonlySet<string> = new Set([checkpointTable, recordTable, interruptTable, outboxTable]);

export const checkpointColumns = ['workflow_id', 'run_id', 'super_step', 'label', 'values_json', 'timestamp_ms'];
export const recordColumns = ['workflow_id', 'run_id', 'super_step', 'record_json'];

/** A table of ours as it is in this file; null where there is none. */
export function tableOf(reader: SqliteReader, name: string): SqlTable | null {
  return reader.tables().find((table) => table.name === name) ?? null;
}

/** Everything of a row, its state as bytes. */
export const rowSelection = `rowid AS position, workflow_id, run_id, super_step, label, timestamp_ms,
  CAST(values_json AS BLOB) AS state, typeof(values_json) AS state_type`;

export interface RowView {
  /** Super step as text. */
  readonly step: string;
  readonly stepValue: SqlValue;
  readonly labelText: string | null;
  readonly label: Label;
  /** Milliseconds since 1970. */
  readonly time: bigint | null;
  /** The values of the channels; null where they are no JSON. */
  readonly values: Cursor | null;
  /** Why the values cannot be shown; null if they can. */
  readonly unreadable: string | null;
  /** What atomr says when it loads this row (part of a sentence); null if it reads it. */
  readonly refused: string | null;
}

/** The text of a super step. What is no integer was stored by hand; it is spelt as SQLite spells it. */
export function stepText(value: SqlValue | undefined): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return `'${value}'`;
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
  return Number.isInteger(value) ? `${String(value)}.0` : String(value);
}

/** As atomr's columns are declared: another storage class is `mismatched types`, and the row cannot be loaded. */
function mismatch(row: SqlRow): string | null {
  if (typeof row['super_step'] !== 'bigint') return 'its super_step is not stored as an integer (mismatched types)';
  if (typeof row['timestamp_ms'] !== 'bigint') return 'its timestamp_ms is not stored as an integer (mismatched types)';
  if (typeof row['label'] !== 'string') return 'its label is not stored as text (mismatched types)';
  const type = String(row['state_type']);
  return type === 'text' ? null : `its values_json is stored as ${type.toUpperCase()} (mismatched types)`;
}

export function readRow(row: SqlRow): RowView {
  const bytes = bytesCell(row['state']);
  const opened = openJson(bytes);
  const labelText = textCell(row['label']);
  const time = row['timestamp_ms'];
  const values = 'reason' in opened ? null : opened;
  const stepValue = row['super_step'] ?? null;
  return {
    step: stepText(stepValue),
    stepValue,
    labelText,
    label: readLabel(labelText),
    time: typeof time === 'bigint' ? time : null,
    values,
    unreadable: 'reason' in opened ? opened.reason : null,
    refused: mismatch(row) ?? ('reason' in opened ? `its values are no JSON: ${opened.reason}` : valuesRefusal(opened)),
  };
}

/** Why atomr would not take these values as the state of a run; null if it would. */
export function valuesRefusal(values: Cursor): string | null {
  const refusal = serdeRefusal(values.slice());
  if (refusal !== null) return `its values cannot be parsed: ${refusal}`;
  return values.kind === 'map' ? null : 'its values are not a JSON object';
}

/** Opens a JSON text; a sentence instead of an error where it is none. */
export function openJson(bytes: Uint8Array): Cursor | { readonly reason: string } {
  try {
    return openValue('json', bytes);
  } catch (thrown) {
    return { reason: asForkpointError(thrown).message };
  }
}

/** ISO 8601 in UTC; null for what no calendar holds. */
export function isoTime(millis: bigint | number | null): string | null {
  if (millis === null) return null;
  const date = new Date(Number(millis));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
