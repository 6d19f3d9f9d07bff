// What a record says about how its run stands: status, and one line on why it stopped.

import type { Status } from '../../../shared/model/status.ts';
import { shortText } from '../../values/describe.ts';
import type { Cursor } from '../../values/cursor.ts';
import { eraBefore16, textOf, type RecordView } from './record.ts';

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

/** Words without quotes and line breaks; any other value, and a very long text, in its short form. */
function oneLine(value: Cursor): string {
  if (value.kind !== 'string' || value.payload().length > 4 * noteLength) return shortText(value, noteLength);
  const words = (textOf(value) ?? '').replace(/\s+/g, ' ').trim();
  return words.length <= noteLength ? words : `${words.slice(0, noteLength - 1)}…`;
}

/** A payload is whatever the node asked with; where it is an object with words for a person in it, those are the question. */
function wordsOf(payload: Cursor): Cursor {
  if (payload.kind !== 'map') return payload;
  for (const name of ['question', 'ask', 'query', 'prompt', 'message', 'description', 'reason', 'text', 'title']) {
    const words = payload.get(name);
    if (words !== null && textOf(words) !== null) return words;
  }
  const parts = Array.from({ length: Math.min(payload.count, 8) }, (_, i) => payload.child(i));
  return parts.find((part) => textOf(part) !== null) ?? payload;
}

/** The question asked or the error, on one line; null when nothing stopped it. */
export function noteOfRecord(record: RecordView): string | null {
  if (record.pending.length === 0) return null;
  if (record.failedNode !== null) {
    const error = record.error === null ? 'failed' : oneLine(record.error);
    return `${record.failedNode}: ${error}`;
  }
  const asked = record.interrupts[0];
  if (asked === undefined) return null;
  if (isSwallowed(record)) {
    return 'A sub-graph asked here; tinyagents before 1.6 dropped the question and the parent went on.';
  }
  const question = asked.payload === null ? 'waits for an answer' : oneLine(wordsOf(asked.payload));
  const more = record.interrupts.length > 1 ? ` (and ${record.interrupts.length - 1} more)` : '';
  return `${asked.node ?? 'a node'}: ${question}${more}`;
}
