// The records of a thread document: each record and each ledger row as the text that a folder holds, so that a document of one
// backend can be imported into the other. SQLite's columns are projections of the record and are computed again.

import type { ThreadRecord } from '../store.ts';
import type { ThreadPoints } from './points.ts';
import type { TinyagentsSource } from './source.ts';
import { placeAt } from './place.ts';

export const recordKind = 'record';
export const ledgerKind = 'ledger';

export function* exportThread(source: TinyagentsSource, points: ThreadPoints): Generator<ThreadRecord, void, void> {
  const { unreadable } = source.trouble(points.thread);
  for (let index = 0; index < points.count; index += 1) {
    // The framework reads no such record either; the thread's detail names it.
    if (unreadable.has(points.positionOf(index))) continue;
    yield {
      kind: recordKind,
      cells: [{ name: 'record', storage: 'text', bytes: source.read(placeAt(points, index)) }],
    };
  }
  for (const entry of source.wholeLedger(points.thread)) {
    yield { kind: ledgerKind, cells: [{ name: 'line', storage: 'text', bytes: source.ledgerLine(entry) }] };
  }
}
