// The records of a thread document: each as the line that a folder holds, so that a document of one backend can be imported into the
// other. A row becomes its line with the stored texts of state and queue as they stand.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { ThreadRecord } from '../store.ts';
import { lineText } from './new-record.ts';
import type { ThreadPoints } from './points.ts';
import { placeAt, type WesichainSource } from './source.ts';

export const recordKind = 'record';

export function* exportThread(source: WesichainSource, points: ThreadPoints): Generator<ThreadRecord, void, void> {
  const { unreadable } = source.trouble(points.thread);
  for (let index = 0; index < points.count; index += 1) {
    const place = placeAt(points, index);
    // The framework reads no such record either; the thread's detail names it.
    if (unreadable.has(place.position)) continue;
    const reading = source.read(place);
    if (!reading.ok) {
      throw new ForkpointError(
        'corrupt',
        `Record ${points.idOf(index)} of this thread cannot be read: ${reading.reason} The thread was not exported.`,
        'Fork a whole point, and export that thread.',
      );
    }
    const { record } = reading;
    const bytes = record.line === null ? lineText(record, record.thread, record.seq, null) : record.line.slice();
    yield { kind: recordKind, cells: [{ name: 'record', storage: 'text', bytes }] };
  }
}
