// `operation.*`, `operations.list`: plans, commits and the log, as the operations layer gives them, with the diff beside them.

import type { OperationArgs, PlanView } from '../../../shared/contract/methods.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { OperationAsk, Operations, PreparedPlan } from '../../operations/operations.ts';
import { diffValues } from '../../values/diff/diff.ts';
import { diffView } from '../diff-view.ts';
import type { OpenStore } from '../open-store.ts';
import type { OpenStores } from '../open-stores.ts';
import { checkpointKey } from '../open-stores.ts';
import type { Uploads } from '../uploads.ts';
import { previewRows } from './diff.ts';
import type { HandlersOf } from './handlers.ts';

export function operationHandlers(
  stores: OpenStores,
  operations: Operations,
  uploads: Uploads,
  readOnly: boolean,
): HandlersOf<'operation.plan' | 'operation.commit' | 'operations.list'> {
  return {
    'operation.plan': ({ store, args }) => {
      const { written, ask } = askOf(stores, store, args, uploads);
      return planView(
        ask === null ? operations.planUndo(written.store, undoneBy(args)) : operations.plan(written.store, ask),
      );
    },
    'operation.commit': ({ store, args, expect }) => {
      if (readOnly) {
        throw new ForkpointError(
          'unable',
          'Nothing was written: this Forkpoint was started read-only.',
          'Start it without --read-only.',
        );
      }
      const { written, ask } = askOf(stores, store, args, uploads);
      try {
        const prepared =
          ask === null
            ? operations.commitUndo(written.store, undoneBy(args), expect)
            : operations.commit(written.store, ask, expect);
        return planView(prepared);
      } finally {
        written.follow();
      }
    },
    'operations.list': ({ store }) => operations.list(stores.get(store).store),
  };
}

const undoneBy = (args: OperationArgs): string | null => (args.operation === 'undo' ? args.operationId : null);

/** What is asked of which store: a copy may be written to another one than the thread is in. A null `ask` is an undo. */
function askOf(
  stores: OpenStores,
  store: string,
  args: OperationArgs,
  uploads: Uploads,
): { readonly written: OpenStore; readonly ask: OperationAsk | null } {
  const written = stores.get(store);
  switch (args.operation) {
    case 'undo':
      return { written, ask: null };
    case 'fork':
    case 'edit':
      return { written, ask: { ...args, key: checkpointKey(args.key) } };
    case 'import':
      return { written, ask: { operation: 'import', document: uploads.document(args.document), thread: args.into } };
    case 'copy': {
      const { operation, thread, into, to } = args;
      if (to === null || to === store) return { written, ask: { operation, thread, into, from: null } };
      return { written: stores.get(to), ask: { operation, thread, into, from: written.store } };
    }
    case 'rename':
    case 'delete':
      return { written, ask: args };
  }
}

function planView(prepared: PreparedPlan): PlanView {
  const { plan, written, edited, follows } = prepared;
  const key = plan.checkpoint ?? '';
  return {
    plan,
    written: written.map((w) => ({ where: w.where, counts: { ...w.counts } })),
    diff:
      edited === null
        ? null
        : diffView(
            { beforeKey: key, afterKey: key, ...edited, diff: diffValues(edited.before, edited.after) },
            0,
            previewRows,
          ),
    follows: follows.map((f) => ({ ...f })),
  };
}
