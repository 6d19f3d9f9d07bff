// The log as people read it: the newest operation first, whichever way it is kept.

import type { Operation } from '../../../shared/model/shapes.ts';

/** Equal times keep the order of the log, turned round. */
export function newestFirst(log: readonly Operation[]): Operation[] {
  const last = log.at(-1);
  const first = log[0];
  if (first === undefined || last === undefined) return [];
  // Times are ISO 8601 in UTC with one precision: their text sorts as they do.
  const oldestFirst = first.time <= last.time;
  const inOrder = oldestFirst ? [...log].reverse() : [...log];
  return inOrder.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
}
