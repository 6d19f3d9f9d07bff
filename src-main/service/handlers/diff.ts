// `diff.*`, `edit.check`: two states side by side, also when the second is only being typed.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { compareStates } from '../../analysis/compare.ts';
import { diffValues } from '../../values/diff/diff.ts';
import { toPatch } from '../../values/diff/patch.ts';
import { openValue } from '../../values/open.ts';
import { applyEdits } from '../../values/splice.ts';
import type { Compared } from '../diff-view.ts';
import { diffView } from '../diff-view.ts';
import type { OpenStores } from '../open-stores.ts';
import { checkpointKey } from '../open-stores.ts';
import type { HandlersOf } from './handlers.ts';
import { windowOf } from './handlers.ts';

/** Rows of the diff that the edit sheet and the plan show; their `total` tells of more. */
export const previewRows = 200;

export function diffHandlers(stores: OpenStores): HandlersOf<'diff.get' | 'diff.patch' | 'edit.check'> {
  async function compare(
    params: { readonly store: string; readonly before: string | null; readonly after: string },
    signal: AbortSignal,
  ): Promise<Compared> {
    const open = stores.get(params.store);
    const afterKey = checkpointKey(params.after);
    const beforeKey = params.before ?? (await open.checkpoint(afterKey, signal)).parent;
    const before = beforeKey === null ? null : open.lookedAt(checkpointKey(beforeKey), false).view;
    const after = open.lookedAt(afterKey, false).view;
    const name = `${beforeKey ?? ''}\n${afterKey}`;
    let diff = open.diffs.get(name);
    if (diff === undefined) {
      diff = compareStates(before, after);
      open.diffs.set(name, diff, 1);
    }
    return { beforeKey, afterKey, before: before?.root ?? null, after: after.root, diff };
  }

  return {
    'diff.get': async (params, { signal }) => {
      const { from } = windowOf(params.from, params.count);
      return diffView(await compare(params, signal), from, params.count, params.filter ?? null);
    },
    'diff.patch': async (params, { signal }) => ({ patch: toPatch((await compare(params, signal)).diff) }),
    'edit.check': ({ store, key, edits }) => {
      const view = stores.get(store).state(checkpointKey(key), false);
      const refused = (message: string, hint: string | null) => ({
        error: { message, hint },
        warnings: [],
        diff: null,
      });
      const { root } = view;
      if (root === null) return refused(view.notes[0] ?? 'There is no state at this checkpoint.', null);
      try {
        const { bytes, warnings } = applyEdits(root, edits, view.dialect);
        const after = openValue(root.encoding, bytes);
        const compared = { beforeKey: key, afterKey: key, before: root, after, diff: diffValues(root, after) };
        return {
          error: null,
          warnings: warnings.map((w) => ({ ...w })),
          diff: diffView(compared, 0, previewRows),
        };
      } catch (error) {
        // What was typed is wrong: that is an answer, not a failure. Faults of ours still surface.
        if (error instanceof ForkpointError && error.code !== 'internal') return refused(error.message, error.hint);
        throw error;
      }
    },
  };
}
