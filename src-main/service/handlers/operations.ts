// `operation.*`, `operations.list`: plans, commits and the log, as the operations layer gives them, with the diff beside them.

import type { OperationArgs, PlanView } from '../../../shared/contract/methods.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { OperationAsk, Operations, PreparedPlan } from '../../operations/operations.ts';
import { diffValues } from '../../values/diff/diff.ts';
import { diffView } from '../diff-view.ts';
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
      const open = stores.get(store);
      const prepared =
        args.operation === 'undo'
          ? operations.planUndo(open.store, args.operationId)
          : operations.plan(open.store, askOf(args, uploads));
      return planView(prepared);
    },
    'operation.commit': ({ store, args, expect }) => {
      if (readOnly) {
        throw new ForkpointError(
          'unable',
          'Nothing was written: this Forkpoint was started read-only.',
          'Start it without --read-only.',
        );
      }
      const open = stores.get(store);
      try {
        const prepared =
          args.operation === 'undo'
            ? operations.commitUndo(open.store, args.operationId, expect)
            : operations.commit(open.store, askOf(args, uploads), expect);
        return planView(prepared);
      } finally {
        open.follow();
      }
    },
    'operations.list': ({ store }) => operations.list(stores.get(store).store),
  };
}

function askOf(args: Exclude<OperationArgs, { operation: 'undo' }>, uploads: Uploads): OperationAsk {
  switch (args.operation) {
    case 'fork':
      return { ...args, key: checkpointKey(args.key) };
    case 'edit':
      return { ...args, key: checkpointKey(args.key) };
    case 'delete':
      return args;
    case 'import':
      return { operation: 'import', document: uploads.document(args.document), thread: args.into };
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
