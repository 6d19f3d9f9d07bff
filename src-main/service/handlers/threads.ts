// `threads.*`, `thread.get`, `lineage.get`, `checkpoints.get`: what hangs together how, without any state, except for the summaries.

import type { LineageColumns, Result } from '../../../shared/contract/methods.ts';
import type * as z from 'zod/mini';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Lineage } from '../../../shared/model/lineage.ts';
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

/** Points of a lineage between two reports of progress. */
const reportEvery = 2000;

export function threadHandlers(
  stores: OpenStores,
): HandlersOf<'threads.list' | 'thread.get' | 'lineage.get' | 'checkpoints.get'> {
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
    'lineage.get': async ({ store, thread }, context) => {
      const open = stores.get(store);
      if (open.store.threadSummary(thread) === null) throw noThread(thread);
      let reported = 0;
      const lineage = await open.lineages.get(thread, context.signal, (points) => {
        if (points - reported < reportEvery) return;
        reported = points;
        context.progress('reading the lineage', points, null);
      });
      return { lineage: columns(lineage) };
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

/** The same arrays: they are never changed once a lineage is made, and transports copy them. */
function columns(lineage: Lineage): z.infer<typeof LineageColumns> {
  const { ids, reasons, namespaces, ...rest } = lineage;
  return { ...rest, ids: { ...ids }, reasons: [...reasons], namespaces: [...namespaces] };
}
