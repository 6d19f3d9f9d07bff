// Takes back what a bundle recorded.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { ChangeSet, Recovery, Relied } from '../backend.ts';

export function undoSqlite(..._: readonly unknown[]): { changes: ChangeSet; relied: readonly Relied[] } {
  throw new ForkpointError('unable', 'Undo is not available. Nothing was written.');
}

export function recoverSqlite(..._: readonly unknown[]): Recovery {
  return 'unclear';
}
