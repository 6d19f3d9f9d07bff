// Copying and renaming whole threads: what a store exports is what it, or another store of its kind, imports. A rename is such a copy and
// the removal of the original in one change set.

import { ForkpointError } from '../../shared/model/errors.ts';
import { shownName } from '../../shared/model/shown-name.ts';
import type { ChangeSet } from '../stores/backend.ts';
import type { PlanContext, Store, StorePlan, ThreadDocument } from '../stores/store.ts';
import { documentOf } from './thread-document/document.ts';

/** A plan with the document that it copies. */
export interface Copying {
  readonly plan: StorePlan;
  readonly document: ThreadDocument;
}

/** Warnings of an import by which the new thread is not what the old one is. A person who imports decides; a copy is exact or is none. */
const inexact: ReadonlySet<string> = new Set([
  'members_dropped',
  'renumbered',
  'columns_left',
  'step_records_left',
  'task_path_dropped',
  'no_ledger',
  'other_content',
]);

/** `from` may be another store of the same framework and dialect. Throws what its import throws: `unable`, `exists`, `bad_value`. */
export function planCopy(store: Store, from: Store, thread: string, into: string, context: PlanContext): Copying {
  const detail = from.threadSummary(thread) === null ? null : from.threadDetail(thread);
  if (detail?.status === 'in_flight') throw claimed(thread);
  const document = documentOf(from, thread);
  const plan = exactly(store.plan({ operation: 'import', document, thread: into }, context));
  const refused = detail?.refused ?? null;
  if (refused === null) return { plan, document };
  const warning = { code: 'unreadable', message: `${refused} The copy holds what can be read of it.`, remedy: null };
  return { plan: { ...plan, warnings: [warning, ...plan.warnings] }, document };
}

export function planRename(store: Store, thread: string, into: string, context: PlanContext): Copying {
  // First, so that all of the original is relied on before it is read: what is added meanwhile must not be lost.
  const removal = store.plan({ operation: 'delete', thread, into }, context);
  const { plan, document } = planCopy(store, store, thread, into, context);
  const warnings = [...plan.warnings];
  for (const warning of removal.warnings) {
    if (!warnings.some(({ code, message }) => code === warning.code && message === warning.message))
      warnings.push(warning);
  }
  return { plan: { ...plan, changes: joined(plan.changes, removal.changes), warnings }, document };
}

/** The new thread first: whatever ends the process in between, there is never none. */
function joined(added: ChangeSet, removed: ChangeSet): ChangeSet {
  if (added.backend === 'sqlite' && removed.backend === 'sqlite') {
    return {
      backend: 'sqlite',
      changes: [...added.changes, ...removed.changes],
      guards: [...added.guards, ...removed.guards],
    };
  }
  if (added.backend === 'files' && removed.backend === 'files') {
    return {
      backend: 'files',
      changes: [...added.changes, ...removed.changes],
      guards: [...added.guards, ...removed.guards],
    };
  }
  throw new TypeError('two plans of one store are for one backend');
}

function exactly(plan: StorePlan): StorePlan {
  const why = plan.warnings.find(({ code }) => inexact.has(code));
  if (why === undefined) return plan;
  throw new ForkpointError(
    'unable',
    `The copy would not be what the original is. ${why.message} Nothing was changed.`,
    why.remedy ?? 'Export the thread and import it, if that is good enough.',
  );
}

/** What runs now would be copied in the middle of a step, and what it does next would be done twice. */
function claimed(thread: string): ForkpointError {
  return new ForkpointError(
    'claimed',
    `Thread ${shownName(thread)} is claimed: it may be running in this moment. Nothing was changed.`,
    'Wait until the claim is gone, or fork a point of it.',
  );
}
