// Structural difference of two values: equal slices are skipped by comparing bytes, list items go together by `id`, else by content.

import type { DiffSummary } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../cursor.ts';
import { stringKeys } from '../map-keys.ts';
import { sameClass, sameSlice, sameValue } from './equal.ts';
import { matchLists } from './lists.ts';
import type { DiffNode, PairChange, ValueChange, ValueDiff } from './tree.ts';

/** Compares two values; null stands for "nothing there". Reads only what differs. */
export function diffValues(before: Cursor | null, after: Cursor | null): ValueDiff {
  if (before === null || after === null) {
    const changes: ValueChange[] = [];
    if (before === null && after !== null) spread(changes, 'add', after);
    if (after === null && before !== null) spread(changes, 'remove', before);
    return { before, after, node: changes.length === 0 ? null : { kind: 'replace' }, changes };
  }
  return new TreeDiff(before, after, compare(before, after));
}

/** The list is made when it is first asked for: a summary does without, and 100,000 new messages are as many changes. */
class TreeDiff implements ValueDiff {
  readonly before: Cursor;
  readonly after: Cursor;
  readonly node: DiffNode | null;
  #changes: readonly ValueChange[] | null = null;

  constructor(before: Cursor, after: Cursor, node: DiffNode | null) {
    this.before = before;
    this.after = after;
    this.node = node;
  }

  get changes(): readonly ValueChange[] {
    if (this.#changes !== null) return this.#changes;
    const changes: ValueChange[] = [];
    if (this.node !== null) flatten(this.node, this.before, this.after, [], [], changes);
    this.#changes = changes;
    return changes;
  }
}

/** Against nothing, each top-level member is a change of its own; anything but a map is one. */
function spread(changes: ValueChange[], op: 'add' | 'remove', root: Cursor): void {
  const side = (path: number[], value: Cursor): ValueChange =>
    op === 'add'
      ? { op, beforePath: null, afterPath: path, before: null, after: value }
      : { op, beforePath: path, afterPath: null, before: value, after: null };
  if (root.kind !== 'map') changes.push(side([], root));
  else for (let i = 0; i < root.count; i++) changes.push(side([i], root.child(i)));
}

function compare(before: Cursor, after: Cursor): DiffNode | null {
  if (before.encoding === after.encoding && sameSlice(before, after)) return null;
  if (before.kind !== after.kind) return { kind: 'replace' };
  switch (before.kind) {
    case 'map':
      return compareMaps(before, after);
    case 'list':
      return compareLists(before, after);
    case 'object': {
      const short = before.object?.short ?? null;
      const descends = short === null || short === 'set' || short === 'tuple';
      if (!descends || !sameClass(before, after)) return sameValue(before, after) ? null : { kind: 'replace' };
      const inner = compare(before.child(0), after.child(0));
      if (inner === null) return null;
      return inner.kind === 'replace' ? inner : { kind: 'body', inner };
    }
    case 'null':
    case 'boolean':
    case 'integer':
    case 'float':
    case 'string':
    case 'bytes':
    case 'ext':
    case 'opaque':
      return sameValue(before, after) ? null : { kind: 'replace' };
  }
}

function compareMaps(before: Cursor, after: Cursor): DiffNode | null {
  const oldKeys = stringKeys(before);
  const newKeys = stringKeys(after);
  // a map that tagged JSON must spell as pairs has no member that a pointer could name on both sides
  if (oldKeys === null || newKeys === null) return sameValue(before, after) ? null : { kind: 'replace' };
  const places = new Map(oldKeys.map((k, i) => [k, i]));
  const added: number[] = [];
  const changed: PairChange[] = [];
  newKeys.forEach((key, i) => {
    const old = places.get(key);
    if (old === undefined) {
      added.push(i);
      return;
    }
    places.delete(key);
    const node = compare(before.child(old), after.child(i));
    if (node !== null) changed.push({ before: old, after: i, node });
  });
  const removed = [...places.values()];
  return added.length + removed.length + changed.length === 0 ? null : { kind: 'map', removed, added, changed };
}

function compareLists(before: Cursor, after: Cursor): DiffNode | null {
  const match = matchLists(before, after);
  const changed: PairChange[] = [];
  const moved: { before: number; after: number }[] = [];
  for (const pair of match.pairs) {
    if (pair.moved) moved.push({ before: pair.before, after: pair.after });
    if (pair.equal) continue;
    const node = compare(before.child(pair.before), after.child(pair.after));
    if (node !== null) changed.push({ before: pair.before, after: pair.after, node });
  }
  if (match.added.length + match.removed.length + changed.length + moved.length === 0) return null;
  return { kind: 'list', removed: match.removed, added: match.added, moved, changed };
}

function flatten(
  node: DiffNode,
  before: Cursor,
  after: Cursor,
  beforePath: readonly number[],
  afterPath: readonly number[],
  out: ValueChange[],
): void {
  switch (node.kind) {
    case 'replace':
      out.push({ op: 'replace', beforePath, afterPath, before, after });
      return;
    case 'body':
      flatten(node.inner, before.child(0), after.child(0), [...beforePath, 0], [...afterPath, 0], out);
      return;
    case 'map':
    case 'list': {
      for (const i of node.removed)
        out.push({
          op: 'remove',
          beforePath: [...beforePath, i],
          afterPath: null,
          before: before.child(i),
          after: null,
        });
      // the rest in the order of after, so that it reads as the new value does
      const rows: { at: number; write: () => void }[] = [];
      for (const i of node.added) {
        rows.push({
          at: i,
          write: () =>
            out.push({
              op: 'add',
              beforePath: null,
              afterPath: [...afterPath, i],
              before: null,
              after: after.child(i),
            }),
        });
      }
      for (const pair of node.changed) {
        rows.push({
          at: pair.after,
          write: () =>
            flatten(
              pair.node,
              before.child(pair.before),
              after.child(pair.after),
              [...beforePath, pair.before],
              [...afterPath, pair.after],
              out,
            ),
        });
      }
      if (node.kind === 'list') {
        for (const pair of node.moved) {
          rows.push({
            at: pair.after - 0.5,
            write: () =>
              out.push({
                op: 'move',
                beforePath: [...beforePath, pair.before],
                afterPath: [...afterPath, pair.after],
                before: before.child(pair.before),
                after: after.child(pair.after),
              }),
          });
        }
      }
      rows.sort((a, b) => a.at - b.at);
      for (const row of rows) row.write();
    }
  }
}

/** Changes per top-level channel, in the order of after, then what is gone. Counts list items, map members and scalars. */
export function summarize(diff: ValueDiff): DiffSummary[] {
  const { before, after, node } = diff;
  if (node === null) return [];
  const rows: DiffSummary[] = [];
  const whole = (channel: string, value: Cursor, side: 'added' | 'removed'): void => {
    rows.push({ channel, added: 0, removed: 0, changed: 0, [side]: Math.max(1, sizeOf(value)) });
  };
  if (before === null || after === null) {
    const root = after ?? before;
    if (root === null) return [];
    const side = before === null ? 'added' : 'removed';
    if (root.kind !== 'map') whole('', root, side);
    else for (let i = 0; i < root.count; i++) whole(keyText(root, i), root.child(i), side);
    return rows;
  }
  if (node.kind !== 'map') return [{ channel: '', ...countsOf(node, before, after) }];
  const inOrder = [
    ...node.added.map((i) => ({ at: i, row: (): void => whole(keyText(after, i), after.child(i), 'added') })),
    ...node.changed.map((c) => ({
      at: c.after,
      row: (): void => {
        rows.push({
          channel: keyText(after, c.after),
          ...countsOf(c.node, before.child(c.before), after.child(c.after)),
        });
      },
    })),
  ].sort((a, b) => a.at - b.at);
  for (const { row } of inOrder) row();
  for (const i of node.removed) whole(keyText(before, i), before.child(i), 'removed');
  return rows;
}

/** Channels that are the same on both sides. */
export function equalChannels(diff: ValueDiff): number {
  const { after, node } = diff;
  if (after === null || after.kind !== 'map') return 0;
  if (node === null) return after.count;
  return node.kind === 'map' ? after.count - node.added.length - node.changed.length : 0;
}

function keyText(map: Cursor, ordinal: number): string {
  const key = map.key(ordinal);
  return key.kind === 'string' && key.isUnicode() ? key.text() : `key ${ordinal}`;
}

function sizeOf(value: Cursor): number {
  let at = value;
  while (at.kind === 'object') at = at.child(0);
  return at.kind === 'list' ? at.count : 1;
}

function countsOf(node: DiffNode, before: Cursor, after: Cursor): Omit<DiffSummary, 'channel'> {
  switch (node.kind) {
    case 'body':
      return countsOf(node.inner, before.child(0), after.child(0));
    case 'replace':
      return { added: 0, removed: 0, changed: 1 };
    case 'map':
      return { added: node.added.length, removed: node.removed.length, changed: node.changed.length };
    case 'list': {
      const touched = new Set([...node.changed.map((c) => c.after), ...node.moved.map((c) => c.after)]);
      return { added: node.added.length, removed: node.removed.length, changed: touched.size };
    }
  }
}
