// `threads.*`, `thread.get`, `lineage.page`, `checkpoints.get`: what hangs together how, without any state, except for the summaries.

import { pageOf } from '../../../shared/contract/lineage-page.ts';
import type { Result } from '../../../shared/contract/methods.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { DiffSummary } from '../../../shared/model/shapes.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import { compareStates } from '../../analysis/compare.ts';
import { summarize } from '../../values/diff/diff.ts';
import type { OpenStore } from '../open-store.ts';
import type { OpenStores } from '../open-stores.ts';
import { checkpointKey } from '../open-stores.ts';
import { Pace } from '../pace.ts';
import type { HandlersOf } from './handlers.ts';
import { windowOf } from './handlers.ts';

/** Milliseconds between two reports of progress. */
const reportEvery = 100;

export function threadHandlers(
  stores: OpenStores,
): HandlersOf<'threads.list' | 'thread.get' | 'lineage.page' | 'checkpoints.get'> {
  return {
    'threads.list': ({ store, search, status, from, count }, { signal }) => {
      windowOf(from, count);
      return stores.get(store).threads.query({ search, status, from, count }, signal);
    },
    'thread.get': async ({ store, thread }, { signal }) => {
      const found = await stores.get(store).threads.thread(thread, signal);
      if (found === null) throw noThread(thread);
      return found;
    },
    'lineage.page': async ({ store, thread, known }, context) => {
      const open = stores.get(store);
      const isGone = (): boolean => open.store.threadSummary(thread) === null;
      // Counting the points of a thread is not free: it is asked for once where the lineage is in memory, else where it has no point.
      if (known === null && open.lineages.given(thread) !== undefined && isGone()) throw noThread(thread);
      let reported = performance.now();
      const lineage = await open.lineages.get(thread, context.signal, (points) => {
        const now = performance.now();
        if (now - reported < reportEvery) return;
        reported = now;
        context.progress('reading the lineage', points, null);
      });
      if (lineage.count === 0 && isGone()) throw noThread(thread);
      return pageOf(lineage, open.lineages.lineOf(lineage), known);
    },
    'checkpoints.get': async ({ store, thread, indices, summaries }, { signal }) => {
      windowOf(0, indices.length);
      const open = stores.get(store);
      const lineage = open.lineages.given(thread) ?? (await open.lineages.get(thread, signal));
      const known = indices.filter((i) => Number.isSafeInteger(i) && i >= 0 && i < lineage.count);
      const pace = new Pace(signal);
      const rows: Result<'checkpoints.get'> = [];
      // Details in small groups: each is a few rows of the store.
      for (let at = 0; at < known.length; at += 16) {
        const group = known.slice(at, at + 16);
        const found = open.rows(lineage, group);
        for (const [i, checkpoint] of found.entries()) {
          const index = group[i];
          if (index === undefined) continue;
          rows.push({ index, checkpoint, summary: summaries ? summaryOf(open, checkpoint) : null });
          await pace.breathe();
        }
        await pace.breathe();
      }
      return rows;
    },
  };
}

/** What a checkpoint did to the state of its parent; null where a state cannot be read (the inspector says why). */
function summaryOf(open: OpenStore, checkpoint: Checkpoint): DiffSummary[] | null {
  const name = `=${checkpoint.key}`;
  const known = open.summaries.get(name);
  if (known !== undefined) return [...known];
  try {
    const before = checkpoint.parent === null ? null : open.state(checkpointKey(checkpoint.parent), false);
    const after = open.state(checkpointKey(checkpoint.key), false);
    const summary = summarize(compareStates(before, after));
    open.summaries.set(name, summary, 1);
    return summary;
  } catch (error) {
    if (error instanceof ForkpointError && error.code !== 'internal') return null;
    throw error;
  }
}

function noThread(thread: string): ForkpointError {
  return new ForkpointError('not_found', `There is no thread ${shownName(thread)} in this store.`);
}
