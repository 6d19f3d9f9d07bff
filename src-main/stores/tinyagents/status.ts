// What a record says about how its run stands: status, and one line on why it stopped.

import type { Status } from '../../../shared/model/status.ts';
import { oneLine, questionLine } from '../records/question.ts';
import { eraBefore16, type RecordView } from './record.ts';

const noteLength = 200;

/**
 * Releases before 1.6 swallowed a question asked inside a sub-graph: the parent went on and finished, and the sub-graph's line keeps
 * an interrupted record that waits for nobody. Such a point is never "waiting".
 */
export function isSwallowed(record: RecordView): boolean {
  return record.era === eraBefore16 && record.namespace.length > 0 && record.interrupts.length > 0;
}

/** The status that the thread would have if this record were its head. */
export function statusOfRecord(record: RecordView): Status {
  if (record.pending.length === 0) return 'terminal';
  if (record.failedNode !== null) return 'failed';
  if (record.interrupts.length > 0 && !isSwallowed(record)) return 'interrupted';
  return 'idle';
}

/** The question asked or the error, on one line; null when nothing stopped it. */
export function noteOfRecord(record: RecordView): string | null {
  if (record.pending.length === 0) return null;
  if (record.failedNode !== null) {
    const error = record.error === null ? 'failed' : oneLine(record.error, noteLength);
    return `${record.failedNode}: ${error}`;
  }
  const asked = record.interrupts[0];
  if (asked === undefined) return null;
  if (isSwallowed(record)) {
    return 'A sub-graph asked here; tinyagents before 1.6 dropped the question and the parent went on.';
  }
  const question = asked.payload === null ? 'waits for an answer' : questionLine(asked.payload, noteLength);
  const more = record.interrupts.length > 1 ? ` (and ${record.interrupts.length - 1} more)` : '';
  return `${asked.node ?? 'a node'}: ${question}${more}`;
}
