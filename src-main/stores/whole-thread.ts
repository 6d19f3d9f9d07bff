// Plans over whole threads, as far as they are alike for every format.

import { ForkpointError } from '../../shared/model/errors.ts';
import type { Warning } from '../../shared/model/shapes.ts';
import { shownName } from '../../shared/model/shown-name.ts';
import type { ChangeSet } from './backend.ts';
import type { StorePlan } from './store.ts';

/** A plan that only takes away: nothing is left to go on from. */
export function removalPlan(changes: ChangeSet, warnings: readonly Warning[]): StorePlan {
  return { changes, warnings, target: null, resume: null, edited: null, follows: [] };
}

export function noSuchThread(thread: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `There is no thread ${shownName(thread)} in this store (any more). Nothing was changed.`,
    'List the threads; ids are case-sensitive.',
  );
}

/** A thread of which not all can be read: a copy would hold less, and with the original the rest would go. */
export function notWhole(lost: string): ForkpointError {
  return new ForkpointError(
    'unable',
    `${lost} Its new thread would not hold what cannot be read. Nothing was changed.`,
    'Copy it, and keep the original; or delete it.',
  );
}

/** Tables of a host beside the framework's: `names` are quoted for a sentence. */
export function hostTablesStay(names: readonly string[], what: 'thread' | 'run'): readonly Warning[] {
  if (names.length === 0) return [];
  return [
    {
      code: 'foreign_tables',
      message: `This file also holds tables of its host (${names.join(', ')}): what they know of the ${what} stays.`,
      remedy: null,
    },
  ];
}
