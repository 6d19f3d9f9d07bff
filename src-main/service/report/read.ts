// The reading commands of the terminal contract as JSON documents (`docs/cli.md`): threads, log, show, pending, diff.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Checkpoint, Thread } from '../../../shared/model/shapes.ts';
import type { Status } from '../../../shared/model/status.ts';
import { drain } from '../../stores/drain.ts';
import type { PendingView, Store, ThreadSummary } from '../../stores/store.ts';
import type { Cursor } from '../../values/cursor.ts';
import { diffValues, summarize } from '../../values/diff/diff.ts';
import { toPatch } from '../../values/diff/patch.ts';
import { logicalPathOf, pointerOf, resolvePath } from '../../values/path.ts';
import { encodeTagged } from '../../values/tagged.ts';
import { comparable, recordInstead } from '../../analysis/compare.ts';
import { detailOf, joined } from '../thread-list.ts';
import { RawJson } from './json.ts';
import { noNamespace, type Point } from './resolve.ts';

export function fullThread(store: Store, summary: ThreadSummary): Thread {
  return joined(summary, detailOf(store, summary.thread));
}

export interface ThreadFilter {
  readonly search: string | null;
  readonly status: Status | null;
  readonly limit: number | null;
}

/** Newest first; threads without a time last, by id. */
export function threads(store: Store, filter: ThreadFilter): Thread[] {
  const all: ThreadSummary[] = [];
  for (const batch of store.threads()) all.push(...batch);
  all.sort((a, b) => (b.updatedAt ?? '').localeCompare(a.updatedAt ?? '') || (a.thread < b.thread ? -1 : 1));
  const search = filter.search?.toLowerCase() ?? null;
  const found: Thread[] = [];
  for (const summary of all) {
    if (filter.limit !== null && found.length >= filter.limit) break;
    if (search !== null && !summary.thread.toLowerCase().includes(search)) continue;
    const thread = fullThread(store, summary);
    if (filter.status === null || thread.status === filter.status) found.push(thread);
  }
  return found;
}

export function log(store: Store, thread: string, namespace: string | null, allNamespaces: boolean): Checkpoint[] {
  const lineage = drain(store.lineage(thread));
  const space = lineage.namespaces.indexOf(namespace ?? '');
  if (space < 0 && namespace !== null) throw noNamespace(lineage, namespace);
  const indices: number[] = [];
  for (let i = 0; i < lineage.count; i++) if (allNamespaces || lineage.namespace[i] === space) indices.push(i);
  const rows: Checkpoint[] = [];
  for (let from = 0; from < indices.length; from += 200)
    rows.push(...store.checkpoints(lineage, indices.slice(from, from + 200)));
  return rows;
}

const tagged = (cursor: Cursor | null): RawJson | null => (cursor === null ? null : new RawJson(encodeTagged(cursor)));

export function pendingDocument(pending: PendingView): object {
  return {
    status: pending.status,
    next: pending.next,
    tasks: pending.tasks.map((task) => ({
      id: task.id,
      name: task.name,
      error: tagged(task.error),
      interrupts: task.interrupts.map((i) => ({ id: i.id, value: tagged(i.value), schema: tagged(i.schema) })),
      writes: task.writes.map((w) => ({ channel: w.channel, value: tagged(w.value) })),
      argument: tagged(task.argument),
      edited: tagged(task.edited ?? null),
    })),
    resumable: pending.resumable,
    reason: pending.reason,
    resume: pending.resume,
  };
}

function checkpointOf(store: Store, point: Point): Checkpoint {
  const row = store.checkpoints(point.lineage, [point.index])[0];
  if (row === undefined)
    throw new ForkpointError(
      'not_found',
      'The checkpoint went away while it was read; nothing was changed.',
      'Run the command again.',
    );
  return row;
}

export function detail(store: Store, point: Point, applied: boolean): object {
  const state = store.state(point.key, applied);
  return {
    ...checkpointOf(store, point),
    thread: point.lineage.thread,
    metadata: tagged(store.metadata(point.key)),
    state: tagged(state.root),
    provenance: Object.fromEntries(state.provenance),
    notes: state.notes,
    pending: pendingDocument(store.pending(point.key)),
  };
}

/** One value of a state; throws `not_found` if nothing is at the path. */
export function valueAt(store: Store, point: Point, path: string, applied: boolean): Cursor {
  const state = store.state(point.key, applied);
  const found = state.root === null ? null : resolvePath(state.root, path);
  if (found === null) {
    throw new ForkpointError(
      'not_found',
      `Nothing is at ${JSON.stringify(path)} in the state of this checkpoint; nothing was changed.`,
      state.notes[0] ?? 'See the whole state with `forkpoint show` without `--path`.',
    );
  }
  return found;
}

export function rawDocument(store: Store, point: Point): object[] {
  return store.raw(point.key).map((part) => ({
    where: part.where,
    storage: part.storage,
    bytes: part.bytes.length,
    data: Buffer.from(part.bytes).toString('base64'),
  }));
}

/** States to compare: `before` null is the empty state (a root compared with what came before it). */
export function comparedStates(
  store: Store,
  before: Point | null,
  after: Point,
  path: string | null,
): { before: Cursor | null; after: Cursor | null } {
  const at = (point: Point | null): Cursor | null => {
    if (point === null) return null;
    const state = store.state(point.key);
    const root = recordInstead(store, point.key, state) ?? comparable(state);
    return path === null ? root : resolvePath(root, path);
  };
  return { before: at(before), after: at(after) };
}

/** Changes with paths as people write them: logical, or a pointer into the tagged document where no logical path can name the place. */
function namedChanges(store: Store, before: Point | null, after: Point, path: string | null) {
  const states = comparedStates(store, before, after, path);
  const diff = diffValues(states.before, states.after);
  const name = (root: Cursor | null, ordinals: readonly number[] | null): string =>
    root === null || ordinals === null ? '' : (logicalPathOf(root, ordinals) ?? pointerOf(root, ordinals));
  return {
    summary: summarize(diff),
    changes: diff.changes.map((change) => ({
      op: change.op,
      path: change.op === 'remove' ? name(states.before, change.beforePath) : name(states.after, change.afterPath),
      from: change.op === 'move' ? name(states.before, change.beforePath) : undefined,
      before: change.before,
      after: change.after,
    })),
  };
}

export function diffDocument(store: Store, before: Point | null, after: Point, path: string | null): object {
  const { summary, changes } = namedChanges(store, before, after, path);
  return {
    before: before?.key ?? null,
    after: after.key,
    summary,
    changes: changes.map((c) => ({
      op: c.op,
      path: c.path,
      from: c.from,
      before: c.before === null ? undefined : tagged(c.before),
      after: c.after === null ? undefined : tagged(c.after),
    })),
  };
}

/** The same as one-line texts. */
export function diffLines(store: Store, before: Point | null, after: Point, path: string | null) {
  const { summary, changes } = namedChanges(store, before, after, path);
  return {
    summary,
    changes: changes.map((c) => ({
      op: c.op,
      path: c.path,
      from: c.from ?? null,
      before: c.before === null ? null : encodeTagged(c.before),
      after: c.after === null ? null : encodeTagged(c.after),
    })),
  };
}

export function patchText(store: Store, before: Point | null, after: Point, path: string | null): string {
  const states = comparedStates(store, before, after, path);
  return toPatch(diffValues(states.before, states.after));
}

/** One value as tagged JSON text. */
export function valueText(value: Cursor, indent: number): string {
  return encodeTagged(value, { indent });
}
