// From what a person types to a checkpoint: a key, an id, `head`, `head~3`, or an unambiguous part of an id.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { parseKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { stringAt, type Lineage, type PointIndex } from '../../../shared/model/lineage.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import { drain } from '../../stores/drain.ts';
import type { Store, ThreadSummary } from '../../stores/store.ts';

export function requireThread(store: Store, thread: string): ThreadSummary {
  const summary = store.threadSummary(thread);
  if (summary !== null) return summary;
  throw new ForkpointError(
    'not_found',
    `There is no thread ${shownName(thread)} in ${store.backend.path}; nothing was changed.`,
    'List the threads with `forkpoint threads <store>`; ids are taken exactly as they are written there.',
  );
}

export interface Point {
  readonly lineage: Lineage;
  readonly index: PointIndex;
  readonly key: CheckpointKey;
}

export function pointAt(store: Store, lineage: Lineage, index: PointIndex): Point {
  return { lineage, index, key: store.keyAt(lineage, index) };
}

function none(store: Store, thread: string, text: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `There is no checkpoint ${shownName(text)} in thread ${shownName(thread)} of ${store.backend.path}; nothing was changed.`,
    'See the keys with `forkpoint log <store> <thread> --all-namespaces`.',
  );
}

/** For a thread that its framework cannot load: what is wrong with it, rather than that it has no head. */
function unreadableHead(store: Store, thread: string): ForkpointError | null {
  const { refused } = store.threadDetail(thread);
  if (refused === null) return null;
  return new ForkpointError(
    'corrupt',
    `${refused} Nothing was changed.`,
    'See its points with `forkpoint log`, and the bytes of one with `show <store> <thread> <key> --raw`.',
  );
}

export function noNamespace(lineage: Lineage, namespace: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `Thread ${JSON.stringify(lineage.thread)} has no namespace ${JSON.stringify(namespace)}; nothing was changed.`,
    `Its namespaces: ${lineage.namespaces.map((n) => JSON.stringify(n)).join(', ')}.`,
  );
}

/**
 * Finds a checkpoint, first that fits: a key, the exact id (its last occurrence), `head`, `head~N`, an unambiguous prefix or suffix
 * of an id of at least 6 characters. A key of another thread is followed there. Throws `not_found` or, for an ambiguous part, `usage`.
 */
export function resolvePoint(store: Store, thread: string, text: string, namespace: string | null): Point {
  const asKey = parseKey(text);
  if (asKey !== null && store.threadSummary(asKey.thread) !== null) {
    const lineage = drain(store.lineage(asKey.thread));
    const index = store.indexOf(lineage, text as CheckpointKey);
    if (index >= 0) return pointAt(store, lineage, index);
  }
  requireThread(store, thread);
  const lineage = drain(store.lineage(thread));
  const wanted = namespace ?? '';
  const space = lineage.namespaces.indexOf(wanted);
  if (namespace !== null && space < 0) throw noNamespace(lineage, namespace);
  const inSpace = (i: PointIndex): boolean => (namespace === null ? true : lineage.namespace[i] === space);

  let exact = -1;
  let exactRoot = -1;
  for (let i = 0; i < lineage.count; i++) {
    if (inSpace(i) && stringAt(lineage.ids, i) === text) {
      exact = i;
      if (lineage.namespace[i] === 0) exactRoot = i;
    }
  }
  if (exactRoot >= 0) return pointAt(store, lineage, exactRoot);
  if (exact >= 0) return pointAt(store, lineage, exact);

  const head = /^head(?:~(\d+))?$/.exec(text);
  if (head !== null) {
    let index = lineage.heads[Math.max(space, 0)] ?? -1;
    if (index < 0) throw unreadableHead(store, thread) ?? none(store, thread, text);
    for (let up = Number(head[1] ?? 0); up > 0 && index >= 0; up--) index = lineage.parent[index] ?? -1;
    if (index < 0) throw none(store, thread, text);
    return pointAt(store, lineage, index);
  }

  if (text.length >= 6) {
    const found: PointIndex[] = [];
    for (let i = 0; i < lineage.count; i++) {
      const id = stringAt(lineage.ids, i);
      if (inSpace(i) && (id.startsWith(text) || id.endsWith(text))) found.push(i);
    }
    const first = found[0];
    if (found.length === 1 && first !== undefined) return pointAt(store, lineage, first);
    if (found.length > 1) {
      throw new ForkpointError(
        'usage',
        `${shownName(text)} fits ${found.length} checkpoints of thread ${shownName(thread)}; nothing was changed.`,
        'Give more characters, or the key from `forkpoint log`.',
      );
    }
  }
  throw none(store, thread, text);
}
