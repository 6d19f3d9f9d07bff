// What a plan relied on, looked at again: the same query must give the same rows.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Relied, SqlRow, SqlValue } from '../backend.ts';
import { digestRows, rowsOfSeen } from '../digest.ts';

/** Throws `moved`, naming the first difference. Nothing has been written by then. */
export function checkRelied(
  query: (sql: string, params: readonly SqlValue[]) => Iterable<SqlRow>,
  relied: readonly Relied[],
): void {
  for (const one of relied) {
    if (one.kind !== 'rows') {
      throw new ForkpointError('internal', 'A plan for a SQLite store relied on a file. Nothing was written.');
    }
    const now = digestRows(query(one.sql, one.params), one.known);
    if (now.digest !== one.digest) throw moved(one.describe, one.seen, now.seen);
  }
}

/** "Since then 3 rows were added to the checkpoints of `a`." */
export function moved(describe: string, before: string, now: string): ForkpointError {
  const was = rowsOfSeen(before);
  const is = rowsOfSeen(now);
  const hint = 'Look at the store as it is now, and plan again.';
  if (was !== null && is !== null && was !== is) {
    const count = Math.abs(is - was);
    const rows = count === 1 ? '1 row was' : `${count} rows were`;
    const how = is > was ? 'added since' : 'removed since';
    return new ForkpointError('moved', `The store has moved: ${describe} (${rows} ${how}). Nothing was written.`, hint);
  }
  const difference = before === now ? 'its content changed' : `then ${before}; now ${now}`;
  return new ForkpointError('moved', `The store has moved: ${describe} (${difference}). Nothing was written.`, hint);
}
