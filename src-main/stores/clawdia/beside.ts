// Records that name a run beside its journal, in the shapes that both backends store.

import type { Cursor } from '../../values/cursor.ts';
import { textOf, u64Of } from './decode.ts';
import type { BesideRecord } from './source.ts';
import { walk } from './walk.ts';

/** Times of events are real times only where a host writes them; the SDK's own stand at 1970. */
function eventTime(text: string | null): string | null {
  return text !== null && /^\d{4}-\d\d-\d\dT/.test(text) && Date.parse(text) >= 946_684_800_000 ? text : null;
}

/** `journal.7` names record 7. */
function seqOfCursor(cursor: string | null): string | null {
  return cursor === null ? null : (/^journal\.(\d{1,20})$/.exec(cursor)?.[1] ?? null);
}

/** An archived event frame of this run; null for those of others. */
export function eventRecord(frame: Cursor, run: string, position: string): BesideRecord | null {
  const envelope = frame.get('event')?.get('envelope') ?? null;
  if (envelope === null || textOf(envelope.get('run_id')) !== run) return null;
  return {
    id: position,
    kind: 'event',
    time: eventTime(textOf(envelope.get('timestamp'))),
    seq: seqOfCursor(textOf(envelope.get('journal_cursor'))),
    content: frame,
  };
}

/** A line or row of the tool projection: the last state of a call, at the record of its intent. */
export function toolRecord(value: Cursor): BesideRecord {
  const seq = u64Of(value.get('journal_seq'));
  return {
    id: `${textOf(value.get('tool_call_id')) ?? ''}@${seq ?? ''}`,
    kind: 'tool_execution',
    time: null,
    seq,
    content: value,
  };
}

/** Whether a value names a run anywhere. */
export function namesRun(value: Cursor, run: string): boolean {
  for (const { value: at } of walk(value)) if (at.kind === 'string' && textOf(at) === run) return true;
  return false;
}
