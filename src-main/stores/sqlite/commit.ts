// Applies a change set.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Applied } from '../backend.ts';

export function commitSqlite(..._: readonly unknown[]): Applied {
  throw new ForkpointError('unable', 'Writing is not available. Nothing was written.');
}
