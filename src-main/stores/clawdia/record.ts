// One journal record, and one saved checkpoint: what a debugger looks at, read in place. A line, a row and a file hold the same
// JSON, so both backends read into the same views.

import { asForkpointError } from '../../../shared/model/errors.ts';
import { asBuffer } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { refusedCheckpoint, refusedRecord, textOf, u64Of } from './decode.ts';

/** The only release that has durable stores. */
export const era = '0.1.0-alpha.4';

/** What tells a record's place; enough for lists and lineages. */
export interface RecordHead {
  /** `journal_seq`: digits of a 64-bit number. */
  readonly seq: string;
  readonly id: string;
  readonly run: string;
}

export interface RecordView extends RecordHead {
  readonly root: Cursor;
  readonly kind: string | null;
  /** `event_index.event_kind`: the word for what happened. */
  readonly event: string | null;
  readonly time: string | null;
  readonly payload: Cursor | null;
  /** `payload.type`. */
  readonly type: string | null;
  /** Why clawdia cannot decode this record; null if it does. */
  readonly refused: string | null;
}

export interface CheckpointView {
  readonly root: Cursor;
  readonly id: string;
  readonly run: string;
  /** Digits: `checkpoint_seq`, `covers_journal_seq`, `created_at_millis`, in the order in which checkpoints are compared. */
  readonly covers: string;
  readonly seq: string;
  readonly created: string;
  readonly loop: string;
  readonly writer: string | null;
  readonly refused: string | null;
}

export type Reading<V> = { readonly ok: true; readonly view: V } | { readonly ok: false; readonly reason: string };

/** Opens a JSON text; a sentence part instead of an error where it is none. */
export function openText(bytes: Uint8Array): Cursor | { readonly reason: string } {
  try {
    return openValue('json', bytes);
  } catch (thrown) {
    return { reason: asForkpointError(thrown).message };
  }
}

/** Beginning of a record as serde writes it; enough to tell its place without checking the rest. */
const usualHead =
  /^\{"journal_schema_version":\d{1,5},"journal_seq":(0|[1-9]\d{0,19}),"record_id":("[^"\\]*"),"record_kind":"[a-z_]{1,24}","run_id":("[^"\\]*")/;
const headLength = 2048;

/** The place of a record from the beginning of its line; reads all of it only where that does not begin as usual. */
export function headOf(bytes: Uint8Array): RecordHead | { readonly reason: string } {
  const head = asBuffer(bytes).toString('utf8', 0, Math.min(bytes.length, headLength));
  const match = usualHead.exec(head);
  if (match !== null && !match[0].includes('\ufffd') && !/\p{Cc}/u.test(match[0])) {
    return { seq: match[1]!, id: match[2]!.slice(1, -1), run: match[3]!.slice(1, -1) };
  }
  const reading = readRecord(bytes);
  return reading.ok ? reading.view : { reason: reading.reason };
}

/** Reads a record. What has no place in a journal is a reason, never guessed at. */
export function readRecord(bytes: Uint8Array): Reading<RecordView> {
  const root = openText(bytes);
  if ('reason' in root) return { ok: false, reason: root.reason };
  if (root.kind !== 'map') return { ok: false, reason: 'it is not a JSON object' };
  const seq = u64Of(root.get('journal_seq'));
  const id = textOf(root.get('record_id'));
  const run = textOf(root.get('run_id'));
  if (seq === null) return { ok: false, reason: 'its `journal_seq` is missing or not a whole number of 64 bits' };
  if (id === null) return { ok: false, reason: 'its `record_id` is missing or not a text' };
  if (run === null) return { ok: false, reason: 'its `run_id` is missing or not a text' };
  return { ok: true, view: viewOf(root, { seq, id, run }) };
}

/** A view of a row: the columns tell its place, whatever its JSON says. */
export function viewOf(root: Cursor, head: RecordHead): RecordView {
  const payload = root.get('payload');
  return {
    seq: head.seq,
    id: head.id,
    run: head.run,
    root,
    kind: textOf(root.get('record_kind')),
    event: textOf(root.get('event_index')?.get('event_kind') ?? null),
    time: isoTime(u64Of(root.get('timestamp_millis'))),
    payload,
    type: textOf(payload?.get('type') ?? null),
    refused: refusedRecord(root),
  };
}

export function readCheckpoint(bytes: Uint8Array): Reading<CheckpointView> {
  const root = openText(bytes);
  if ('reason' in root) return { ok: false, reason: root.reason };
  const id = textOf(root.get('checkpoint_id'));
  const run = textOf(root.get('run_id'));
  const covers = u64Of(root.get('covers_journal_seq'));
  if (id === null) return { ok: false, reason: 'its `checkpoint_id` is missing or not a text' };
  if (run === null) return { ok: false, reason: 'its `run_id` is missing or not a text' };
  if (covers === null) return { ok: false, reason: 'its `covers_journal_seq` is missing or not a whole number' };
  return {
    ok: true,
    view: {
      root,
      id,
      run,
      covers,
      seq: u64Of(root.get('checkpoint_seq')) ?? '0',
      created: u64Of(root.get('created_at_millis')) ?? '0',
      loop: textOf(root.get('loop_state')) ?? '',
      writer: textOf(root.get('writer_id')),
      refused: refusedCheckpoint(root),
    },
  };
}

/** Order of sequence numbers as text. In a database that a hand has changed they may be no such numbers. */
export function compareSeq(a: string, b: string): number {
  if (/^\d+$/.test(a) && /^\d+$/.test(b)) return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
  return Number(a) - Number(b);
}

/** Milliseconds below this are no time of day: the runtime writes 0, its tools count from 1,000, and hosts may count, too. */
const firstTime = 946_684_800_000;
const lastTime = 8_640_000_000_000_000;

/** Milliseconds since 1970, NaN for a counter. */
export function timeOf(millis: string | null): number {
  const value = millis === null ? Number.NaN : Number(millis);
  return value >= firstTime && value <= lastTime ? value : Number.NaN;
}

/** ISO 8601 in UTC; null for what is a counter and no time. */
export function isoTime(millis: string | null): string | null {
  const value = timeOf(millis);
  return Number.isNaN(value) ? null : new Date(value).toISOString();
}
