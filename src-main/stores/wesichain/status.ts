// What a record says about how its run stands. wesichain marks nothing: a failed node, an interrupt after a node, the step limit, a
// crash and a run that still goes on leave the same record. Only an interrupt before a node can be told.

import type { Status } from '../../../shared/model/status.ts';
import { sameBytes } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { RecordView } from './record.ts';

/** Below this depth states are compared by their bytes only. */
const deepest = 32;

/** The same JSON value; members in any order, since maps are written in another order by every process. */
export function sameState(a: Cursor, b: Cursor, depth = 0): boolean {
  if (sameBytes(a.slice(), b.slice())) return true;
  if (a.kind !== b.kind || a.count !== b.count || a.count === 0 || depth === deepest) return false;
  if (a.kind === 'list') {
    for (let i = 0; i < a.count; i += 1) if (!sameState(a.child(i), b.child(i), depth + 1)) return false;
    return true;
  }
  if (a.kind !== 'map') return false;
  for (let i = 0; i < a.count; i += 1) {
    const key = a.key(i);
    const other = key.kind === 'string' && key.isUnicode() ? b.get(key.text()) : null;
    if (other === null || !sameState(a.child(i), other, depth + 1)) return false;
  }
  return true;
}

/** Whether a record looks like one of an `interrupt_before`: its own node is in its queue. The state before must be the same too. */
export function mayWait(record: RecordView): boolean {
  return record.node !== null && (record.queue?.some((item) => item.node === record.node) ?? false);
}

/** `before`: the record before it in the thread, asked for only where it is needed. */
export function statusOfRecord(record: RecordView, before: () => RecordView | null): Status {
  if (record.queue === null) return 'unknown';
  if (record.queue.length === 0) return 'terminal';
  if (!mayWait(record) || record.state === null) return 'idle';
  const state = before()?.state ?? null;
  return state !== null && sameState(record.state, state) ? 'interrupted' : 'idle';
}
